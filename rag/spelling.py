"""What the keys meant: Telex and VNI typed with the keyboard switched off, drawn-out letters, slips of the finger.

A word is touched only when it is no Vietnamese syllable, no word of the guides and no short form; then it is read as
raw keys, as a drawn-out word, or as one slip away from a word of the guides, in this order, and left alone when none
fits. A word with marks whose parts are those of Vietnamese syllables ("lốm") is rare, not mistyped. Reads the list of
syllables; no other I/O.
"""

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from rag.errors import CorpusError
from rag.text import SYLLABLE, clean, fold, has_marks

_TONES = {"\u0301": "s", "\u0300": "f", "\u0309": "r", "\u0303": "x", "\u0323": "j"}
_MARKS = {"\u0302": "^", "\u0306": "w", "\u031b": "w"}
_VNI = {"1": "s", "2": "f", "3": "r", "4": "x", "5": "j", "6": "^", "7": "w", "8": "w", "9": "d"}
_VOWELS = frozenset("aeiouy")
_LETTERS = "abcdeghiklmnopqrstuvxy"
# What a syllable opens with, and the rest of it.
_PARTS = re.compile(r"(ngh|ng|nh|gh|gi|kh|ph|qu|th|tr|ch|[bcdđghklmnpqrstvx])?(.*)")
# Shorter words are one slip away from half the language.
_MIN_SLIP_CHARS = 3
# What a neighbour is worth that stands beside the candidate in the guides, in units of log frequency.
_NEIGHBOUR_WORTH = 6.0
# What every letter, mark or tone that differs costs, in the same units, and how many may.
_CHANGE_COST = 3.0
_MOST_CHANGES = 4

# The letters without marks, which marks are on them, and the tone: what both ways of typing spell out.
Keys = tuple[str, frozenset[str], str]


def load_syllables(corpus: Path) -> tuple[str, ...]:
    """Read `corpus/lexicon/syllables.txt`, most frequent first. Raises CorpusError."""
    path = corpus / "lexicon" / "syllables.txt"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise CorpusError(f"{path}:1: {error}") from error
    return tuple(line for line in lines if line and not line.startswith("#"))


class Speller:
    """Reads words as they were meant.

    `counts` are terms of the guides, syllables and bigrams ("tạm_trú"), with the number of texts that have them;
    `real` are Vietnamese syllables, most frequent first; `kept` are other words that are nobody's slip.
    """

    def __init__(self, counts: Mapping[str, int], real: Sequence[str], kept: Iterable[str]) -> None:
        self._counts = counts
        self._folded: dict[str, int] = defaultdict(int)
        self._forms: dict[str, list[str]] = defaultdict(list)
        for term, count in counts.items():
            plain = fold(term)
            self._folded[plain] += count
            if "_" not in term:
                self._forms[plain].append(term)
        written = [word for forms in self._forms.values() for word in forms]
        known = {*counts, *real, *kept}
        self._rimes = {_PARTS.fullmatch(word)[2] for word in real}  # type: ignore[index]
        self._known = known | set(map(fold, known))
        self._by_keys: dict[Keys, str] = {}
        for word in (*written, *real):
            self._by_keys.setdefault(_keys_of(word), word)

    def read(self, text: str) -> str:
        """Return cleaned `text` with the words that were mistyped read as meant: "lamf laji thẻr" → "làm lại thẻ"."""
        words = list(SYLLABLE.finditer(text))
        read = [self._word(match.group().lower()) for match in words]
        if not text.isupper():  # a capital inside is a name, and names are nobody's slip
            read = [w if n == 0 or words[n].group().islower() else words[n].group().lower() for n, w in enumerate(read)]
        for n, word in enumerate(read):
            if word is None:
                before, after = (read[i] if 0 <= i < len(read) else None for i in (n - 1, n + 1))
                read[n] = self._slip(words[n].group().lower(), before, after)
        parts, at = [], 0
        for match, word in zip(words, read, strict=True):
            parts += [text[at : match.start()], match.group() if word in (None, match.group().lower()) else word]
            at = match.end()
        return "".join([*parts, text[at:]])

    def _word(self, word: str) -> str | None:
        """Return a known word as it is, raw keys decoded, a drawn-out word shortened; None for anything else."""
        if word in self._known or word.isdigit():
            return word
        for keys in (telex_keys(word), vni_keys(word)):
            if keys is not None and (meant := self._by_keys.get(keys)):
                return meant
        if any(c.isdigit() for c in word):
            return word
        once = _once(word)
        return once if once != word and once in self._known else None

    def _slip(self, word: str, before: str | None, after: str | None) -> str | None:
        """Return the likeliest word of the guides that is one slip from `word` (edits: Damerau 1964), or None.

        A word with marks is Vietnamese and surely mistyped; one without may be foreign ("clip"), and is only read as a
        word that stands beside its neighbour in the guides.
        """
        plain = fold(word)
        marked = word != plain
        if marked and _PARTS.fullmatch(word)[2] in self._rimes:  # type: ignore[index]
            return None
        near = {plain, *_edits(plain)} & self._forms.keys() if len(plain) >= _MIN_SLIP_CHARS else set()
        candidates = {form for base in near for form in self._forms[base]} if marked else near
        counts = self._counts if marked else self._folded
        typed = Counter(unicodedata.normalize("NFD", word))

        def score(candidate: str) -> float:
            pairs = (f"{before}_{candidate}", f"{candidate}_{after}")
            beside = sum((pair if marked else fold(pair)) in counts for pair in pairs)
            if not marked and not beside:
                return 0.0
            other = Counter(unicodedata.normalize("NFD", candidate))
            changed = ((typed - other) + (other - typed)).total()
            return math.log1p(counts[candidate]) + _NEIGHBOUR_WORTH * beside + _CHANGE_COST * (_MOST_CHANGES - changed)

        scores = {c: score(c) for c in candidates if len(c) > 1}
        best = max(scores, key=lambda c: (scores[c], c), default=None)
        return best if best is not None and scores[best] > 0 else None


def _once(word: str) -> str:
    """Return a word with every run of one letter written once, with its marks: "trúuuu" → "trú"."""
    runs = ["".join(run) for _, run in groupby(word, fold)]
    return "".join(next((c for c in run if has_marks(c)), run[0]) for run in runs)


def telex_keys(word: str) -> Keys | None:
    """Read plain letters as Telex keys: "dduwowngf" → ("duong", {"d", "w"}, "f"); None without a mark or a vowel."""
    base, marks, tone = "", set(), ""
    for c in word:
        vowel = any(v in _VOWELS for v in base)
        if c == "d" and base.startswith("d"):
            marks.add("d")
        elif c == "w":
            marks.add("w")
            base += "" if vowel else "u"
        elif c in "sfrxj" and vowel:
            tone = c
        elif c in "aeo" and c in base and "^" not in marks:
            marks.add("^")
        else:
            base += c
    return _keys(base, marks, tone) if word.isascii() and word.isalpha() else None


def vni_keys(word: str) -> Keys | None:
    """Read letters with digits as VNI keys: "d9u7o7ng2" → ("duong", {"d", "w"}, "f"); None without a mark or a vowel."""
    signs = [_VNI[c] for c in word if c in _VNI]
    base = "".join(c for c in word if not c.isdigit())
    if not base.isascii() or not base.isalpha() or len(base) + len(signs) != len(word):
        return None
    tones = [sign for sign in signs if sign in "sfrxj"]
    return _keys(base, {sign for sign in signs if sign not in "sfrxj"}, tones[-1] if tones else "")


def _keys(base: str, marks: set[str], tone: str) -> Keys | None:
    return (base, frozenset(marks), tone) if (marks or tone) and _VOWELS & set(base) else None


def _keys_of(word: str) -> Keys:
    parts = unicodedata.normalize("NFD", clean(word).lower())
    marks = {_MARKS[c] for c in parts if c in _MARKS} | ({"d"} if "đ" in parts else set())
    return fold(word), frozenset(marks), next((_TONES[c] for c in parts if c in _TONES), "")


def _edits(word: str) -> set[str]:
    """Return everything one deletion, swap, replacement or insertion away."""
    splits = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    return {
        *(a + b[1:] for a, b in splits if b),
        *(a + b[1] + b[0] + b[2:] for a, b in splits if len(b) > 1),
        *(a + c + b[1:] for a, b in splits if b for c in _LETTERS),
        *(a + c + b for a, b in splits for c in _LETTERS),
    }
