"""Does this text say that? Comparison that is right for Vietnamese, and the vectors that prove it.

The usual normalisers are wrong here: dropping articles turns "Bộ Công an" into "bộ công", dropping commas makes
"1,5 triệu" fifteen million, and NFC differs from NFD. Here diacritics count, writing styles do not, and facts
are compared by value (`rag.atoms`). `red_vectors` runs before every evaluation. Reads its vectors only.
"""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

import yaml

from rag.atoms import Atom, AtomKind, atoms, contains
from rag.text import clean

VECTORS = Path(__file__).parent / "self_test.yaml"
_MARKS = re.compile(r"\s*\[\d+\](?!\()|\*\*|^\s*(?:\d+\.|[-#>]+)\s+", re.MULTILINE)
_FREE = r"miễn (?:phí|lệ phí)|không (?:mất|tốn|thu|phải nộp|phải trả|phải mất) (?:tiền|phí|lệ phí|khoản nào|đồng nào)"
# One way of writing where people have several; applied before facts are read.
_REWRITES = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        (r"[“”«»]", '"'),
        (r"[–—]", "-"),
        (r"(?<=\d)\s?h(?!\w)", " giờ"),
        (r"(?<=\d)\s?k(?!\w)", " nghìn đồng"),
        (_FREE, "0 đồng"),
        (r"\bmức độ(?= \d)", "mức"),
        (r"\bTT(?= \d)", "thông tư"),
        (r"\bNĐ(?= \d)", "nghị định"),
        (r"\b(khoản \d+),? (điều \d+)", r"\2 \1"),
    )
)


@lru_cache(4096)
def plain(text: str) -> str:
    """Return `text` cleaned, without citation marks and Markdown; case and diacritics are kept."""
    return clean(_MARKS.sub("", text))


@lru_cache(4096)
def facts(text: str) -> tuple[Atom, ...]:
    """Return the checkable facts of `text`; "miễn phí" is the fact "0 đồng"."""
    return atoms(_one_style(text))


def canonical(text: str) -> tuple[str, ...]:
    """Return the words of `text` with every fact replaced by its value: equal tuples say the same.

    "Lệ phí 30k" → ("lệ", "phí", "money:30000 đồng").
    """
    text = _one_style(text)
    words: list[str] = []
    start = 0
    for atom in atoms(text):
        at = text.index(atom.text, start)
        words += re.findall(r"\w+", text[start:at].lower())
        words.append(f"{atom.kind}:{atom.value} {atom.unit}".strip())
        start = at + len(atom.text)
    return (*words, *re.findall(r"\w+", text[start:].lower()))


def same(one: str, other: str) -> bool:
    """Tell whether two texts say the same, up to writing style."""
    return canonical(one) == canonical(other)


def states(text: str, pattern: str | None, fact: str | None) -> bool:
    """Tell whether some line of `text` matches `pattern` and states `fact` (whichever of them is given).

    A pattern may match the line as written or in the one style that facts are read in ("mức độ 2" as "mức 2").
    """
    return any(
        (pattern is None or any(compiled(pattern).search(form) for form in (line, _one_style(line))))
        and (fact is None or all(_stated(claim, line) for claim in facts(fact)))
        for line in _lines(text)
    )


def _stated(claim: Atom, line: str) -> bool:
    """Tell whether a line states a fact with its unit: "mức 2" does not state "2 ngày"."""
    found = (
        fact for fact in facts(line) if not claim.unit or fact.kind is not AtomKind.NUMBER or fact.unit == claim.unit
    )
    return contains(found, claim)


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Compile a case's pattern as answers are read: NFC, one tone style, case ignored. Raises re.error."""
    return re.compile(clean(pattern), re.IGNORECASE)


def _one_style(text: str) -> str:
    text = plain(text)
    for pattern, replacement in _REWRITES:
        text = pattern.sub(replacement, text)
    return text


def _lines(text: str) -> Iterator[str]:
    return (line for line in plain(text).split("\n") if line)


def red_vectors(path: Path = VECTORS) -> list[str]:
    """Return the vectors that this build gets wrong, as one line each; an evaluation must not run with any."""
    vectors = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    red = [f"{a!r} and {b!r} say the same, but are told apart" for a, b in vectors["same"] if not same(a, b)]
    red += [f"{a!r} and {b!r} differ, but are taken for the same" for a, b in vectors["different"] if same(a, b)]
    red += [
        f"{row['text']!r} {'states' if row['states'] else 'does not state'} {row['fact']!r}, but is read otherwise"
        for row in vectors["facts"]
        if states(row["text"], None, row["fact"]) is not row["states"]
    ]
    return red
