"""Does the harness notice? `python -m evals.faults` plants one fault at a time and names the checks that moved.

A fault is planted in the running system or in what it answers, never in the scores. It is caught when the check that is
made for it falls significantly (or, for a check that must never fail, in a single case), and the checks that have
nothing to do with it stay where they are.
"""

import argparse
import random
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evals.cases import Case
from evals.comparison import TWINS_RANK, Comparison, Measured, Verdict, compare, judge_gate, measure
from evals.runs import Output, answer_case
from evals.scoring import Corpus, gold_guides, score_outputs, served_corpus
from evals.sets import open_set
from evals.variants import expand_cases
from rag.retrieval import Found
from rag.routing import Route, load_router
from rag.serving import ensure_index, open_assistant
from rag.settings import Settings, load_settings
from rag.text import clean, syllables

System = Callable[[Case], Output]
_TWIN = "no-diacritics"


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault: how it is planted, the check that must fall, and checks that must not move."""

    name: str
    plant: Callable[[Settings], System]
    caught_by: str
    untouched: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """What happened to one fault: whether it was caught, and every check that fell."""

    fault: Fault
    caught: bool
    fell: tuple[str, ...]
    moved_wrongly: tuple[str, ...]


def healthy(settings: Settings) -> System:
    """Return the system as it is."""
    assistant = open_assistant(settings)
    return lambda case: answer_case(assistant, case)


def _changed_answers(change: Callable[[Case, dict[str, Any]], dict[str, Any]]) -> Callable[[Settings], System]:
    """Return a planter that changes what the healthy system answers."""

    def plant(settings: Settings) -> System:
        system = healthy(settings)

        def faulty(case: Case) -> Output:
            output = system(case)
            return output.model_copy(update={"answer": {**output.answer, **change(case, output.answer)}})

        return faulty

    return plant


def _wrong_fee(_: Case, answer: dict[str, Any]) -> dict[str, Any]:
    """Raise every amount in the text tenfold; the quotes keep the right one."""
    return {"text": re.sub(r"(?<=\d)(?= ?(?:\.000)? ?(?:nghìn |triệu )?đồng)", "0", answer["text"])}


def _other_guide(_: Case, answer: dict[str, Any]) -> dict[str, Any]:
    """Let every citation name a guide about something else."""
    foreign = {"guide_id": "vneid-ma-qr-chia-se", "passage_id": "vneid-ma-qr-chia-se#tra-loi-ngan"}
    return {"citations": [{**row, **foreign} for row in answer["citations"]]}


def _leak(case: Case, answer: dict[str, Any]) -> dict[str, Any]:
    """Repeat the question as it was typed."""
    return {"text": f"Bạn hỏi: {case.question}\n\n{answer['text']}"}


def _without_fold(settings: Settings) -> System:
    """Search as if nothing had been indexed or learned without diacritics: "lam lai the" finds no "làm lại thẻ"."""
    assistant = open_assistant(settings)
    index, encode = assistant.index, assistant.index.embedder.encode
    for kind in ("guide", "passage"):
        index.keyword[f"{kind}-folded"] = index.keyword[f"{kind}-exact"]

    def of_written_syllables(texts: Sequence[str]) -> np.ndarray:
        written = index.keyword["passage-exact"].has
        return encode([" ".join(filter(written, syllables(clean(text)))) for text in texts])

    index.embedder.encode = of_written_syllables
    return lambda case: answer_case(assistant, case)


def _answers_anything(settings: Settings) -> System:
    """Take every question for one of the subject, and answer however unsure."""
    router = load_router(settings.corpus)
    blind = replace(router, rules={**router.rules, Route.OUT_OF_SCOPE: ()})
    eager = settings.model_copy(update={"answer_threshold": 0.0})
    assistant = open_assistant(eager)
    assistant.router = blind
    return lambda case: answer_case(assistant, case)


def _shuffled(settings: Settings) -> System:
    """Put what retrieval found in a random order."""
    assistant = open_assistant(settings)
    search = assistant.retriever.search

    def shuffled(query: str, day) -> Found:
        found = search(query, day)
        chance = random.Random(query)
        return replace(
            found,
            guide_ids=tuple(chance.sample(found.guide_ids, len(found.guide_ids))),
            hits=tuple(chance.sample(found.hits, len(found.hits))),
        )

    assistant.retriever.search = shuffled
    return lambda case: answer_case(assistant, case)


_RETRIEVAL = ("guide-hit@1", "guide-ndcg@10", "passage-recall@10")
FAULTS = (
    Fault("a wrong fee in an answer", _changed_answers(_wrong_fee), "numbers", (*_RETRIEVAL, "status", "quotes-exact")),
    Fault(
        "citations to another guide",
        _changed_answers(_other_guide),
        "citation-precision",
        (*_RETRIEVAL, "status", "faithful"),
    ),
    Fault("a dropped diacritic fold", _without_fold, TWINS_RANK, ("quotes-exact", "no-leak")),
    Fault("an out-of-scope question answered", _answers_anything, "declines", (*_RETRIEVAL, "quotes-exact")),
    Fault("a leaked citizen number", _changed_answers(_leak), "no-leak", (*_RETRIEVAL, "status", "quotes-exact")),
    Fault("a shuffled ranking", _shuffled, "guide-ndcg@10", ("quotes-exact", "no-leak")),
)


def find(fault: Fault, settings: Settings, cases: Sequence[Case], corpus: Corpus, clean: Measured) -> Finding:
    """Plant a fault, measure again, and say what moved."""
    system = fault.plant(settings)
    faulty = measure(fault.name, cases, score_outputs(cases, [system(case) for case in cases], corpus))
    comparison = compare(clean, faulty, cases)
    broken = judge_gate(faulty, clean).broken
    fell = tuple(sorted(_fallen(comparison) | set(broken)))
    moved = tuple(check for check in fault.untouched if check in fell)
    return Finding(fault, fault.caught_by in fell, fell, moved)


def _fallen(comparison: Comparison) -> set[str]:
    return {d.check for d in comparison.checks if d.verdict is Verdict.WORSE}


def main() -> None:
    """Plant every fault in the shipped development set's system; exit 1 when one is not caught."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    settings = load_settings()
    ensure_index(settings, lambda _: None)
    corpus = served_corpus(settings)
    cases = expand_cases(open_set("dev", settings, gold_guides(settings, corpus)), variants=[_TWIN])
    system = healthy(settings)
    clean = measure("healthy", cases, score_outputs(cases, [system(case) for case in cases], corpus))
    print(f"{len(cases)} questions; each fault is planted alone")
    findings = [find(fault, settings, cases, corpus, clean) for fault in FAULTS]
    for found in findings:
        verdict = "caught" if found.caught and not found.moved_wrongly else "NOT CAUGHT"
        print(
            f"  {verdict:10} {found.fault.name}: {found.fault.caught_by} fell; all that fell: {', '.join(found.fell)}"
        )
        if found.moved_wrongly:
            print(f"             should not have moved: {', '.join(found.moved_wrongly)}")
    if not all(found.caught and not found.moved_wrongly for found in findings):
        sys.exit(1)


if __name__ == "__main__":
    main()
