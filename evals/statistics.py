"""Intervals, paired tests and agreement: what lets a number be trusted. Pure functions on arrays, seeded.

Cases about one procedure resemble each other, so whole clusters of cases are resampled, not single ones
(Miller 2024, arXiv 2411.00640). Defaults: 95 % intervals, two-sided tests.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

ROUNDS = 10_000
_Z = 1.959964
_POWER = (1.959964 + 0.841621) ** 2  # two-sided 5 %, power 80 %


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % confidence interval."""

    low: float
    high: float


def wilson(successes: int, n: int) -> Interval:
    """Return Wilson's score interval of a rate (Wilson 1927); n must be positive. 9 of 10 → [0.596, 0.982]."""
    rate, z2 = successes / n, _Z**2
    centre = (rate + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z * math.sqrt(rate * (1 - rate) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return Interval(max(0.0, centre - half), min(1.0, centre + half))


def share_line(found: int, n: int) -> str:
    """Return a share with its 95 % interval and its size for a terminal: "0.9953 [0.9891, 0.9980] of 1068"."""
    interval = wilson(found, n)
    return f"{found / n:.4f} [{interval.low:.4f}, {interval.high:.4f}] of {n:4}"


def bootstrap_means(
    values: Sequence[float], clusters: Sequence[Hashable], seed: int, rounds: int = ROUNDS
) -> np.ndarray:
    """Return `rounds` means of `values`, each over clusters drawn with replacement (Efron & Tibshirani 1993, ch. 6).

    With one value a cluster this is the ordinary bootstrap of the mean.
    """
    sums, sizes = _by_cluster(values, clusters)
    drawn = np.random.default_rng(seed).multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size=rounds)
    return (drawn @ sums) / (drawn @ sizes)


def mean_interval(
    values: Sequence[float], clusters: Sequence[Hashable], seed: int = 0, rounds: int = ROUNDS
) -> Interval:
    """Return the percentile interval of the mean from a cluster bootstrap; `values` must not be empty."""
    low, high = np.percentile(bootstrap_means(values, clusters, seed, rounds), [2.5, 97.5])
    return Interval(float(low), float(high))


def sign_flip_p(
    differences: Sequence[float], clusters: Sequence[Hashable], seed: int = 0, rounds: int = ROUNDS
) -> float:
    """Return the two-sided p-value of Fisher's randomisation test for paired differences (Fisher 1935, § 21).

    Under the null a cluster's differences are as likely with the other sign. All 2^C assignments are tried when
    there are at most `rounds` of them, otherwise that many are drawn and p = (b + 1) / (rounds + 1)
    (Phipson & Smyth 2010). All differences zero → 1.
    """
    sums, _ = _by_cluster(differences, clusters)
    sums = sums[sums != 0]
    if len(sums) == 0:
        return 1.0
    seen = abs(sums.sum()) - 1e-9
    if exact := 2 ** len(sums) <= max(rounds, 2**15):
        signs = ((np.arange(2 ** len(sums))[:, np.newaxis] >> np.arange(len(sums))) & 1) * 2 - 1
    else:
        signs = np.random.default_rng(seed).integers(0, 2, size=(rounds, len(sums))) * 2 - 1
    as_large = int(np.sum(np.abs(signs @ sums) >= seen))
    return as_large / len(signs) if exact else (as_large + 1) / (rounds + 1)


def mcnemar_p(won: int, lost: int) -> float:
    """Return the exact two-sided p-value that as many pass/fail pairs are won as lost (McNemar 1947, binomial)."""
    n = won + lost
    tail = sum(math.comb(n, k) for k in range(min(won, lost) + 1)) / 2**n
    return min(1.0, 2 * tail)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return Holm's adjusted p-values, in the order given (Holm 1979): 0.01, 0.04, 0.03, 0.005 → 0.03, 0.06, 0.06, 0.02."""
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, at in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[at]))
        adjusted[at] = highest
    return adjusted


def cases_needed(differences: Sequence[float], clusters: Sequence[Hashable], distance: float) -> int:
    """Return about how many more cases would tell the mean difference from one that is `distance` away.

    N = (z₀.₉₇₅ + z₀.₈)² · σ² / distance², σ² from the spread between clusters, less the cases at hand.
    """
    sums, sizes = _by_cluster(differences, clusters)
    if len(sums) < 2 or distance <= 0:
        return len(differences)
    spread = sums - sizes * np.mean(differences)
    variance = float(np.sum(spread**2)) * len(sums) / (len(sums) - 1) / len(differences)
    return max(0, math.ceil(_POWER * variance / distance**2) - len(differences))


@dataclass(frozen=True, slots=True)
class Kappa:
    """Agreement of two raters beyond chance with its interval; `agreement` is the plain share."""

    value: float
    interval: Interval
    agreement: float
    n: int


def cohen_kappa(one: Sequence[Hashable], other: Sequence[Hashable]) -> Kappa:
    """Return Cohen's κ = (p₀ − pₑ) / (1 − pₑ) (Cohen 1960) with the asymptotic interval of Fleiss, Cohen & Everitt (1969).

    Both always the same single label → κ is undefined; it is returned as 1 when they agree.
    """
    table = _confusion(one, other)
    p0, rows, columns = float(np.trace(table)), table.sum(axis=1), table.sum(axis=0)
    pe = float(rows @ columns)
    n = len(one)
    if pe == 1:
        return Kappa(1.0, Interval(1.0, 1.0), p0, n)
    kappa = (p0 - pe) / (1 - pe)
    sums = rows[np.newaxis, :] + columns[:, np.newaxis]  # [i, j]: column i and row j, as in the formula
    diagonal = float(np.sum(np.diag(table) * (1 - (rows + columns) * (1 - kappa)) ** 2))
    off = float(np.sum((table - np.diag(np.diag(table))) * sums**2)) * (1 - kappa) ** 2
    error = math.sqrt(max(0.0, diagonal + off - (kappa - pe * (1 - kappa)) ** 2) / n) / (1 - pe)
    return Kappa(kappa, Interval(max(-1.0, kappa - _Z * error), min(1.0, kappa + _Z * error)), p0, n)


def gwet_ac1(one: Sequence[Hashable], other: Sequence[Hashable]) -> float:
    """Return Gwet's AC1 (Gwet 2008), which stays sensible when nearly all items have one label."""
    table = _confusion(one, other)
    if len(table) < 2:
        return 1.0
    share = (table.sum(axis=0) + table.sum(axis=1)) / 2
    chance = float(np.sum(share * (1 - share))) / (len(table) - 1)
    return (float(np.trace(table)) - chance) / (1 - chance)


def krippendorff_alpha(ratings: Sequence[Sequence[Hashable | None]]) -> float:
    """Return Krippendorff's α for nominal labels, α = 1 − Dₒ/Dₑ (Krippendorff 2011); rows are raters, None is missing.

    Raises ValueError when no unit has two ratings.
    """
    units = [[label for label in column if label is not None] for column in zip(*ratings, strict=True)]
    units = [unit for unit in units if len(unit) > 1]
    if not units:
        raise ValueError("no unit was rated twice")
    labels = list(dict.fromkeys(label for unit in units for label in unit))
    together = np.zeros((len(labels), len(labels)))
    for unit in units:
        counts = np.array([unit.count(label) for label in labels], dtype=float)
        together += (np.outer(counts, counts) - np.diag(counts)) / (len(unit) - 1)
    totals = together.sum(axis=0)
    n = totals.sum()
    expected = (n**2 - float(np.sum(totals**2))) / (n - 1)
    return 1 - (n - float(np.trace(together))) / expected if expected else 1.0


def _by_cluster(values: Sequence[float], clusters: Sequence[Hashable]) -> tuple[np.ndarray, np.ndarray]:
    """Return the sum and the size of every cluster, each of shape (clusters,)."""
    names = {name: n for n, name in enumerate(dict.fromkeys(clusters))}
    rows = np.array([names[name] for name in clusters])
    sizes = np.bincount(rows).astype(float)
    return np.bincount(rows, weights=np.asarray(values, dtype=float)), sizes


def _confusion(one: Sequence[Hashable], other: Sequence[Hashable]) -> np.ndarray:
    """Return the shares of label pairs, shape (labels, labels)."""
    labels = {label: n for n, label in enumerate(dict.fromkeys([*one, *other]))}
    table = np.zeros((len(labels), len(labels)))
    for a, b in zip(one, other, strict=True):
        table[labels[a], labels[b]] += 1
    return table / len(one)
