"""Does it decline when it should, and is its confidence worth anything? Pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_BINS = 10


@dataclass(frozen=True, slots=True)
class Declining:
    """Precision, recall and F1 of declining; the share of answerable questions declined, of unanswerable ones answered.

    A figure whose denominator is empty is None.
    """

    precision: float | None
    recall: float | None
    f1: float | None
    over_refusal: float | None
    unsafe_answers: float | None


def declining(should: Sequence[bool], did: Sequence[bool]) -> Declining:
    """Score declining as a detection task (Trust-Score, Song et al. 2025, arXiv 2409.11242)."""
    hit = sum(s and d for s, d in zip(should, did, strict=True))
    wrong = sum(d and not s for s, d in zip(should, did, strict=True))
    missed = sum(s and not d for s, d in zip(should, did, strict=True))
    precision = hit / (hit + wrong) if hit + wrong else None
    recall = hit / (hit + missed) if hit + missed else None
    f1 = 2 * hit / (2 * hit + wrong + missed) if hit + wrong + missed else None
    answerable = len(should) - sum(should)
    return Declining(
        precision, recall, f1, wrong / answerable if answerable else None, missed / sum(should) if any(should) else None
    )


def risk_coverage(confidence: Sequence[float], right: Sequence[bool]) -> list[tuple[float, float]]:
    """Return (coverage, selective risk) when the k surest are answered, k = 1 … n (El-Yaniv & Wiener 2010).

    Equally sure items are interchangeable: within a tie errors count at their mean rate. Confidences 0.9, 0.8, 0.7 with
    the second wrong → risks 0, 1/2, 1/3.
    """
    scores, wrong = np.asarray(confidence, dtype=float), 1.0 - np.asarray(right, dtype=float)
    for score in np.unique(scores):
        tie = scores == score
        wrong[tie] = wrong[tie].mean()
    order = np.argsort(-scores, kind="stable")
    counts = np.arange(1, len(scores) + 1)
    risks = np.cumsum(wrong[order]) / counts
    return [(float(k / len(scores)), float(risk)) for k, risk in zip(counts, risks, strict=True)]


def aurc(curve: Sequence[tuple[float, float]]) -> float:
    """Return the area under the risk–coverage curve: the mean selective risk over all coverages (Geifman et al. 2019)."""
    return float(np.mean([risk for _, risk in curve]))


@dataclass(frozen=True, slots=True)
class Bin:
    """One bin of a reliability diagram: how sure, how often right, how many."""

    confidence: float
    right: float
    n: int


def reliability(confidence: Sequence[float], right: Sequence[bool]) -> list[Bin]:
    """Return the filled ones of ten bins of equal width."""
    scores, correct = np.asarray(confidence, dtype=float), np.asarray(right, dtype=float)
    rows = np.minimum((scores * _BINS).astype(int), _BINS - 1)
    return [
        Bin(float(scores[rows == n].mean()), float(correct[rows == n].mean()), int(np.sum(rows == n)))
        for n in range(_BINS)
        if np.any(rows == n)
    ]


def calibration_error(bins: Sequence[Bin]) -> float:
    """Return ECE = Σ n_b/n · |confidence_b − right_b| (Naeini et al. 2015; Guo et al. 2017)."""
    total = sum(b.n for b in bins)
    return sum(b.n / total * abs(b.confidence - b.right) for b in bins)
