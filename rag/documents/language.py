"""What is Vietnamese: which syllables the spelling allows, which are in use, which stand beside each other.

Reads `corpus/lexicon/syllables.txt` and `corpus/fluency.npy` once, at the first question; needs numpy, no model.
"""

import math
import re
import unicodedata
from collections import Counter, defaultdict
from functools import lru_cache
from pathlib import Path

from rag.fluency import Fluency
from rag.spelling import load_syllables
from rag.text import fold

TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")
_CORPUS = Path(__file__).resolve().parents[2] / "corpus"

# Longest first, as an alternation takes the first that fits.
_ONSET = re.compile("ngh|ng|nh|gh|gi|kh|ph|qu|th|tr|ch|[bcdđghklmnprstvx]|")
# Every rime of the written language without its tone; the last row stands only behind "qu" and "gi".
_RIMES = """
a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây
e ec em en eng eo ep et ê êch êm ên ênh êp êt êu i ia ich iêc iêm iên iêng iêp iêt iêu im in inh ip it iu
o oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oc oe oen oeo oet oi om on ong ooc oong op ot
ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt u ua uân uâng uât uây uc uê uêch uênh ui um un ung uôc uôi uôm uôn uông uôt up ut
uơ uy uya uych uyên uyêt uynh uyp uyt uyu ư ưa ưc ưi ưm ưn ưng ươc ươi ươm ươn ương ươp ươt ươu ưt ưu y yêm yên yêng yêt yêu
êng ych yn ynh yt
""".split()
_MARKED_VOWEL = re.compile("[ăâêôơư]")
_VOWELS = re.compile("[aăâeêioôơuưy]+")
# A rare syllable costs so much more than the most frequent one; a pair that nobody has written as much again.
_RARE_COST = 3.0
_NEW_PAIR_COST = 2.0


def _toned(rime: str) -> set[str]:
    """Return `rime` with every tone that it can bear, placed as `rag.text.clean` does."""
    marked = [match.start() for match in _MARKED_VOWEL.finditer(rime)]
    vowels = len(_VOWELS.match(rime)[0])  # type: ignore[index]
    at = marked[-1] if marked else vowels - 1 if vowels < len(rime) or vowels == 1 else vowels - 2
    tones = ("\u0301", "\u0323") if rime.endswith(("c", "ch", "p", "t")) else ("", *TONES)
    return {unicodedata.normalize("NFC", rime[: at + 1] + tone + rime[at + 1 :]) for tone in tones}


_TONED_RIMES = frozenset().union(*map(_toned, _RIMES))


@lru_cache(maxsize=65536)
def is_well_formed(word: str) -> bool:
    """Tell whether a lower-case word is spelt as a Vietnamese syllable: "nghiễm" is, "ngưòi", "lắk" and "of" are not."""
    onset = _ONSET.match(word)[0]  # type: ignore[index]
    return word[len(onset) :] in _TONED_RIMES or (onset == "gi" and (word == "gi" or word[1:] in _TONED_RIMES))


class Language:
    """The syllables in use and their neighbours."""

    def __init__(self, corpus: Path = _CORPUS) -> None:
        """Read the list of syllables and the pairs. Raises CorpusError, ModelError."""
        real = [word for word in load_syllables(corpus) if is_well_formed(word)]
        self._cost = {word: _RARE_COST * math.log(n + 2) / math.log(len(real)) for n, word in enumerate(real)}
        self._forms: dict[str, list[str]] = defaultdict(list)
        for word in real:
            self._forms[fold(word)].append(word)
        self.knows = lru_cache(maxsize=65536)(Fluency(corpus / "fluency.npy").knows)

    def is_real(self, word: str) -> bool:
        """Tell whether a lower-case word is a syllable in use."""
        return word in self._cost

    def forms(self, plain: str) -> list[str]:
        """Return the syllables that are `plain` without their marks, the most frequent first."""
        return self._forms.get(plain, [])

    def whole(self, letters: str) -> str:
        """Return lower-case letters as the syllable in use that has the same marks: "họat" → "hoạt"; else as they are."""
        if letters in self._cost:
            return letters
        marks = sorted(unicodedata.normalize("NFD", letters))
        same = (form for form in self.forms(fold(letters)) if sorted(unicodedata.normalize("NFD", form)) == marks)
        return next(same, letters)

    def cost(self, word: str) -> float:
        """Return how rare a real syllable is, in [0, 3]."""
        return self._cost[word]

    def pair_cost(self, before: str, word: str) -> float:
        """Return what it costs that two words stand beside each other: nothing where somebody has written them so."""
        return 0.0 if not before or not word or self.knows(f"{before} {word}") else _NEW_PAIR_COST


@lru_cache(maxsize=1)
def language() -> Language:
    """Return the one language of this program."""
    return Language()


def marks_apart(one: str, other: str) -> int:
    """Return in how many marks two words differ whose letters are the same; the tone counts once, wherever it stands."""
    (tone, marks), (other_tone, other_marks) = _taken_apart(one), _taken_apart(other)
    return (tone != other_tone) + max((marks - other_marks).total(), (other_marks - marks).total())


@lru_cache(maxsize=16384)
def _taken_apart(word: str) -> tuple[str, Counter[str]]:
    parts = unicodedata.normalize("NFD", word)
    return "".join(c for c in parts if c in TONES), Counter(c for c in parts if c not in TONES)


def cased(word: str, like: str) -> str:
    """Return a lower-case word in the capitals of `like`: in all letters, in the first one, or none."""
    if like.isupper() and len(like) > 1:
        return word.upper()
    return word.capitalize() if like[0].isupper() else word
