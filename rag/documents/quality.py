"""How far the text of a page can be trusted, as a share in [0, 1]. Nothing here does I/O but loading the language.

What gives bad text away: syllables that cannot be spelt so, neighbours that nobody has written, words for which another one
fits far better, signs inside words, numbers with letters in them, and a recognition that was not sure. What says nothing:
foreign words, numbers, codes, addresses, the dots and lines of forms. Lines that are missing cannot be seen here.
"""

import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from rag.documents.language import is_well_formed, language, marks_apart
from rag.documents.pages import Fault, PrintedLine
from rag.text import fold, has_marks

_ADDRESS = re.compile(r"www\.|https?:|@|\.(?:vn|com|org|net|gov)\b", re.IGNORECASE)
_CORE = re.compile(r"\W*(.*\w)?")
_LETTERS = re.compile(r"[^\W\d_]+")
# Bytes of old fonts and what recognition makes of specks, where letters belong.
_RUBBISH = re.compile(
    r"[^\W\d_][¡-¿×÷{}\[\]|~^=*#$<>\\‘“”»«%][^\W\d_]|[¤¥¦§¨©ª¬®¯±²³´µ¶¸¹º¼½¾¿ÆæØøÅåÄäËëÏïÖöÜüÑñÐÞþß÷×ŒœŠšŽžƒ\ufffd\ue000-\uf8ff]"
)
# What specks become between words; forms, lists and tables use other signs.
_STRAY = re.compile(r"[.,;'`\"‘’“”~^_*\\°!{}]{1,2}")
# A letter that looks like a digit in or behind a number: "3l/12", "50.00O", "1O5". "5l" is five litres, "2I" may be a code.
_SPOILT_NUMBER = re.compile(r"\d[.,/]?[OoIl|]+[.,/]?\d|\d[.,]\d+[OoIl|](?!\w)|(?<![\w./-])[OoIl|]\d*[.,]\d{3}(?!\w)")
# No such day or month; groups of a sum of money that are not of three.
_NO_NUMBER = re.compile(
    r"(?<![\d/.-])(?:(?:3[2-9]|[4-9]\d)/\d{1,2}/\d{4}|\d{1,2}/(?:1[3-9]|[2-9]\d)/\d{4})(?!\d)"
    r"|(?<![\d.,])\d{1,3}(?:\.\d{3})*\.(?:\d{1,2}|\d{4,}) (?:đồng|VNĐ|VND)(?!\w)"
)
_UNITS = frozenset("m km cm mm kg mg g l ml h ha kw kwh w v tr tp ts ths pgs gs stt".split())

# What the share of each takes off the score; 0.2 is the most that a page may lose whose text is cited. Chosen by
# evals.bench_mending on scans of 28 articles of law at fourteen grades, the pairs of their 25 laws forgotten: of pages with at
# most 1 % of characters wrong the recognition's doubt is under 0.07 and goes with new pairs (as a geometric mean) to 0.052; of those
# with more than 5 % nine in ten have over 0.09 and 0.083. Encyclopedia without a fault has 0.09 new pairs, at most 0.25.
_MALFORMED, _MISFIT, _RUBBISH_COST, _STRAY_COST, _DOUBT, _DOUBTED_PAIRS = 3.0, 5.0, 5.0, 2.0, 2.0, 1.8
_USUAL_NEW, _NEW_PAIRS = 0.3, 1.0
# Tesseract is never surer of a line than 0.97, and of lines without a fault it is so in the middle by 0.96: so much says nothing.
_NO_DOUBT = 0.03
# A sum or date that cannot be is one that somebody would rely on.
_BAD_NUMBER = 0.25
# Vietnamese without its marks: of English words fewer than half are syllables without marks, of such a page nearly all.
_PLAIN_SHARE, _PLAIN = 0.7, 0.5
_FEWEST_WORDS = 25  # shares of less are of so many: a title page with one foreign name is no bad page
_UNREADABLE_BELOW, _WRONG_MARKS_FROM = 0.5, 0.02


def score_lines(lines: Sequence[PrintedLine], mended: Collection[Fault] = ()) -> tuple[float, frozenset[Fault]]:
    """Return the quality of a page's lines in [0, 1], and what is wrong; from 0.8 its text may be cited.

    `mended` is what was wrong before the lines were mended: a digit that was guessed counts like one that is wrong.
    """
    counts: Counter[str] = Counter()
    for line in lines:
        counts["numbers"] += len(_SPOILT_NUMBER.findall(line.text)) + len(_NO_NUMBER.findall(line.text))
        for run in _runs(line.text.split(), counts):
            _count_neighbours(run, counts)
    words = max(counts["words"], _FEWEST_WORDS)
    chars = sum(len(line.text) for line in lines)
    doubt = max(0.0, sum((1 - line.sure) * len(line.text) for line in lines) / max(chars, 1) - _NO_DOUBT)
    new = counts["new"] / max(counts["pairs"], _FEWEST_WORDS)
    lost = (
        _MALFORMED * counts["malformed"] / words
        + _MISFIT * counts["misfits"] / words
        + _RUBBISH_COST * counts["rubbish"] / words
        + _STRAY_COST * counts["stray"] / words
        + _DOUBT * doubt
        + _DOUBTED_PAIRS * math.sqrt(new * doubt)
        + _NEW_PAIRS * max(0.0, new - _USUAL_NEW)
        + _BAD_NUMBER * bool(counts["numbers"] or Fault.GUESSED_DIGITS in mended)
    )
    plain = counts["plain"] > _PLAIN_SHARE * words
    score = max(0.0, 1 - lost - _PLAIN * plain)
    faults = set()
    if plain or (counts["malformed"] + counts["misfits"]) / words >= _WRONG_MARKS_FROM:
        faults.add(Fault.WRONG_MARKS)
    if score < _UNREADABLE_BELOW:
        faults.add(Fault.UNREADABLE)
    return score, frozenset(faults)


def _runs(chunks: Sequence[str], counts: Counter[str]) -> Iterator[list[str]]:
    """Yield words that stand beside each other without a sign or number between, and count what stands by itself."""
    run: list[str] = []
    for n, chunk in enumerate(chunks):
        match = _CORE.match(chunk)
        core = (match and match[1]) or ""
        if not core or not core.isalpha() or chunk[0] != core[0]:
            yield run
            run = []
        if not core:
            counts["stray"] += bool(n and _STRAY.fullmatch(chunk))
            counts["rubbish"] += bool(_RUBBISH.search(chunk))
        elif not _ADDRESS.search(chunk):
            counts["words"] += 1
            counts["rubbish"] += bool(_RUBBISH.search(chunk))
            counts["malformed"] += any(map(_is_malformed, _LETTERS.findall(core)))
            counts["plain"] += core.isascii() and len(core) > 1 and bool(language().forms(core.lower()))
            if core.isalpha():
                run.append(core)
        if run and chunk[-1] != run[-1][-1]:
            yield run
            run = []
    yield run


def _count_neighbours(run: Sequence[str], counts: Counter[str]) -> None:
    words = [word.lower() for word in run]
    for one, other in pairwise(words):
        if language().is_real(one) and language().is_real(other) and not (one.isascii() and other.isascii()):
            counts["pairs"] += 1
            counts["new"] += not language().knows(f"{one} {other}")
    for n in range(1, len(words) - 1):
        counts["misfits"] += run[n].islower() and _is_misfit(*words[n - 1 : n + 2])


@lru_cache(maxsize=65536)
def _is_malformed(core: str) -> bool:
    """Tell whether letters are neither a syllable nor a foreign word: spelt with marks as no syllable is, or without a vowel."""
    word = core.lower()
    if is_well_formed(word) or (core.isupper() and word.isascii()):
        return False
    if has_marks(word):
        return not language().knows(word)
    return len(word) > 1 and word not in _UNITS and not set(word) & set("aeiouy")


def _is_misfit(before: str, word: str, after: str) -> bool:
    """Tell whether `word` has never stood between these two, and exactly one syllable with one other mark has."""
    knows = language().knows
    if not language().is_real(word) or knows(f"{before} {word}") or knows(f"{word} {after}"):
        return False
    near = (form for form in language().forms(fold(word)) if form != word and marks_apart(form, word) == 1)
    return sum(knows(f"{before} {form}") and knows(f"{form} {after}") for form in near) == 1
