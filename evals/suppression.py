"""Statistical disclosure control for counts that add up: small ones are hidden, and as many more as sums would give away.

Complementary suppression of the smallest neighbour (Hundepool et al. 2012, Statistical Disclosure Control, ch. 4), then an audit
that looks for another table which shows the same: whole numbers, all sums kept, every label true. A cell that has one value in
all of them is given away, and one more is hidden. Pure.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

import numpy as np

Shown = int | str
FEW, HIDDEN = "<5", "ẩn"
SMALLEST = 5
_ROOM = 8  # how far above its count another value is looked for; a smaller room hides more, never less
_DRAWS = 6

Key = TypeVar("Key", bound=Hashable)


def protected(counts: Mapping[Key, int], relations: Sequence[tuple[Key, ...]]) -> dict[Key, Shown]:
    """Return what may be shown of each count; a relation is a total and the parts that add up to it.

    Where a label itself would tell (1 + 1 + 1 + 1 under a total of "<5"), a small count is shown as "ẩn", too.
    """
    lowest = {key: 1 for key, n in counts.items() if 0 < n < SMALLEST}
    labels = dict.fromkeys(lowest, FEW)
    while True:
        _complement(counts, relations, labels, lowest)
        given_away = _given_away(counts, relations, labels, lowest)
        if not given_away or not _hide_more(counts, relations, labels, lowest, given_away):
            return {key: labels.get(key, n) for key, n in counts.items()}


def _complement(
    counts: Mapping[Key, int], relations: Sequence[tuple[Key, ...]], labels: dict[Key, str], lowest: dict[Key, int]
) -> None:
    """Hide the smallest other cell of every sum with a single hidden one, parts before the total, until there is none."""
    changed = True
    while changed:
        changed = False
        for relation in relations:
            if sum(key in labels for key in relation) == 1:
                changed |= _hide(_smallest(counts, relation, labels), labels, lowest)


def _smallest(counts: Mapping[Key, int], relation: Sequence[Key], labels: Mapping[Key, str]) -> Key | None:
    total, *parts = relation
    shown = [key for key in parts if key not in labels and counts[key]]
    return (
        min(shown, key=lambda key: counts[key]) if shown else total if total not in labels and counts[total] else None
    )


def _hide(key: Key | None, labels: dict[Key, str], lowest: dict[Key, int]) -> bool:
    if key is not None:
        labels[key], lowest[key] = HIDDEN, SMALLEST
    return key is not None


def _hide_more(
    counts: Mapping[Key, int], relations: Sequence[tuple[Key, ...]], labels: dict[Key, str], lowest: dict[Key, int],
    given_away: set[Key],
) -> bool:  # fmt: skip
    """Hide one more cell beside each that is given away, or one further off, or take a telling "<5" away."""
    beside = [relation for relation in relations if not given_away.isdisjoint(relation)]
    near = [relation for relation in relations if any(key in labels for key in relation)]
    touched: set[Key] = set()
    for relation in beside:
        if touched.isdisjoint(relation) and _hide(_smallest(counts, relation, labels), labels, lowest):
            touched.update(relation)
    if touched:
        return True
    small = [key for relation in beside for key in relation if labels.get(key) == FEW]
    if not small and any(_hide(_smallest(counts, relation, labels), labels, lowest) for relation in near):
        return True
    small = small or [key for key, label in labels.items() if label == FEW]
    if small:
        labels[max(small, key=lambda key: counts[key])] = HIDDEN
    return bool(small)


def _given_away(
    counts: Mapping[Key, int], relations: Sequence[tuple[Key, ...]], labels: Mapping[Key, str], lowest: Mapping[Key, int]
) -> set[Key]:  # fmt: skip
    """Return the hidden cells that have the same value in every table that shows the same."""
    keys = list(labels)
    if not keys:
        return set()
    system = _System(keys, counts, relations, labels, lowest)
    moved = np.zeros(len(keys), dtype=bool)
    random = np.random.default_rng(0)
    for _ in range(_DRAWS):
        weights = random.choice([-1.0, 1.0], len(keys))
        moved |= system.differs(weights) | system.differs(-weights)
    for at in range(len(keys)):
        if not moved[at]:
            weights = np.eye(len(keys))[at]
            moved |= system.differs(weights)
            moved |= False if moved[at] else system.differs(-weights)
    return {key for key, differs in zip(keys, moved, strict=True) if not differs}


class _System:
    """The whole-number tables that show the same as the true one."""

    def __init__(
        self, keys: Sequence[Key], counts: Mapping[Key, int], relations: Iterable[tuple[Key, ...]],
        labels: Mapping[Key, str], lowest: Mapping[Key, int],
    ) -> None:  # fmt: skip
        from scipy.optimize import Bounds, LinearConstraint
        from scipy.sparse import lil_array

        at = {key: n for n, key in enumerate(keys)}
        rows = [relation for relation in relations if any(key in at for key in relation)]
        matrix = lil_array((max(1, len(rows)), len(keys)))
        for row, (total, *parts) in enumerate(rows):
            for key, sign in ((total, -1), *((part, 1) for part in parts)):
                if key in at:
                    matrix[row, at[key]] = sign
        self._true = np.array([counts[key] for key in keys], dtype=float)
        highest = [SMALLEST - 1 if labels[key] == FEW else counts[key] + _ROOM for key in keys]
        self._bounds = Bounds(np.array([lowest[key] for key in keys]), np.array(highest))  # pyright: ignore[reportArgumentType]
        matrix = matrix.tocsr()
        self._sums = LinearConstraint(matrix, matrix @ self._true, matrix @ self._true)

    def differs(self, weights: np.ndarray) -> np.ndarray:
        """Return which cells differ from the truth in the table with the least weighted sum."""
        from scipy.optimize import milp

        found = milp(weights, constraints=self._sums, bounds=self._bounds, integrality=np.ones(len(weights)))
        return np.zeros(len(weights), dtype=bool) if found.x is None else np.abs(found.x - self._true) > 0.5
