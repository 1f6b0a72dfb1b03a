"""Gaps: questions that the program could not answer, grouped into guides that nobody has written yet.

Average linkage on the cosine distance of their vectors (Sokal & Michener 1958): a question joins a group when it resembles the
whole of it, not one member. Pure but for what `encode` does; memory grows with the square of the different wordings (8 MB for
2,000), so the caller picks the period.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from rag.text import clean, fold, syllables

Encode = Callable[[Sequence[str]], np.ndarray]
Nearest = Callable[[Sequence[str]], Sequence[tuple[str, float] | None]]

# `python -m evals.bench_gaps`: F1 over pairs is best from 0.65 to 0.7; of these the purer, as a mixed gap misleads more than a split one.
THRESHOLD = 0.65
_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A masked question without an answer, its day, and whose it is (any id that stays the same for a visit), if known."""

    question: str
    day: date
    visitor: str | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """What people ask for and no guide says.

    `name` is the most central question; `count` is how many asked, of whom one who repeats the same words is one; `guide` is the
    id of the guide that comes nearest, with its `similarity`, or None.
    """

    name: str
    count: int
    examples: tuple[str, ...]
    first: date
    last: date
    guide: str | None
    similarity: float | None


@dataclass(slots=True)
class _Wording:
    """All who asked in the same words, which differ at most in marks, capitals and punctuation."""

    text: str
    count: int
    first: date
    last: date


def clusters(
    questions: Sequence[Unanswered], encode: Encode, nearest: Nearest | None = None, threshold: float = THRESHOLD
) -> list[Gap]:
    """Return the gaps behind the questions, the most asked first, then the latest.

    `encode` gives rows of length 1 (or 0); `nearest` names a guide with its similarity for each gap's name.
    """
    wordings = _wordings(questions)
    vectors = (
        np.asarray(encode([wording.text for wording in wordings]), dtype=np.float32) if wordings else np.empty((0, 1))
    )
    groups: dict[int, list[int]] = defaultdict(list)
    for at, label in enumerate(labels(vectors, threshold)):
        groups[label].append(at)
    gaps = [_gap([wordings[at] for at in group], vectors[group]) for group in groups.values()]
    gaps.sort(key=lambda gap: (-gap.count, -gap.last.toordinal(), gap.name))
    near = nearest([gap.name for gap in gaps]) if nearest and gaps else [None] * len(gaps)
    return [_beside(gap, found) for gap, found in zip(gaps, near, strict=True)]


def labels(vectors: np.ndarray, threshold: float = THRESHOLD) -> list[int]:
    """Return a group's number for each row; no two groups are nearer than `threshold` (cosine distance) on average."""
    if len(vectors) < 2:
        return [1] * len(vectors)
    from scipy.cluster.hierarchy import fcluster, linkage

    at = np.triu_indices(len(vectors), 1)
    distances = np.maximum(1 - (vectors @ vectors.T)[at], 0).astype(np.float64)
    return fcluster(linkage(distances, "average"), threshold, "distance").tolist()


def _wordings(questions: Sequence[Unanswered]) -> list[_Wording]:
    found: dict[str, _Wording] = {}
    seen: set[tuple[str, str]] = set()
    for asked in questions:
        text = clean(asked.question)
        key = " ".join(syllables(fold(text))) or text
        wording = found.setdefault(key, _Wording(text, 0, asked.day, asked.day))
        wording.first, wording.last = min(wording.first, asked.day), max(wording.last, asked.day)
        if asked.visitor is None or (asked.visitor, key) not in seen:
            wording.count += 1
        if asked.visitor is not None:
            seen.add((asked.visitor, key))
    return list(found.values())


def _gap(wordings: Sequence[_Wording], vectors: np.ndarray) -> Gap:
    counts = np.array([wording.count for wording in wordings])
    centre = int(np.argmax(vectors @ (counts @ vectors)))
    return Gap(
        wordings[centre].text,
        int(counts.sum()),
        tuple(wordings[at].text for at in _spread(vectors, centre)),
        min(wording.first for wording in wordings),
        max(wording.last for wording in wordings),
        None,
        None,
    )


def _spread(vectors: np.ndarray, centre: int) -> list[int]:
    """Return up to five rows besides the centre, each the least like all before it (Gonzalez 1985)."""
    chosen: list[int] = []
    alike = vectors @ vectors[centre]
    alike[centre] = np.inf
    while len(chosen) < min(_EXAMPLES, len(vectors) - 1):
        at = int(np.argmin(alike))
        chosen.append(at)
        alike = np.maximum(alike, vectors @ vectors[at])
        alike[at] = np.inf
    return chosen


def _beside(gap: Gap, near: tuple[str, float] | None) -> Gap:
    return gap if near is None else replace(gap, guide=near[0], similarity=near[1])
