"""`binhdan corpus check`: proof that the guides say all that the sheets say, and nothing else.

Reads files only. Rules that need a person (is it kind, is it clear) are not here.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from rag.asked import load_asked, load_believed
from rag.atoms import missing
from rag.cards import load_cards
from rag.documents.library import Library
from rag.documents.shelf import load_shelf, shelf_path
from rag.errors import CorpusError
from rag.glossary import Glossary, load_glossary
from rag.guides import Guide, Line, Passage, Section, load_guide
from rag.lessons import FOLDER as LESSONS
from rag.lessons import load_lessons, texts_of
from rag.practice import ADDRESS, drawn_texts, load_practice
from rag.practice import FOLDER as PRACTICE
from rag.practice import texts_of as practice_texts
from rag.sheets import Sheet, load_sheets
from rag.text import clean, fold

MAX_LINE_CHARS = 260
MIN_QUESTIONS, MAX_QUESTIONS = 8, 15
# A medium-confidence fact of these kinds costs money or a trip when it is wrong, so its wording must show it.
_CAREFUL_KINDS = {"fee", "deadline", "penalty", "place", "contact", "requirement", "document", "right"}
_HEDGE = re.compile(
    r"\btheo\b|nên hỏi|hỏi lại|hỏi trước|nên gọi|có thể|thường|chưa|nguồn|bài báo|báo chí|công bố|hướng dẫn của|"
    r"tùy|nên kiểm tra|kiểm tra lại|khoảng|dự kiến|được cho là|nơi khác|từng nơi|trang .* ghi|ghi",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong, printed as `path:line: message`."""

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


@dataclass(frozen=True, slots=True)
class CorpusReport:
    """What was read and what is wrong with it."""

    guides: tuple[Guide, ...]
    sheets: int
    problems: tuple[str, ...]


def check_corpus(corpus: Path, only: str | None = None, library: Library | None = None) -> CorpusReport:
    """Check every guide under `corpus`, or just the guide `only` (then coverage of other sheets is not asked).

    With `library` the text of every shelved document must be in it; the shelf is not asked with `only`.
    """
    problems = [str(p) for p in _file_problems(corpus)]
    problems += shelf_problems(corpus, library) if only is None else []
    try:
        sheets = load_sheets(corpus / "facts")
        glossary = load_glossary(corpus)
    except CorpusError as error:
        return CorpusReport((), 0, (*problems, str(error)))
    guides: dict[str, Guide] = {}
    for path in sorted((corpus / "guides").glob(f"*/{only or '*'}.md")):
        try:
            guide = load_guide(path, sheets)
            guides[guide.id] = guide
        except CorpusError as error:
            problems.extend(str(error).split("\n"))
    known = {path.stem for path in (corpus / "guides").glob("*/*.md")}
    for guide in guides.values():
        problems.extend(map(str, _guide_problems(guide, sheets, known)))
        problems.extend(map(str, _word_problems(guide, glossary)))
    problems.extend(map(str, _coverage_problems(guides, sheets, corpus, whole=only is None)))
    problems.extend(map(str, _question_problems(guides)))
    if only is None:
        for load in (
            lambda: load_asked(corpus, {p.id for guide in guides.values() for p in guide.passages}),
            lambda: load_believed(corpus, guides),
            lambda: load_cards(corpus, guides),
            lambda: _load_sources(corpus, sheets),
            lambda: _load_lessons(corpus, guides, glossary),
            lambda: _load_practice(corpus, guides, glossary),
        ):
            try:
                load()
            except CorpusError as error:
                problems.extend(str(error).split("\n"))
    return CorpusReport(tuple(guides.values()), len(sheets), tuple(sorted(set(problems))))


def shelf_problems(corpus: Path, library: Library | None) -> list[str]:
    """Return what is wrong with the shelf files, `path:line: message`."""
    try:
        documents = load_shelf(corpus)
    except CorpusError as error:
        return str(error).split("\n")
    problems, homes = [], dict[str, str]()
    for document in documents:
        where = f"{corpus / shelf_path(document.id)}:1"
        if document.number and (other := homes.setdefault(document.number, document.id)) != document.id:
            problems.append(f"{where}: number {document.number} stands in {other} too")
        if library and not library.has(document.file, document.reading):
            problems.append(f"{where}: the library lacks its text; read the file again with: binhdan ingest")
    return problems


def _load_sources(corpus: Path, sheets: dict[str, Sheet]) -> None:
    from rag.documents.sources import FILE, load_sources  # the way to the network, which answering never needs

    if (path := corpus / FILE).exists():
        load_sources(path, sheets)


def _file_problems(corpus: Path) -> Iterator[Problem]:
    """Yield text that no search would find: NFD, Icelandic ð, invisible characters."""
    for path in sorted(p for p in corpus.rglob("*") if p.suffix in {".md", ".yaml"}):
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            if unicodedata.normalize("NFC", line) != line:
                yield Problem(path, number, "not in Unicode NFC; save the file as NFC")
            if bad := {f"U+{ord(c):04X}" for c in line if c in "ðÐ" or unicodedata.category(c) in {"Cf", "Cc", "Co"}}:
                yield Problem(path, number, f"has {', '.join(sorted(bad))}, which Vietnamese text never has")


def _load_lessons(corpus: Path, guides: dict[str, Guide], glossary: Glossary) -> None:
    lessons, _ = load_lessons(corpus, guides)
    _explained(corpus / LESSONS, {lesson.id: texts_of(lesson) for lesson in lessons}, glossary)


def _load_practice(corpus: Path, guides: dict[str, Guide], glossary: Glossary) -> None:
    screens, _ = load_practice(corpus, guides)
    drawn = {
        screen.id: [ADDRESS.sub(" ", text) for scene in screen.scenes for text in drawn_texts(scene)]
        for screen in screens.values()
    }
    _explained(corpus / PRACTICE, {key: practice_texts(screens[key]) + drawn[key] for key in screens}, glossary)


def _explained(folder: Path, texts: Mapping[str, list[str]], glossary: Glossary) -> None:
    """Raise CorpusError for words that learners need not know, by the name of the file that has them."""
    unexplained = [
        f"{folder / name}.yaml:1: {', '.join(words)}: say it in Vietnamese or add it to glossary.yaml"
        for name, said in texts.items() if (words := glossary.unexplained(" ".join(said)))
    ]  # fmt: skip
    if unexplained:
        raise CorpusError("\n".join(unexplained))


def _guide_problems(guide: Guide, sheets: dict[str, Sheet], known: set[str]) -> Iterator[Problem]:
    def at(line: int, message: str) -> Problem:
        return Problem(guide.path, line, message)

    for sheet_id in guide.covers:
        if sheet_id not in sheets:
            yield at(1, f"covers {sheet_id}, which is no sheet")
    newest = max((sheets[s].as_of for s in guide.covers if s in sheets), default=guide.as_of)
    if guide.as_of != newest:
        yield at(1, f"as_of is {guide.as_of}, expected {newest}: the newest source of its sheets")
    for other in (*guide.related, *guide.replaces):
        if other not in known or other == guide.id:
            yield at(1, f"links to guide {other}, which does not exist")
    if not guide.passages or guide.passages[0].section is not Section.SHORT:
        yield at(1, "the first section is not 'Trả lời ngắn'")
    for passage in guide.passages:
        for line in passage.lines:
            yield from (at(line.number, message) for message in _line_problems(line, sheets))
        yield from (at(passage.lines[0].number, message) for message in dict.fromkeys(_passage_problems(passage)))


def _passage_problems(passage: Passage) -> Iterator[str]:
    """Yield what is wrong with the lines of a passage that are true together, on each day on which these change."""
    starts = (line.valid_from for line in passage.lines)
    ends = (line.valid_until + timedelta(days=1) for line in passage.lines if line.valid_until)
    for day in sorted({date.min, *filter(None, starts), *ends}):
        lines = [line for line in passage.lines if line.valid_on(day)]
        steps = [line.step for line in lines if line.step is not None]
        if steps != list(range(1, len(steps) + 1)):
            yield f"steps are numbered {steps}"
        if passage.section is Section.SHORT and len(lines) > 2:
            yield "'Trả lời ngắn' has more than 2 lines"


def _line_problems(line: Line, sheets: dict[str, Sheet]) -> Iterator[str]:
    subjects = {item.id.partition(":")[0] for item in line.items}
    published = (source.date for item in line.items for source in item.sources if source.date)
    evidence = [*(item.text for item in line.items), *(sheets[sheet_id].title for sheet_id in subjects), *published]
    if lost := missing(line.text, evidence):
        yield f"states {', '.join(repr(atom.text) for atom in lost)}, which {', '.join(i.id for i in line.items)} do not"
    if len(line.text) > MAX_LINE_CHARS:
        yield f"has {len(line.text)} characters, at most {MAX_LINE_CHARS}: split it"
    doubtful = [
        item.id
        for item in line.items
        if item.kind != "conflict"
        and (item.confidence == "low" or (item.confidence == "medium" and item.kind in _CAREFUL_KINDS))
    ]
    if doubtful and not _HEDGE.search(line.text):
        yield f"{', '.join(doubtful)} is not certain, but the wording is: say 'theo …', 'nên hỏi lại' or the like"
    if not line.sources:
        yield f"{', '.join(i.id for i in line.items)} has no source"
    if line.valid_from and missing(f"{line.valid_from:%d/%m/%Y}", evidence):
        yield f"is bounded by {line.valid_from}, a day its items do not name"
    # The last day of an old rule is mostly named by the first one of the new rule.
    if last := line.valid_until:
        days = (last, last + timedelta(days=1))
        if all(missing(f"{day:%d/%m/%Y}", evidence) for day in days):
            yield f"is bounded by {last}, a day its items do not name"


def _word_problems(guide: Guide, glossary: Glossary) -> Iterator[Problem]:
    for line in (line for passage in guide.passages for line in passage.lines):
        if words := glossary.unexplained(line.text):
            yield Problem(
                guide.path, line.number, f"{', '.join(words)}: say it in Vietnamese or add it to glossary.yaml"
            )


def _coverage_problems(
    guides: dict[str, Guide], sheets: dict[str, Sheet], corpus: Path, whole: bool
) -> Iterator[Problem]:
    stated: dict[str, set[str]] = defaultdict(set)
    for guide in guides.values():
        for item_id, _ in guide.left_out:
            sheet_id, _, local = item_id.partition(":")
            if sheet_id not in sheets or local not in sheets[sheet_id].items:
                yield Problem(guide.path, 1, f"left_out names {item_id}, which does not exist")
            stated[sheet_id].add(local)
        for passage in guide.passages:
            for item in (item for line in passage.lines for item in line.items):
                sheet_id, _, local = item.id.partition(":")
                stated[sheet_id].add(local)
    homes = {sheet_id: guide.path for guide in guides.values() for sheet_id in guide.covers}
    for sheet_id, sheet in sheets.items():
        if sheet_id not in homes:
            if whole:
                yield Problem(corpus / "facts" / f"{sheet_id}.yaml", 1, "no guide covers this sheet")
            continue
        for local, item in sheet.items.items():
            if local not in stated[sheet_id] and item.kind != "law":
                yield Problem(homes[sheet_id], 1, f"{item.id} is neither stated nor left out: {item.text[:80]}")


def _question_problems(guides: dict[str, Guide]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for guide in guides.values():
        if not MIN_QUESTIONS <= len(guide.questions) <= MAX_QUESTIONS:
            yield Problem(
                guide.path, 1, f"has {len(guide.questions)} questions, expected {MIN_QUESTIONS} to {MAX_QUESTIONS}"
            )
        for question in guide.questions:
            key = re.sub(r"\W+", " ", fold(clean(question))).strip()
            if key in seen:
                yield Problem(guide.path, 1, f"question {question!r} stands in {seen[key]} too")
            seen[key] = guide.id
