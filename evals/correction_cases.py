"""A trainer's correction as a regression case: what a right answer says, and what the wrong one said. Nothing here does I/O."""

import re
from collections.abc import Mapping, Sequence
from datetime import date

from evals.cases import OUTSIDE, Case, Kind, Nugget, Statement, gold_faults, pinned
from evals.meaning import facts, plain
from rag.atoms import contains
from rag.curated import CuratedCitation
from rag.errors import CaseError
from rag.guides import Guide
from rag.text import syllables

_WORDS = 4  # of a line without a fact, in its order: an answer in other words may still have them all


def case_of_correction(
    case_id: str, question: str, correction: str, citations: Sequence[CuratedCitation], marked: str, author: str,
    guides: Mapping[str, Guide], day: date,
) -> Case:  # fmt: skip
    """Return the case: lines of the correction that state a fact, or its first one, are vital nuggets, the others okay ones;
    what `marked` states against the quotes is forbidden.

    Without citations the right answer is to decline. Raises CaseError when the guides contradict what the case would expect.
    """
    passages = tuple(dict.fromkeys(c.passage_id for c in citations))
    case = Case(
        id=case_id, question=question, topic=_topic(passages, guides),
        kind=Kind.ANSWERABLE if passages else Kind.OUT_OF_SCOPE, expected=("answered", "partial") if passages else ("declined",),
        guides=tuple(dict.fromkeys(p.partition("#")[0] for p in passages)), passages=passages,
        must_say=_nuggets(correction, citations) if passages else (),
        must_not_say=_forbidden(marked, citations), notes="correction", author=author, created=day,
    )  # fmt: skip
    case = _without_contradiction(case, guides)
    if faults := gold_faults(case, guides):
        raise CaseError(f"{case_id}: {'; '.join(faults)}")
    return pinned(case, guides)


def _topic(passages: Sequence[str], guides: Mapping[str, Guide]) -> str:
    guide = guides.get(passages[0].partition("#")[0]) if passages else None
    return guide.topic if guide else OUTSIDE


def _nuggets(correction: str, citations: Sequence[CuratedCitation]) -> tuple[Nugget, ...]:
    lines = [line for line in plain(correction).split("\n") if line.strip()]
    quoted = [line for c in citations for line in c.quote.split("\n")]
    any_fact = any(map(facts, lines))
    return tuple(
        nugget for n, line in enumerate(lines) for nugget in _said_by(line, quoted, vital=n == 0 and not any_fact)
    )


def _said_by(line: str, quoted: Sequence[str], vital: bool) -> list[Nugget]:
    """Return what a line says: each of its facts, or else the words of the quoted line that it is nearest to.

    The first fact alone would not do: of "Làm mức 2: không quá 03 ngày" that is "mức 2", which every answer states.
    """
    if stated := dict.fromkeys(fact.text for fact in facts(line)):
        return [Nugget(text=line, fact=fact) for fact in stated]
    said = set(syllables(line))
    nearest = max(quoted, key=lambda quote: len(said & set(syllables(quote))))
    return [Nugget(text=line, pattern=_pattern(nearest), importance="vital" if vital else "okay")]


def _pattern(line: str) -> str:
    """Return the longest words of a line in their order, with anything between them."""
    words = re.findall(r"\w+", line)
    longest = sorted(range(len(words)), key=lambda n: (-len(words[n]), n))[:_WORDS]
    return r"\b.*\b".join(re.escape(words[n]) for n in sorted(longest))


def _forbidden(marked: str, citations: Sequence[CuratedCitation]) -> tuple[Statement, ...]:
    """Return what a marked sentence states that no quote does; the sentence itself where it states no fact."""
    if not marked.strip():
        return ()
    known = [fact for c in citations for fact in facts(c.quote)]
    wrong = [fact for fact in facts(marked) if not contains(known, fact)]
    if wrong:
        return tuple(Statement(text=plain(marked), fact=fact.text) for fact in wrong)
    words = re.findall(r"\w+", plain(marked))
    return (Statement(text=plain(marked), pattern=r"\W+".join(map(re.escape, words))),) if words else ()


def _without_contradiction(case: Case, guides: Mapping[str, Guide]) -> Case:
    """Drop what the gold itself says from what is forbidden: the marked sentence was incomplete, not wrong."""
    faults = gold_faults(case, guides)
    kept = tuple(s for s in case.must_not_say if not any(repr(s.text) in f and "forbidden" in f for f in faults))
    return case.model_copy(update={"must_not_say": kept})
