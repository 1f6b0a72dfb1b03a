"""What of an official document is quoted where no guide answers: the passages of one article, and how sure it is that they answer.

A wrong fee or deadline is worse than none. A passage is quoted only when its article or document is about what is asked, it
contains much of the question, and it is not about another place. Nothing here does I/O.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from rag.collection import Collection
from rag.compose import MUST_HAVE, answers
from rag.documents.issuers import is_elsewhere
from rag.guides import NATIONWIDE, Passage
from rag.questions import QuestionKind
from rag.retrieval import Found, Match, Retriever

# Logistic weights on 1 and the evidence (see `Quotation`), fitted by `python -m evals.shelf --fit`; the threshold is a point of the
# table that `--curve` prints.
WEIGHTS = (-5.88, 0.9, 1.75, 1.05)
THRESHOLD = 0.75
# Passages that contain at least this part of what the best one does are told apart by whether they state what is asked, then by the
# search, which also knows their articles' titles.
_AS_FITTING = 0.7
# Of a long story any passage contains many words; one that contains less than this part of it is about something else.
_LEAST_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Quotation:
    """The passages of one article that fit a question, best first, and what was found beside them.

    `evidence`: how far the titles of article and document are about the question, how much of the question the best passage
    contains (`Match.subject`, `Match.mass`), and 1 if it states what must be stated (an amount, a period), else 0; `share` as in
    `Match`.
    """

    passages: tuple[Passage, ...]
    evidence: tuple[float, float, float]
    share: float
    found: Found

    @property
    def sure(self) -> float:
        """The probability in [0, 1] that the article answers; 0 where no title has a word of the question, or the passage little
        of it: then it is about something else, whatever it mentions.
        """
        if not self.evidence[0] or self.share < _LEAST_SHARE:
            return 0.0
        return 1 / (1 + math.exp(-sum(w * x for w, x in zip(WEIGHTS, (1.0, *self.evidence), strict=True))))


class Shelf:
    """Finds quotations in the shelved documents; how rare a word is, our guides know, too: on a shelf of one document about dogs
    "chó" is not. `find` is pure: the same question and day give the same result.
    """

    def __init__(self, collection: Collection, guides: Collection, retrieved: int = 10) -> None:
        self._collection = collection
        self._guides = guides
        self._retriever = Retriever(collection, retrieved)

    def find(self, question: str, query: str, kinds: Sequence[QuestionKind], day: date) -> Quotation | None:
        """Return what could be quoted, however unsure; `query` is the question with the meanings of short and spoken words."""
        found = self._retriever.search(query, day)
        matches = self._retriever.matches(question, found.hits, self._guides)
        rows = [
            (h.passage, m) for h, m in zip(found.hits, matches, strict=True) if self._holds_here(h.passage, question)
        ]
        fitting = _fitting(rows, kinds, day)
        if not fitting:
            return None
        best, match = fitting[0]
        evidence = (match.subject, match.mass, float(states(best, kinds, day)))
        return Quotation(tuple(p for p, _ in fitting if p.guide_id == best.guide_id), evidence, match.share, found)

    def _holds_here(self, passage: Passage, question: str) -> bool:
        territory = self._collection.guides[passage.guide_id].territory
        return territory == NATIONWIDE or not is_elsewhere(question, territory)


def states(passage: Passage, kinds: Sequence[QuestionKind], day: date) -> bool:
    """Tell whether a passage states what a question must be answered with on `day`, if anything: an amount, a period."""
    asked = [kind for kind in kinds if kind in MUST_HAVE]
    lines = [line for line in passage.lines if line.valid_on(day)]
    return not asked or any(answers(kind, line) for kind in asked for line in lines)


def _fitting(
    rows: Sequence[tuple[Passage, Match]], kinds: Sequence[QuestionKind], day: date
) -> list[tuple[Passage, Match]]:
    """Return the passages that contain about as much of the question as the best one, only those that state what is asked if any does."""
    best = max((match.share for _, match in rows), default=0.0)
    near = [row for row in rows if row[1].share >= _AS_FITTING * best]
    return [row for row in near if states(row[0], kinds, day)] or near
