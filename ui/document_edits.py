"""What a document changes in our guides, for the person who confirms it, and the edits of guides and sheets that follow.

Reads the corpus in use, writes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path

from rag.atoms import missing
from rag.documents.issuers import place_name
from rag.documents.shelf import Shelved, same_number, source_of
from rag.documents.sources import FILE, load_sources
from rag.documents.units import Description, Unit
from rag.editions import corpus_in_use, file_digest
from rag.guides import NATIONWIDE, Guide, Line, load_guides
from rag.overtaking import TOLD, Overtaken, Overtaking, resting_on, set_by_rule
from rag.records.changes import Draft, Evidence
from rag.records.documents import Document, LineEdit
from rag.settings import Settings
from rag.sheets import Sheet, load_sheets
from rag.text import clean, sentences
from ui.rewriting import Rewrite, rewritten_guide, rewritten_sheet, stated_item
from ui.shelf import shelf_in_use

_NOT_OFFICIAL = "Chỉ văn bản lấy từ nguồn chính thức mới đổi được câu trong hướng dẫn. Bạn bỏ chọn các câu đó, hoặc tìm bản chính thức."


@dataclass(frozen=True, slots=True)
class Choice:
    """A guide's line that a unit may change, wherever the guide has it; `values` are the words of old and new values, `edit` what is
    decided so far.
    """

    guide: Guide
    unit: Unit
    values: tuple[tuple[str, str], ...]
    edit: LineEdit

    @property
    def quote(self) -> str:
        """What the document says, word for word, as far as it bears the new values."""
        return quote_of(self.unit, self.edit.words)


@dataclass(frozen=True, slots=True)
class Impact:
    """What a document may change: lines of its first day; guides, each with such lines that begin later; guides, each with the
    numbers of the ended laws that it rests on; guides that cite its page.
    """

    choices: tuple[Choice, ...] = ()
    later: tuple[tuple[Guide, tuple[str, ...]], ...] = ()
    resting: tuple[tuple[Guide, tuple[str, ...]], ...] = ()
    citing: tuple[tuple[Guide, tuple[str, ...]], ...] = ()


def impact(
    settings: Settings, found: Document, said: Description, units: Sequence[Unit], kept: Sequence[LineEdit], today: date
) -> Impact:
    """Return what a document, described as `said`, may change in the guides of the day on which it comes into force."""
    corpus, day = corpus_in_use(settings), said.in_force or today
    guides, sheets = _standing(corpus)
    found_lines = _overtaking(corpus, day).lines(units, said.title)
    rows = [row for row in found_lines if row.line.valid_on(day)]
    later = tuple((row.guide, (row.line.text,)) for row in found_lines if not row.line.valid_on(day))
    known = {(edit.guide, edit.old): edit for edit in kept}
    likeliest: dict[tuple[str, str], Overtaken] = {}
    for row in rows:
        likeliest.setdefault((row.guide.id, row.line.text), row)
    by_id = {unit.id: unit for unit in units}
    choices = [_choice(row, known.pop(key, None), by_id) for key, row in likeliest.items()]
    choices += [  # chosen before something else of the document was corrected
        Choice(guides[edit.guide], by_id[edit.unit], (), edit)
        for edit in known.values()
        if edit.wanted and edit.unit in by_id and _lines(guides.get(edit.guide), edit.old, day)
    ]
    resting = resting_on(said.relations, guides.values(), sheets)
    return Impact(
        tuple(choices), later, tuple((guides[g], tuple(numbers)) for g, numbers in resting.items()),
        _citing(settings, found, said.number, guides.values()),
    )  # fmt: skip


def drafts_of(
    settings: Settings, said: Shelved, units: Sequence[Unit], edits: Sequence[LineEdit]
) -> tuple[list[Draft], list[str]]:
    """Return guides and sheets with the wanted lines changed from the document's first day on; and what is in the way, in words."""
    wanted = {(edit.guide, edit.old): edit for edit in edits if edit.wanted}.values()
    if wanted and not said.official:
        return [], [_NOT_OFFICIAL]
    corpus = corpus_in_use(settings)
    guides, by_id = _standing(corpus)[0], {unit.id: unit for unit in units}
    rewrites, problems = [], []
    for edit in wanted:
        lines, unit = _lines(guides.get(edit.guide), edit.old, said.in_force), by_id.get(edit.unit)
        if not lines or unit is None:
            problems.append(f"Câu “{edit.old}” không còn như lúc bạn chọn. Bạn mở lại trang này để xem.")
        elif any(line.valid_from == said.in_force for line in lines):  # an old rule that never was one
            problems.append(
                f"Câu “{edit.old}” cũng bắt đầu từ ngày đó. Bạn bỏ chọn câu này và sửa thẳng trong hướng dẫn."
            )
        elif not _holds_there(said, guides[edit.guide], edit.old):
            problems.append(
                f"Văn bản chỉ áp dụng ở {said.territory}, còn câu “{edit.old}” nói cho cả nước. Bạn bỏ chọn câu này."
            )
        elif not edit.words.strip() or clean(edit.words) == clean(edit.old):
            problems.append(f"Bạn ghi câu mới cho “{edit.old}”, hoặc bỏ chọn câu đó.")
        elif unsaid := _unsaid(said, unit, edit):
            problems.append(f"{', '.join(unit.path)} không ghi “{unsaid}”. Bạn xem lại câu mới: “{edit.words}”.")
        else:
            page, quote = source_of(said, unit).page or "", quote_of(unit, edit.words)
            rewrites += [
                (unit, Rewrite(guides[edit.guide], line, edit.words, quote, said.in_force, page, said.expires))
                for line in lines
            ]
    return [] if problems else _drafts(corpus, said, rewrites), problems


def quote_of(unit: Unit, words: str) -> str:
    """Return the sentences of a unit that state a value of `words`, all of it where none does."""
    values = {(atom.kind, atom.value, atom.unit) for atom in set_by_rule(words)}
    bearing = [
        text for text in sentences(clean(unit.text))
        if values & {(atom.kind, atom.value, atom.unit) for atom in set_by_rule(text)}
    ]  # fmt: skip
    return " ".join(bearing) or clean(unit.text)


def _choice(row: Overtaken, kept: LineEdit | None, units: Mapping[str, Unit]) -> Choice:
    """Return a line with what is decided of it, on the unit that it was decided on as long as the document has that."""
    if kept is None or (not kept.wanted and kept.unit != row.unit.id):
        kept = LineEdit(row.guide.id, row.line.text, row.unit.id, row.words, False)
    if kept.unit in units and kept.unit != row.unit.id:
        return Choice(row.guide, units[kept.unit], (), kept)
    values = tuple((old.text, new.text) for old, new in row.values)
    return Choice(row.guide, row.unit, values, replace(kept, unit=row.unit.id))


def _drafts(corpus: Path, said: Shelved, rewrites: Iterable[tuple[Unit, Rewrite]]) -> list[Draft]:
    texts: dict[str, str] = {}
    stated: dict[tuple[str, str, str, str], tuple[str, str]] = {}
    # From the last line up: what is put in below does not move the lines above.
    for unit, rewrite in sorted(rewrites, key=lambda row: -row[1].line.number):
        evidence, item = _evidence(said, unit), stated_item(rewrite.line).id
        sheet, guide = f"facts/{item.partition(':')[0]}.yaml", f"guides/{rewrite.guide.topic}/{rewrite.guide.id}.md"
        for path in (sheet, guide):
            texts.setdefault(path, (corpus / path).read_text(encoding="utf-8"))
        key = item, unit.id, rewrite.line.text, rewrite.words
        if key not in stated:  # several lines may say the same
            texts[sheet], *ids = rewritten_sheet(texts[sheet], rewrite, evidence)
            stated[key] = ids[0], ids[1]
        texts[guide] = rewritten_guide(texts[guide], rewrite, *stated[key], evidence)
    return [Draft(path, file_digest(corpus, path), text) for path, text in texts.items()]


def _unsaid(said: Shelved, unit: Unit, edit: LineEdit) -> str:
    """Return the first fact of a new line that neither the unit nor the old line has, nor what the document is called and when it begins."""
    grounds = (unit.heading, unit.text, edit.old, said.name, f"{said.in_force:%d/%m/%Y}")
    return next((atom.text for atom in missing(edit.words, grounds)), "")


def _evidence(said: Shelved, unit: Unit) -> Evidence:
    source = source_of(said, unit)
    return Evidence(source.publisher, source.title, source.url or "", source.date or "", source.official)


def _holds_there(said: Shelved, guide: Guide, line: str) -> bool:
    """Tell whether a document may end a line: what holds in one place ends nothing that is said of the whole country."""
    return said.territory in (NATIONWIDE, guide.territory) or place_name(said.territory) in line


def _lines(guide: Guide | None, text: str, day: date) -> list[Line]:
    """Return the lines of these words that `Overtaking` may show for a document of a day."""
    places = guide.places(text) if guide else []
    return [line for passage, line in places if passage.section not in TOLD and line.valid_on(day)]


def _citing(
    settings: Settings, found: Document, number: str, guides: Iterable[Guide]
) -> tuple[tuple[Guide, tuple[str, ...]], ...]:
    """Return the guides whose sheets cite the page that a document is: `covers` of the list of sources, the same address, or the
    version that it replaces under its number.
    """
    covered = _covered(corpus_in_use(settings)).get(found.new.source, frozenset())
    shelved = tuple(
        f"/van-ban/{other.id}/" for other in shelf_in_use(settings).values() if same_number(other.number, number)
    )
    return tuple(
        (guide, ()) for guide in guides
        if covered & set(guide.covers)
        or any(
            s.url == found.new.origin or (s.page or "").startswith(shelved)
            for p in guide.passages for line in p.lines for s in line.sources
        )
    )  # fmt: skip


@lru_cache(maxsize=1)
def _standing(corpus: Path) -> tuple[Mapping[str, Guide], Mapping[str, Sheet]]:
    sheets = load_sheets(corpus / "facts")
    return load_guides(corpus, sheets), sheets


@lru_cache(maxsize=4)
def _overtaking(corpus: Path, day: date) -> Overtaking:
    return Overtaking(_standing(corpus)[0].values(), day)


@lru_cache(maxsize=1)
def _covered(corpus: Path) -> Mapping[str, frozenset[str]]:
    path = corpus / FILE
    pages = load_sources(path).pages if path.exists() else ()
    return {page.id: frozenset(page.covers) for page in pages}
