"""Whether the shelf quotes the right article: `python -m evals.shelf [--half "held back"] [--show] [--curve] [--fit]`.

`evals/shelf/documents/` has documents of our own writing in the form of decrees, about what no guide covers; numbers, issuers and
rules are invented. They go the way of a trainer's: read in the sandbox, taken apart, kept in a library, confirmed as shelf files,
indexed, and the assistant is asked. `evals/shelf/questions.jsonl` has what people ask: `shelf` with the units that answer,
`unanswered` near the subject of a document that does not answer, `guide` with the guides that do. Rows of the half "fitting" may
tune, as may the questions of `evals/cases` that nothing answers (kind `outside`); rows "held back" are only counted. Quotations are
judged by the lines that are seen first, not by "xem thêm". `--fit` prints the weights of `rag/quotation.py`.
"""

import argparse
import json
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median

from evals.cases import CASES, load_cases
from evals.statistics import share_line
from rag.answers import Answer, AnswerStatus, status_group
from rag.assistant import Assistant
from rag.documents.library import Library
from rag.documents.shelf import FOLDER, Shelved, shelf_id, shelf_path, shelf_text
from rag.documents.units import is_within
from rag.errors import CaseError
from rag.ingestion import Ingestion, Result
from rag.jsonl import numbered_lines
from rag.privacy import mask
from rag.records import Records
from rag.records.documents import Document
from rag.serving import ensure_index, open_assistant
from rag.settings import Settings, load_settings

FILES = Path(__file__).parent / "shelf"
DOCUMENTS, QUESTIONS = FILES / "documents", FILES / "questions.jsonl"
DAY = date(2026, 11, 27)  # all documents are in force
KINDS = ("shelf", "unanswered", "guide", "outside")
HALVES = FITTING, HELD_BACK = ("fitting", "held back")
# Outside for the guides, but near what the documents here are about.
_COVERED = frozenset({"Nuôi chó thả rông bị phạt bao nhiêu?", "Xin giấy phép xây dựng nhà cấp 4 ở đâu?"})
_THRESHOLDS = tuple(n / 100 for n in range(20, 96, 5))
_QUOTED = re.compile(r"^(?:- |\d+\. )?(?P<text>.+) \[(?P<number>\d+)\]$")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and what should come of it: `units` ("document:unit") that answer, `guides` that do, or neither; `near` is
    the document whose subject it is near.
    """

    id: str
    half: str
    kind: str
    question: str
    units: tuple[str, ...] = ()
    guides: tuple[str, ...] = ()
    near: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the assistant did: the units that it quoted, in the order of the text, () where no document answered."""

    asked: Asked
    status: str
    guide: str
    quoted: tuple[str, ...]
    sure: float
    seconds: float

    @property
    def is_hit(self) -> bool:
        """Whether the first quotation is of a right article."""
        return bool(self.quoted) and _article(self.quoted[0]) in self._articles

    @property
    def has_article(self) -> bool:
        """Whether any quotation is of a right article."""
        return any(_article(unit) in self._articles for unit in self.quoted)

    @property
    def is_exact(self) -> bool:
        """Whether the first quotation is of a right clause."""
        return bool(self.quoted) and _is_in(self.quoted[0], self.asked.units)

    @property
    def has_clause(self) -> bool:
        """Whether any quotation is of a right clause."""
        return any(_is_in(unit, self.asked.units) for unit in self.quoted)

    @property
    def misleads(self) -> bool:
        """Whether documents are quoted, but nothing of a right article."""
        return bool(self.quoted) and not self.has_article

    @property
    def strays(self) -> bool:
        """Whether a document is quoted that is about something else."""
        about = {unit.partition(":")[0] for unit in self.asked.units} or {self.asked.near}
        return any(unit.partition(":")[0] not in about for unit in self.quoted)

    @property
    def _articles(self) -> set[str]:
        return set(map(_article, self.asked.units))


def load_questions(path: Path = QUESTIONS) -> list[Asked]:
    """Read the questions. Raises CaseError with `path:line:`."""
    found = []
    for number, line in numbered_lines(path):
        try:
            row = json.loads(line)
            units, guides = (tuple(row.pop(key, ())) for key in ("units", "guides"))
            found.append(Asked(**row, units=units, guides=guides))
        except (ValueError, TypeError) as error:
            raise CaseError(f"{path}:{number}: {error}") from error
    return found


def outside() -> list[Asked]:
    """Return the questions of the shipped sets that are declined: outside the subject, or with no guide that answers."""
    rows = [json.loads(line) for _, line in numbered_lines(CASES / "outside.jsonl")]
    rows = [row for row in rows if row["question"] not in _COVERED]
    cases = load_cases(CASES / "dev.jsonl", None)
    declined = [(c.id, c.question) for c in cases if any(status_group(status) == "declined" for status in c.expected)]
    return [
        Asked(i, FITTING, "outside", question) for i, question in (*((r["id"], r["question"]) for r in rows), *declined)
    ]


def shelve(folder: Path, settings: Settings, documents: Path = DOCUMENTS) -> Settings:
    """Take documents in and confirm them, in a home and a copy of the corpus below `folder`; return settings for these."""
    corpus = settings.corpus
    settings = settings.model_copy(update={"home": folder / "home", "corpus": folder / "corpus", "database_url": ""})
    shutil.copytree(corpus, settings.corpus)
    (settings.corpus / FOLDER).mkdir(exist_ok=True)
    settings.home.mkdir(parents=True)
    records = Records.open(settings.records_url)
    try:
        ingestion = Ingestion(Library(settings.documents_folder), records.documents, "evals")
        for outcome in ingestion.files([documents]):
            if outcome.result is not Result.ADDED:
                raise CaseError(f"{documents / outcome.name}:1: {outcome.result}: {outcome.reason}")
            shelved = confirmed(records.documents.get(outcome.number))
            (settings.corpus / shelf_path(shelved.id)).write_text(shelf_text(shelved), encoding="utf-8", newline="\n")
    finally:
        records.close()
    return settings


def confirmed(document: Document) -> Shelved:
    """Return a document as a person confirms it who finds everything as rules read it. Raises CaseError when one could not."""
    said = document.new.described
    if not (said.number and said.title and said.issuer and said.in_force) or document.open_pages:
        raise CaseError(f"{document.new.name}:1: number, title, issuer or day was not read, or pages wait: {said}")
    return Shelved(
        id=shelf_id(said.type, said.number, said.title), file=document.new.file, reading=document.new.reading,
        type=said.type, number=said.number, title=said.title, issuer=said.issuer, official=True, url=None, issued=said.issued,
        in_force=said.in_force, territory=said.territory, topic="khac", checked=DAY,
    )  # fmt: skip


def ask(assistant: Assistant, asked: Asked) -> Outcome:
    """Ask one question and say what was quoted."""
    answer = assistant.trace(asked.question, day=DAY)[0]
    quoted = tuple(quotations(assistant, answer))
    return Outcome(
        asked, answer.status, next(iter(answer.guide_ids), ""), quoted, answer.confidence, answer.seconds.total
    )


def quotations(assistant: Assistant, answer: Answer) -> Iterable[str]:
    """Yield the units ("document:unit") of shelved documents whose lines stand in an answer's text."""
    passages = {c.number: assistant.passages[c.passage_id] for c in answer.citations}
    for row in answer.text.split("\n"):
        match = _QUOTED.match(row)
        passage = passages.get(int(match["number"])) if match else None
        if match and passage and assistant.guides[passage.guide_id].document:
            yield from (line.items[0].id for line in passage.lines if line.text == match["text"])


def report(outcomes: Sequence[Outcome]) -> Iterable[str]:
    """Yield the figures of some outcomes, one a line."""
    shelf, unanswered, guide, outside = ([o for o in outcomes if o.asked.kind == kind] for kind in KINDS)
    of_shelf: dict[str, Callable[[Outcome], bool]] = {
        "right article first (hit@1)": lambda o: o.is_hit,
        "right article among the quoted": lambda o: o.has_article,
        "right clause first": lambda o: o.is_exact,
        "right clause among the quoted": lambda o: o.has_clause,
        "only wrong articles quoted": lambda o: o.misleads,
        "a document of another subject quoted": lambda o: o.strays,
        "nothing quoted": lambda o: not o.quoted,
    }
    for name, holds in of_shelf.items():
        yield _line(name, sum(map(holds, shelf)), len(shelf))
    yield _line("unanswerable: something quoted", sum(bool(o.quoted) for o in unanswered), len(unanswered))
    yield _line(
        "unanswerable: of another subject", sum(bool(o.quoted) and o.strays for o in unanswered), len(unanswered)
    )
    yield _line("guide questions: the right guide first", sum(o.guide in o.asked.guides for o in guide), len(guide))
    yield _line("guide questions: lost to the shelf", sum(bool(o.quoted) for o in guide), len(guide))
    if outside:
        yield _line("outside the subject: something quoted", sum(bool(o.quoted) for o in outside), len(outside))
    yield f"{'median time of a question':44} {1000 * median(o.seconds for o in outcomes):.1f} ms"
    yield f"{'where nothing was quoted':44} {dict(Counter(o.status for o in shelf if not o.quoted).most_common())}"


def curve(outcomes: Sequence[Outcome]) -> Iterable[str]:
    """Yield hits and wrong quotations by threshold, of outcomes that were asked without one."""
    yield "threshold  hit@1  right among  only wrong  unanswerable quoted  outside quoted"
    for threshold in _THRESHOLDS:
        quoted = [o for o in outcomes if o.quoted and o.sure >= threshold]
        shelf = [o for o in quoted if o.asked.kind == "shelf"]
        counts = (sum(o.is_hit for o in shelf), sum(o.has_article for o in shelf), sum(o.misleads for o in shelf))
        wrong = [sum(o.asked.kind == kind for o in quoted) for kind in ("unanswered", "outside")]
        yield f"{threshold:9.2f} {counts[0]:6} {counts[1]:12} {counts[2]:11} {wrong[0]:20} {wrong[1]:15}"


def _line(name: str, found: int, n: int) -> str:
    return f"{name:44} {share_line(found, n)}"


def _article(unit: str) -> str:
    return unit.partition("/")[0]


def _is_in(unit: str, others: Iterable[str]) -> bool:
    return any(is_within(unit, other) for other in others)


def _is_wrong(outcome: Outcome) -> bool:
    if outcome.asked.kind == "guide":
        return outcome.guide not in outcome.asked.guides
    return not outcome.is_exact if outcome.asked.kind == "shelf" else bool(outcome.quoted)


def fitted(assistant: Assistant, outcomes: Iterable[Outcome]) -> list[float]:
    """Return logistic weights of the evidence for what would be quoted, the intercept first, of questions that reach the shelf."""
    from sklearn.linear_model import LogisticRegression

    evidence, right = [], []
    for outcome in outcomes:
        found = assistant.on_shelf(assistant.understand(mask(outcome.asked.question)), DAY)
        reaches = outcome.quoted or outcome.status == AnswerStatus.DECLINED_NO_SOURCE
        if found and found.evidence[0] and reaches and outcome.asked.kind != "guide":
            evidence.append(found.evidence)
            articles = {_article(unit).replace(":", "--") for unit in outcome.asked.units}
            right.append(found.passages[0].guide_id in articles)
    model = LogisticRegression(C=2, max_iter=3000).fit(evidence, right)
    return [round(float(w), 2) for w in (*model.intercept_, *model.coef_[0])]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=HALVES, default=FITTING, help="which half of the questions is asked")
    parser.add_argument("--show", action="store_true", help="print what went wrong, of the fitting half only")
    parser.add_argument("--fit", action="store_true", help="print the weights that the fitting half gives instead")
    parser.add_argument("--curve", action="store_true", help="print hits and wrong quotations by threshold instead")
    options = parser.parse_args()
    rows = [row for row in (*load_questions(), *outside()) if row.half == options.half]
    with tempfile.TemporaryDirectory(prefix="binhdan-shelf-") as folder:
        settings = shelve(Path(folder), load_settings(model=""))
        ensure_index(settings, lambda text: print(text, file=sys.stderr))
        assistant = open_assistant(settings)
        if options.curve or options.fit:
            assistant.shelf_threshold = 0.0
        outcomes = [ask(assistant, row) for row in rows]
        if options.fit:
            print(fitted(assistant, (o for o in outcomes if o.asked.half == FITTING)))
            return
    for outcome in outcomes:
        if options.show and options.half == FITTING and _is_wrong(outcome):
            asked = outcome.asked
            print(
                f"{asked.id} {asked.question} | {outcome.status} {outcome.sure:.2f} {outcome.guide} | {asked.units} | {outcome.quoted[:4]}"
            )
    print(*(curve(outcomes) if options.curve else report(outcomes)), sep="\n")


if __name__ == "__main__":
    main()
