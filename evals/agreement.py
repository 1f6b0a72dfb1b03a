"""How far reviewers agree: Cohen's κ of each two of them and of all, from answers that both reviewed blindly. Pure functions.

It says how repeatable the verdicts are, not whether they are right.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from evals.statistics import Kappa, cohen_kappa

# With 20 items the interval of κ around 0.6 is about ±0.27 wide (share agreed 0.7, by chance 0.25); with 10 it is ±0.38, which
# tells poor from good agreement no more.
MIN_ITEMS = 20

Pair = tuple[str, Hashable, str, Hashable]


@dataclass(frozen=True, slots=True)
class Agreement:
    """κ of two reviewers (`names`; empty: of all) over `n` answers, or the reason why it is not scored: "few" or "one-label"."""

    names: tuple[str, ...]
    n: int
    same: int
    kappa: Kappa | None
    unscored: str = ""


def agreement(pairs: Iterable[Pair]) -> tuple[Agreement, list[Agreement]]:
    """Return the agreement of all pairs together, first reviewers against second ones, and that of each two people.

    `pairs` are (first reviewer, verdict, second reviewer, verdict); who was first does not matter for two people.
    """
    pairs = list(pairs)
    rows: dict[tuple[str, str], list[tuple[Hashable, Hashable]]] = defaultdict(list)
    for one, said, other, answered in pairs:
        key, labels = ((one, other), (said, answered)) if one < other else ((other, one), (answered, said))
        rows[key].append(labels)
    overall = _agreement((), [(said, answered) for _, said, _, answered in pairs])
    return overall, [_agreement(names, labels) for names, labels in sorted(rows.items())]


def _agreement(names: tuple[str, ...], labels: list[tuple[Hashable, Hashable]]) -> Agreement:
    same = sum(one == other for one, other in labels)
    if len(labels) < MIN_ITEMS:
        return Agreement(names, len(labels), same, None, "few")
    if len({label for row in labels for label in row}) == 1:
        return Agreement(names, len(labels), same, None, "one-label")
    return Agreement(names, len(labels), same, cohen_kappa(*zip(*labels, strict=True)))
