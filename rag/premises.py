"""Questions that take an old rule for granted: which changed rule an answer must put right first. Nothing here does I/O.

A guide's "Quy định cũ đã đổi" says what was and what is now. Whether a question assumes what was is judged from the words and
facts that only the old rule has, and from how close the question is to those of people known to believe it, or to know better
(`corpus/premises.jsonl`). Logistic, weights fitted by `python -m evals.bench_premises --fit`.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from heapq import nlargest

from rag.asked import Believed, changed
from rag.atoms import Atom, atoms, contains
from rag.factlock import Encode
from rag.guides import Guide, Line, Passage, Section
from rag.retrieval import terms

# On 1 and what `Premises.evidence` yields.
WEIGHTS = (-3.58, 1.16, 1.34, 11.96, 1.5, 5.78, -2.68, 2.76, -3.52)
# Of the table that `python -m evals.bench_premises` prints: below it more good answers open beside the point.
THRESHOLD = 0.2
_GUIDES = 3  # the old rule may stand in a guide that is not the best one
_NEAREST = 3  # or in that of those who ask alike
_NOW = " → "  # between the old and the new rule in an item's text


@dataclass(frozen=True, slots=True)
class _Rule:
    """A changed rule: its line, the terms and facts of what was only, and the rows of the questions of its believers."""

    passage: Passage
    line: Line
    old: frozenset[str]
    only_old: frozenset[str]
    facts: tuple[Atom, ...]
    believers: list[int]


@dataclass(frozen=True, slots=True)
class Correction:
    """A changed rule, and the chance that a question takes its old form for granted."""

    passage: Passage
    line: Line
    chance: float


class Premises:
    """Knows the changed rules of all guides."""

    def __init__(self, guides: Mapping[str, Guide], believed: Sequence[Believed], encode: Encode) -> None:
        self._encode = encode
        self._known = {g.id: [terms(f"{g.title}. {line.text}") for line in _others(g)] for g in guides.values()}
        self._counts = Counter(term for lines in self._known.values() for line in lines for term in line)
        self._lines = sum(map(len, self._known.values()))
        self._questions = [b.question for b in believed]
        self._guides = [b.guide for b in believed]
        self._vectors = encode(self._questions)
        self._terms = [terms(question) for question in self._questions]
        self._doubters = defaultdict(list)
        for n, row in enumerate(believed):
            if not row.assumes:
                self._doubters[row.guide].append(n)
        self._rules = {g.id: [self._rule(g, p, line, believed) for p, line in changed(g)] for g in guides.values()}

    def _rule(self, guide: Guide, passage: Passage, line: Line, believed: Sequence[Believed]) -> _Rule:
        texts = [item.text.partition(_NOW) for item in line.items if _NOW in item.text]
        before, _, after = line.text.partition(" Nay ")
        was, now = (" ".join([text, *(t[n] for t in texts)]) for n, text in ((0, before), (2, after)))
        known = atoms(now)
        old = frozenset(terms(was))
        believers = [n for n, b in enumerate(believed) if b.assumes and b.guide == guide.id and b.is_about(line)]
        facts = tuple(fact for fact in atoms(was) if not contains(known, fact))
        return _Rule(passage, line, old, old - terms(now) - terms(guide.title), facts, believers)

    def correction(self, query: str, guide_ids: Sequence[str], day: date) -> Correction | None:
        """Return the changed rule whose old form the query takes for granted, of the guides found for it (best first) and those of
        the questions most alike; none where no guide was found.
        """
        if not guide_ids:
            return None
        rows = [Correction(rule.passage, rule.line, chance(x)) for rule, x in self.evidence(query, guide_ids, day)]
        best = max(rows, key=lambda row: row.chance, default=None)
        return best if best and best.chance >= THRESHOLD else None

    def evidence(
        self, query: str, guide_ids: Sequence[str], day: date, without: str = ""
    ) -> Iterator[tuple[_Rule, tuple[float, ...]]]:
        """Yield every rule of the first guides, and of those of the questions most alike, that is stated on `day`, and what its
        chance is computed from, each in [-1, 1]: the share of the query's terms that only the old rule has; whether the query has
        a fact of it; how much more of the query it covers than any other line of these guides; whether its guide is the first;
        and how near believers and doubters are, by meaning and by terms. A question known by heart (`without`) does not count.
        """
        said, facts = terms(query), atoms(query)
        weight = self._weight(said) or 1.0
        alike = self._vectors @ self._encode([query])[0]
        others = {n for n, question in enumerate(self._questions) if question != without}
        nearest = nlargest(_NEAREST, others, key=lambda n: alike[n])
        first = tuple(dict.fromkeys((*guide_ids[:_GUIDES], *(self._guides[n] for n in nearest))))
        covered = max((self._weight(said & line) for g in first for line in self._known[g]), default=0.0)
        elsewhere = {term for g in first for line in self._known[g] for term in line}
        for rank, guide_id in enumerate(first):
            doubters = [n for n in self._doubters[guide_id] if n in others]
            for rule in self._rules[guide_id]:
                if not rule.line.valid_on(day):
                    continue
                believers = [n for n in rule.believers if n in others]
                near = sorted((float(alike[n]) for n in believers), reverse=True)[:2]
                yield (
                    rule,
                    (
                        self._weight((said & rule.only_old) - elsewhere) / weight,
                        float(any(contains(rule.facts, fact) for fact in facts)),
                        (self._weight(said & rule.old) - covered) / weight,
                        float(rank == 0),
                        sum(near) / (len(near) or 1),
                        max((float(alike[n]) for n in doubters), default=0.0),
                        max((self._shared(said, n) for n in believers), default=0.0),
                        max((self._shared(said, n) for n in doubters), default=0.0),
                    ),
                )

    def _shared(self, said: set[str], row: int) -> float:
        """Return the weighted Jaccard overlap of terms with a known question."""
        other = self._terms[row]
        return self._weight(said & other) / (self._weight(said | other) or 1.0)

    def _weight(self, found: Iterable[str]) -> float:
        """Return what terms weigh: the rarer in the guides' lines, the more."""
        return sum(math.log(1 + self._lines / (1 + self._counts[term])) for term in found)


def chance(evidence: Sequence[float], weights: Sequence[float] = WEIGHTS) -> float:
    """Return the probability that a query with this evidence takes the old rule for granted."""
    return 1 / (1 + math.exp(-sum(w * x for w, x in zip(weights, (1.0, *evidence), strict=True))))


def _others(guide: Guide) -> list[Line]:
    return [line for p in guide.passages if p.section is not Section.CHANGED for line in p.lines]
