"""What may leave: small counts are suppressed, margins reveal nothing, counts may be rounded.

`suppress` serves one-way tables as the notebooks show them, `suppress_table` two-way tables with totals.

None of this replaces the output checker of a secure environment, who sees what this code can't: other tables
that are already out.
"""

from helpers.disclosure.oneway import reshare, suppress, suppress_as
from helpers.disclosure.profiles import PROFILES, Profile, profile, profiles
from helpers.disclosure.tables import recoverable, suppress_table, suppress_tables

__all__ = [
    "PROFILES", "Profile", "profile", "profiles", "recoverable", "reshare", "suppress", "suppress_as",
    "suppress_table", "suppress_tables",
]  # fmt: skip
