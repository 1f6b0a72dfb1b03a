"""Questions that take an old rule for granted: `python -m evals.bench_premises [--fit] [--show]`.

Prints, for `evals/cases/premises.jsonl` (no rule or weight was made on them), how often the answer opens with the correction
that the question needs (from its guide, or the same change as another guide states it: `also`), with another, or with none; of
how many changed rules at least one question is put right; and how often an answer to an ordinary question opens with a
correction. `--fit` prints the weights of `rag/premises.py`, learned from `corpus/premises.jsonl` and every other ordinary question.
"""

import argparse
import json
from datetime import date

import numpy as np

from evals.cases import CASES
from evals.statistics import share_line
from rag.answers import Answer
from rag.asked import load_asked, load_believed
from rag.assistant import Assistant
from rag.guides import Section
from rag.jsonl import numbered_lines
from rag.serving import ensure_index, open_assistant
from rag.settings import load_settings

DAY = date(2026, 11, 25)
_EVERY = 4  # of the ten thousand ordinary questions


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fit", action="store_true", help="print weights instead")
    parser.add_argument("--show", action="store_true", help="print the questions that are not put right")
    options = parser.parse_args()
    settings = load_settings(model="")
    ensure_index(settings, lambda _: None)
    assistant = open_assistant(settings)
    ordinary = _ordinary(assistant)
    if options.fit:
        print(_fit(assistant, ordinary[::2]))
        return
    rows = [json.loads(line) for _, line in numbered_lines(CASES / "premises.jsonl")]
    outcomes = [_outcome(assistant, row) for row in rows]
    for row, outcome in zip(rows, outcomes, strict=True):
        if options.show and outcome != "right":
            print(f"{outcome}: {row['question']} ({row['guide']} {row['items']})")
    for outcome in ("right", "other", "none"):
        _print(f"opens with the {outcome} correction", outcomes.count(outcome), len(rows))
    rules = {(row["guide"], row["items"]) for row in rows}
    right = {(r["guide"], r["items"]) for r, outcome in zip(rows, outcomes, strict=True) if outcome == "right"}
    _print("changed rules with a question put right", len(right), len(rules))
    beside = sum(bool(_opening(assistant, assistant.ask(question))) for question in ordinary[1::2])
    _print("ordinary questions answered with a correction first", beside, len(ordinary[1::2]))


def _print(what: str, found: int, n: int) -> None:
    print(f"{what:52} {share_line(found, n)}")


def _ordinary(assistant: Assistant) -> list[str]:
    """Return questions that guides' passages answer, without those about what has changed."""
    asked = load_asked(load_settings().corpus, {p.id for p in assistant.index.passages})
    own = [question for guide in assistant.index.guides.values() for question in guide.questions]
    return [*own, *[a.question for a in asked if Section.CHANGED not in a.passage][::_EVERY]]


def _outcome(assistant: Assistant, row: dict[str, str]) -> str:
    found = _opening(assistant, assistant.ask(row["question"]))
    main = assistant.index.guides[row["guide"]].covers[0]
    rules = ", ".join(row[key] for key in ("items", "also") if key in row).split(", ")
    wanted = {item if ":" in item else f"{main}:{item}" for item in rules}
    return "none" if not found else "right" if found & wanted else "other"


def _opening(assistant: Assistant, answer: Answer) -> set[str]:
    """Return the items of the changed rule that the answer's first line states, if it does."""
    first = answer.text.split("\n")[0].rpartition(" [")[0]
    lines = (line for p in assistant.index.passages if p.section is Section.CHANGED for line in p.lines)
    return {item.id for line in lines if line.text == first for item in line.items}


def _fit(assistant: Assistant, ordinary: list[str]) -> list[float]:
    """Return logistic weights, the intercept first; each question of the corpus is judged without knowing itself."""
    from sklearn.linear_model import LogisticRegression

    evidence, assumes = [], []
    believed = load_believed(load_settings().corpus, assistant.index.guides)
    for question, row in [*((b.question, b) for b in believed), *((q, None) for q in ordinary)]:
        query = assistant.reader.read(question).query
        guide_ids = assistant.retriever.search(query, DAY).guide_ids
        for rule, found in assistant.premises.evidence(query, guide_ids, DAY, without=question):
            items = {item.id for item in rule.line.items}
            evidence.append(found)
            assumes.append(row is not None and row.assumes and not items.isdisjoint(row.items))
    model = LogisticRegression(C=2, max_iter=3000).fit(np.array(evidence), assumes)
    return [round(float(w), 2) for w in (*model.intercept_, *model.coef_[0])]


if __name__ == "__main__":
    main()
