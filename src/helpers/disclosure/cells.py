"""Cells and sums: what a reader can work out of what is hidden, and what must be hidden so that they can't.

A published table is a set of counts and of sums that hold between them. What a reader can work out of a
hidden count are its least and its largest value over all tables that agree with what is published. Each is
the solution of a small integer program (HiGHS, through scipy). Source of the definition: Willenborg, L. and
de Waal, T. (2001), Elements of Statistical Disclosure Control, chapter 8, secondary cell suppression.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, hstack
from scipy.sparse.csgraph import connected_components
from tqdm import tqdm

from helpers.disclosure.profiles import Profile
from helpers.disclosure.rounding import could_be

# A cell is named by what it holds: {("region", "North"), ("sex", "girl")}; its total lacks one of the pairs.
Key = frozenset[tuple[str, object]]

Limits = tuple[np.ndarray, np.ndarray]  # the least and the largest value of each cell

# To hide a total is the last resort: it is often known from elsewhere.
_COST_OF_A_TOTAL = 1000


@dataclass(frozen=True)
class Cells:
    """Counts with the sums between them: `sums` @ `counts` is zero."""

    keys: list[Key]
    counts: np.ndarray  # float; missing where a published count is hidden
    sums: csr_array  # (sums, cells): 1 at the total, -1 at its parts
    inner: np.ndarray  # bool: neither a row's nor a column's total in any table


def assemble(values: dict[Key, float], sums: Iterable[tuple[Key, list[Key]]]) -> Cells:
    """Return cells and sums in the form the integer programs take."""
    keys = list(values)
    at = {key: position for position, key in enumerate(keys)}
    rows, columns, signs, totals = [], [], [], set()
    for number, (total, parts) in enumerate(sums):
        totals.add(total)
        rows += [number] * (len(parts) + 1)
        columns += [at[total], *(at[part] for part in parts)]
        signs += [1.0, *[-1.0] * len(parts)]
    shape = (max(rows) + 1, len(keys))
    inner = np.array([key not in totals for key in keys])
    return Cells(keys, np.array(list(values.values()), dtype=float),
                 csr_array((signs, (rows, columns)), shape=shape), inner)  # fmt: skip


def known(shown: np.ndarray, hidden: np.ndarray, rule: Profile, rounding: str) -> Limits:
    """Return between which counts a reader knows each cell to be who knows the rule but does no sums."""
    lowest = 1 if rule.zeros else 0
    low, high = shown.copy(), shown.copy()
    if rule.round_to:
        low, high = could_be(shown, rule.round_to, rounding)
        # Small counts are hidden, so what is shown is at least the threshold, or a zero that may be shown.
        low = np.where((shown > 0) | (not rule.zeros), np.maximum(low, rule.min_cell), low)
        high = np.where((shown == 0) & rule.zeros & (high < rule.min_cell), 0, high)
        high = np.maximum(low, high)
    return np.where(hidden, lowest, low), np.where(hidden, _most(shown, rule), high)


def _most(shown: np.ndarray, rule: Profile) -> float:
    """Return what stands for no limit."""
    return 10 * (np.nansum(shown) + rule.min_cell + 100)


def bounds(
    cells: Cells, shown: np.ndarray, hidden: np.ndarray, rule: Profile, rounding: str, which: np.ndarray,
    progress: bool = False,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Return the least and the largest value of the cells at the positions `which` that a reader works out.

    Returns
    -------
    (array of float, array of float)
        A largest value without limit is infinite.

    Raises
    ------
    ValueError
        When no table agrees with what is shown: its sums don't hold.
    """
    low, high = known(shown, hidden, rule, rounding)
    found = np.empty((len(which), 2))
    parts = _pieces(cells, low, high)
    for place, cell in enumerate(tqdm(which, desc="Auditing hidden cells", disable=not progress)):
        for side, sign in enumerate((1, -1)):
            members, table = _extreme(parts, low, high, cell, sign)
            found[place, side] = table[members == cell][0]
    # Where even the grand total is hidden, the stand-in for "no limit" is shared among the cells.
    largest = np.where(found[:, 1] >= _most(shown, rule) / 2, np.inf, found[:, 1])
    return found[:, 0], largest


def _pieces(
    cells: Cells, low: np.ndarray, high: np.ndarray
) -> dict[int, tuple[np.ndarray, csr_array, np.ndarray]]:
    """Return for each open cell the cells it hangs together with, their sums and what the fixed parts add.

    A cell that is known exactly carries no news from one sum to another, so each piece is a small problem.
    """
    fixed = low == high
    if not np.allclose((cells.sums[:, fixed] @ low[fixed])[_closed(cells, fixed)], 0):
        raise ValueError("What is shown does not add up to its totals, so it can't be audited.")
    open_cells = np.flatnonzero(~fixed)
    sums = cells.sums[:, open_cells]
    rest = -(cells.sums[:, fixed] @ low[fixed])
    _, label = connected_components(abs(sums).T @ abs(sums), directed=False)
    pieces = {}
    for number in np.unique(label):
        members = np.flatnonzero(label == number)
        rows = np.unique(sums[:, members].tocoo().coords[0])
        piece = (open_cells[members], sums[rows][:, members], rest[rows])
        pieces |= dict.fromkeys(open_cells[members].tolist(), piece)
    return pieces


def _closed(cells: Cells, fixed: np.ndarray) -> np.ndarray:
    """Return which sums hold fixed cells only."""
    return abs(cells.sums[:, ~fixed]).sum(axis=1) == 0


def _extreme(pieces: dict, low: np.ndarray, high: np.ndarray, cell: int, sign: int) -> Limits:
    """Return a table in which `cell` is as low (sign 1) or high (-1) as can be: cells and values."""
    if cell not in pieces:
        return np.array([cell]), low[[cell]]
    members, sums, rest = pieces[cell]
    goal = np.where(members == cell, float(sign), 0.0)
    best = _solve(goal, sums, rest, low[members], high[members])
    if best is None:
        raise ValueError("What is shown does not add up to its totals, so it can't be audited.")
    return members, best


def hide_more(
    cells: Cells, shown: np.ndarray, small: np.ndarray, rule: Profile, rounding: str, progress: bool = False
) -> np.ndarray:
    """Hide as many more cells as keep the small ones from being worked out closer than the rule tells.

    For each small cell, the cheapest way is sought in which the table could differ so that this cell is as
    low, and as high, as the rule allows; every cell that would have to differ is hidden. What is already
    hidden, and what rounding leaves open, costs nothing.

    Parameters
    ----------
    shown : array of float
        What would be shown if nothing were hidden: the values, rounded where the rule rounds.
    small : array of bool
        The cells that the rule hides.

    Returns
    -------
    array of bool
        All cells to hide.
    """
    hidden = small.copy()
    lowest, top = allowed(cells, cells.counts == 0, rule)
    order = np.flatnonzero(small)
    order = order[np.argsort(cells.counts[order], kind="stable")]
    pieces = _pieces(cells, *(limits := known(shown, hidden, rule, rounding)))
    # The span of each cell over all tables met so far; any of them could be the true one.
    span = np.array([cells.counts, cells.counts])
    for cell in tqdm(order, desc="Protecting small cells", disable=not progress):
        for sign, goal in ((-1, top[cell]), (1, lowest[cell])):
            if span[0, cell] <= goal <= span[1, cell]:
                continue
            members, table = _extreme(pieces, *limits, cell, sign)
            _widen(span, members, table)
            if not span[0, cell] <= goal <= span[1, cell]:
                move = _moved(cells, limits, hidden, rule, cell, goal - cells.counts[cell])
                _widen(span, np.arange(len(move)), cells.counts + move)
                hidden |= (move != 0) & (
                    (cells.counts + move < limits[0]) | (cells.counts + move > limits[1])
                )
                pieces = _pieces(cells, *(limits := known(shown, hidden, rule, rounding)))
    return hidden


def _widen(span: np.ndarray, members: np.ndarray, table: np.ndarray) -> None:
    span[0, members] = np.minimum(span[0, members], table)
    span[1, members] = np.maximum(span[1, members], table)


def allowed(cells: Cells, zero: np.ndarray, rule: Profile) -> Limits:
    """Return the interval in which the rule leaves each cell, were it small: what a reader may know of it.

    Where zeros are shown, whoever sees which cells are zero (`zero`) knows the others to be at least 1, and a
    total to be at least as many as its parts that are not zero.
    """
    least = np.where(zero, 0.0, 1.0 if rule.zeros else 0.0)
    sums = cells.sums.tocoo()
    for number in range(cells.sums.shape[0]):  # totals of rows and columns stand before the grand total
        of = sums.coords[0] == number
        total, parts = sums.coords[1][of & (sums.data > 0)], sums.coords[1][of & (sums.data < 0)]
        least[total] = np.maximum(least[total], least[parts].sum())
    # A rule that hides a single value would tell it: leave at least two.
    return least, np.maximum(rule.min_cell - 1, least + 1)


def _moved(
    cells: Cells,
    limits: tuple[np.ndarray, np.ndarray],
    hidden: np.ndarray,
    rule: Profile,
    cell: int,
    move: float,
) -> np.ndarray:
    """Return the cheapest moves of all cells, by number, with which `cell` can move by `move`."""
    lowest = 1 if rule.zeros else 0
    values, many = cells.counts, len(cells.counts)
    low, high = limits
    free_low, free_high = np.minimum(low - values, 0), np.maximum(high - values, 0)
    free_low[cell] = free_high[cell] = move
    # A zero that is shown may not be hidden: a reader takes a hidden cell to hold someone.
    may = ~hidden & (values >= lowest)
    down = np.where(may, values - lowest, 0)
    up = np.where(may, abs(move) + (rule.round_to or 0), 0)
    price = np.log1p(values) * np.where(cells.inner, 1, _COST_OF_A_TOTAL)
    best = _solve(
        np.concatenate([np.zeros(many), price, price]),
        hstack([cells.sums, cells.sums, -cells.sums], format="csr"),
        np.zeros(cells.sums.shape[0]),
        np.concatenate([free_low, np.zeros(2 * many)]),
        np.concatenate([free_high, up, down]),
    )
    if best is None:
        raise ValueError(
            "Where zeros are shown, these tables can't be protected by suppression: join categories, or take "
            "a rule that does not show zeros."
        )
    return best[:many] + best[many : 2 * many] - best[2 * many :]


def _solve(
    goal: np.ndarray, sums: csr_array, rest: np.ndarray, low: np.ndarray, high: np.ndarray
) -> np.ndarray | None:
    """Return whole numbers within limits that keep the sums and make the goal least, or None.

    In a two-way table the linear program has whole numbers as its solution already; linked tables may need
    the integer program.
    """
    for whole in (0, 1):
        result = milp(goal, constraints=LinearConstraint(sums, rest, rest), bounds=Bounds(low, high),
                      integrality=np.full(len(goal), whole))  # fmt: skip
        if result.x is None:
            return None
        nearest = np.rint(result.x)
        if np.allclose(result.x, nearest, rtol=0, atol=1e-4):
            return nearest
    return nearest
