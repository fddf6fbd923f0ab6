"""What may leave: small counts are suppressed, margins reveal nothing, counts may be rounded.

- `suppress` serves one-way tables as the notebooks show them; `suppress_table` two-way tables with totals,
  and `suppress_tables` several that share totals. `recoverable` says what a reader can work out all the same.
- `safe_curve` and `safe_classes` make survival curves and latent classes safe; `check_...` judge every kind
  of output in one tidy form.
- `acro_...` run what is made from records through ACRO.
- `bundle` writes what an output checker asks for; `verify` checks it again.

None of this replaces the output checker of a secure environment, who sees what this code can't: other tables
that are already out.
"""

from helpers.disclosure.curves import check_curve, safe_curve
from helpers.disclosure.models import check_classes, check_cox, safe_classes
from helpers.disclosure.oneway import reshare, suppress, suppress_as
from helpers.disclosure.profiles import PROFILES, Profile, profile, profiles
from helpers.disclosure.release import NotSafe, Output, bundle, verify
from helpers.disclosure.tables import recoverable, suppress_table, suppress_tables, table_shares
from helpers.disclosure.verdicts import check_counts, check_groups, check_quantiles, check_regression
from helpers.disclosure.with_acro import (
    acro_crosstab,
    acro_histogram,
    acro_pivot,
    acro_regression,
    acro_session,
    acro_survival,
)

__all__ = [
    "PROFILES", "NotSafe", "Output", "Profile", "acro_crosstab", "acro_histogram", "acro_pivot",
    "acro_regression", "acro_session", "acro_survival", "bundle", "check_classes", "check_counts",
    "check_cox", "check_curve", "check_groups", "check_quantiles", "check_regression", "profile", "profiles",
    "recoverable", "reshare", "safe_classes", "safe_curve", "suppress", "suppress_as", "suppress_table",
    "suppress_tables", "table_shares", "verify",
]  # fmt: skip
