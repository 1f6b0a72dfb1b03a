"""Sentences marked for reading aloud: `<span class="s" data-say="…">`. What is shown and copied stays as it was.

`data-say` has the words of the voice where they differ from what is written. A sentence that bold type or a citation mark cuts
has several spans with one `data-n`, the first with the words of all. Escapes what it is given, or takes HTML that is escaped.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from html import unescape
from itertools import groupby, pairwise

from markdown_it.common.utils import escapeHtml
from markupsafe import Markup, escape

from rag.speech import spoken
from rag.text import sentence_spans

_PART = re.compile(
    r'(?P<mark>&nbsp;<a class="mark".*?</a>)|(?P<tag><(?P<name>/?\w+)[^>]*>)|(?P<text>(?:(?!&nbsp;<a )[^<])+|.)',
    re.DOTALL,
)
_INLINE = frozenset(("strong", "em", "code", "a", "br"))
# The guides' lines; saying one takes about a millisecond, a page has a hundred.
_said = lru_cache(maxsize=8192)(spoken)


def aloud(text: str) -> Markup:
    """Return `text` escaped, each sentence in a span of its own: "Nộp 5 bản." → `<span class="s" data-say="Nộp năm bản.">…`."""
    parts, at = [], 0
    for start, end in sentence_spans(text):
        sentence = text[start:end]
        parts += [
            escape(text[at:start]),
            _span(escape(sentence), _said(sentence) if _said(sentence) != sentence else None),
        ]
        at = end
    return Markup("").join([*parts, escape(text[at:])])


def aloud_html(html: str, full: Mapping[str, str] | None = None) -> Markup:
    """Return HTML of an answer, as Markdown and its marks make it, with the sentences of each block in spans.

    `full` is that of `rag.speech.spoken`. Without the spans it is what came in.
    """
    numbered, done = 0, []
    for block in _blocks(html):
        marked, numbered = _marked(block, full, numbered)
        done.append(marked)
    return Markup("".join(done))


def _blocks(html: str) -> Iterator[list[re.Match[str]]]:
    """Yield the parts of `html` in runs: what stands in one paragraph or list item, and the tags between."""
    for _, run in groupby(_PART.finditer(html), key=lambda m: not m["tag"] or m["name"].strip("/") in _INLINE):
        yield list(run)


def _marked(block: list[re.Match[str]], full: Mapping[str, str] | None, numbered: int) -> tuple[str, int]:
    """Return a block with its sentences in spans, and how many sentences in pieces there are so far."""
    plain = "".join(unescape(part["text"] or "") for part in block).replace("\n", " ")
    spans = sentence_spans(plain)
    pieces = list(_pieces(block, spans))
    words = [spoken(plain[start:end], full) for start, end in spans]
    done, seen = [], {}
    for html, sentence in pieces:
        if sentence is None:
            done.append(html)
            continue
        cut = sum(other == sentence for _, other in pieces) > 1
        first = sentence not in seen
        if first:
            numbered += cut
            seen[sentence] = numbered
        start, end = spans[sentence]
        say = words[sentence] if first and (cut or words[sentence] != plain[start:end]) else None
        done.append(_span(html, say, seen[sentence] if cut else None))
    return "".join(done), numbered


def _pieces(block: Iterable[re.Match[str]], spans: list[tuple[int, int]]) -> Iterator[tuple[str, int | None]]:
    """Yield the block's HTML in pieces, each with the number of its sentence; None for marks, tags and spaces."""
    at = 0
    for part in block:
        if part["text"] is None:
            yield part.group(), None
            continue
        text = unescape(part["text"])
        cuts = sorted({0, len(text), *(c - at for span in spans for c in span if at < c < at + len(text))})
        for start, end in pairwise(cuts):
            inside = (n for n, (a, b) in enumerate(spans) if a <= at + start and at + end <= b)
            yield escapeHtml(text[start:end]), next(inside, None) if text[start:end].strip() else None
        at += len(text)


def _span(html: str, say: str | None, number: int | None = None) -> str:
    marks = {"data-n": number, "data-say": say}
    told = "".join(f' {name}="{escape(value)}"' for name, value in marks.items() if value is not None)
    return Markup(f'<span class="s"{told}>{html}</span>')
