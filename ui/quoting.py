"""Where a unit of a document stands on its page: which printed lines to mark, or which part of its paragraphs. Pure.

Words are compared without marks, spaces and punctuation, as recognition and line breaks change those. A text that runs over
two pages, or that a person corrected, is found by the runs of words that it shares with the page.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby

from rag.documents.pages import Block, Box, Page, PrintedLine
from rag.documents.shelf import heading_of
from rag.documents.units import Unit, UnitKind, is_within
from rag.text import clean, fold, letters_of, syllables

# A shorter run of words that both have is chance ("theo quy định").
_RUN_WORDS = 4
_MARKED_SHARE = 0.5  # of a line's words
_Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Marked:
    """A paragraph, or the rows of a table, in pieces; each with whether it is quoted."""

    pieces: tuple[tuple[str, bool], ...] = ()
    rows: tuple[tuple[tuple[str, ...], bool], ...] = ()
    header: int = 0


def quoted_units(units: Sequence[Unit], unit_id: str) -> list[Unit]:
    """Return the unit of this id with those below it."""
    return [unit for unit in units if is_within(unit.id, unit_id)]


def outline(units: Sequence[Unit]) -> list[tuple[str, list[Unit]]]:
    """Return a document's articles (or headings) in order, each by name with its units."""
    tops = ((top, list(rows)) for top, rows in groupby(units, key=lambda unit: "".join(unit.path[:1])))
    return [(heading_of(top, rows), rows) for top, rows in tops]


def unit_name(unit: Unit) -> str:
    """Return a unit as it is cited: "Điều 4, khoản 2"."""
    return ", ".join(unit.path)


def quoted_boxes(page: Page, units: Sequence[Unit], quoted: Sequence[Unit]) -> list[Box]:
    """Return the boxes of the printed lines in which the quoted units stand, from the top."""
    found = _quoted_lines(page.lines, units, quoted)
    return [box for number in sorted(found) if (box := page.lines[number].box)]


def marked_blocks(blocks: Sequence[Block], units: Sequence[Unit], quoted: Sequence[Unit]) -> list[Marked]:
    """Return paragraphs and tables with the words of the quoted units marked, each where it first stands in its article."""
    letters = [letters_of(block.text) for block in blocks]
    spans: dict[int, list[_Span]] = {}
    for unit in quoted:
        heading = _article_name(units, unit)
        start = next((n for n, text in enumerate(letters) if heading and heading in text), 0)
        for text in filter(None, (unit.heading, unit.text)):
            for number, span in _places(blocks, letters, start, text):
                spans.setdefault(number, []).append(span)
    texts = [letters_of(unit.text) for unit in quoted]
    return [_marked(block, spans.get(n, []), texts) for n, block in enumerate(blocks)]


def _quoted_lines(lines: Sequence[PrintedLine], units: Sequence[Unit], quoted: Sequence[Unit]) -> set[int]:
    letters = [letters_of(line.text) for line in lines]
    whole, owner = "".join(letters), [n for n, text in enumerate(letters) for _ in text]
    found: set[int] = set()
    for unit in quoted:
        start = _article_start(whole, units, unit)
        for text in (unit.heading, unit.text):
            if unit.kind is UnitKind.ROW:
                found |= _row_lines(lines, letters, text)
            elif (at := whole.find(letters_of(text), start)) >= 0 and letters_of(text):
                found |= set(owner[at : at + len(letters_of(text))])
            elif text:
                found |= _lines_by_words(lines, text)
    return found


def _article_start(whole: str, units: Sequence[Unit], unit: Unit) -> int:
    """Return where the unit's article begins on the page; 0 where it began before."""
    return max(whole.find(_article_name(units, unit)), 0)


def _article_name(units: Sequence[Unit], unit: Unit) -> str:
    top = next((u for u in units if u.path and u.path == unit.path[:1]), None)
    return letters_of(" ".join(dict.fromkeys((top.path[0], top.heading)))) if top else ""


def _lines_by_words(lines: Sequence[PrintedLine], text: str) -> set[int]:
    printed = [(word, n) for n, line in enumerate(lines) for word in _words(line.text)]
    wanted = _words(text)
    least = min(_RUN_WORDS, len(wanted))
    matcher = SequenceMatcher(None, [word for word, _ in printed], wanted, autojunk=False)
    shared = [
        n for run in matcher.get_matching_blocks() if run.size >= least for _, n in printed[run.a : run.a + run.size]
    ]
    total = [n for _, n in printed]
    return {n for n in set(shared) if shared.count(n) >= _MARKED_SHARE * total.count(n)}


def _row_lines(lines: Sequence[PrintedLine], letters: Sequence[str], text: str) -> set[int]:
    """Return the lines of a table's row: those beside the one that has its longest cell."""
    cells = sorted(filter(None, (letters_of(part.partition(": ")[2]) for part in text.split("; "))), key=len)
    if not cells:
        return set()
    anchors = [n for n, line in enumerate(letters) if cells[-1] in line or (len(line) > 1 and line in cells[-1])]
    beside = [n for n, line in enumerate(letters) if any(cell in line or (line and line in cell) for cell in cells)]
    return {n for n in beside if any(_level(lines[n].box, lines[a].box) for a in anchors)} | set(anchors)


def _level(one: Box | None, other: Box | None) -> bool:
    if not one or not other:
        return False
    return min(one.bottom, other.bottom) - max(one.top, other.top) > 0.5 * min(
        one.bottom - one.top, other.bottom - other.top
    )


def _places(blocks: Sequence[Block], letters: Sequence[str], start: int, text: str) -> Iterator[tuple[int, _Span]]:
    """Yield the block that has the text with where it stands in it, or the blocks that it runs over."""
    wanted = letters_of(text)
    for number in range(start, len(blocks)):
        if wanted and (span := _span(blocks[number].text, wanted)):
            yield number, span
            return
    for number in range(start, len(blocks)):
        if letters[number] and letters[number] in wanted:
            yield number, (0, len(blocks[number].text))


def _marked(block: Block, spans: Sequence[_Span], texts: Sequence[str]) -> Marked:
    if block.rows:
        rows = tuple((row, n >= block.header and _row_is_quoted(row, texts)) for n, row in enumerate(block.rows))
        return Marked(rows=rows, header=block.header)
    pieces, end = [], 0
    for start, stop in sorted(spans):
        if start >= end:
            pieces += [(block.text[end:start], False), (block.text[start:stop], True)]
            end = stop
    return Marked(tuple((text, quoted) for text, quoted in (*pieces, (block.text[end:], False)) if text))


def _row_is_quoted(row: Sequence[str], texts: Sequence[str]) -> bool:
    cells = [letters for cell in row if (letters := letters_of(cell))]
    return bool(cells) and any(all(cell in text for cell in cells) for text in texts)


def _span(whole: str, wanted: str) -> _Span | None:
    """Return where the letters `wanted` stand in `whole`, with the punctuation that follows them."""
    places = [(n, letter) for n, char in enumerate(whole) if (letter := fold(char)).isalnum()]
    at = "".join(letter for _, letter in places).find(wanted)
    if at < 0 or any(len(letter) != 1 for _, letter in places):
        return None
    end = places[at + len(wanted) - 1][0] + 1
    while end < len(whole) and whole[end] in '.,;:!?…)”"':
        end += 1
    return places[at][0], end


def _words(text: str) -> list[str]:
    return syllables(fold(clean(text)))
