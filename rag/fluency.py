"""Whether a sentence is Vietnamese at all: small models break off into words and word orders that do not exist.

`python -m rag.training corpus --data FOLDER` writes `corpus/fluency.npy` from general Vietnamese and the corpus; read here with numpy alone.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from zlib import crc32

import numpy as np

from rag.errors import ModelError
from rag.text import clean, syllables

_CLAUSE_END = re.compile(r"[,;:!?…()“”\"\n]|\.(?=\s|$)| [–-] ")

# The share of neighbouring pairs that nobody has written. Of 510 rewordings by hand 14 have so much, of what a model of 135 million
# parameters says past the fact lock, every second sentence.
_MOST_NEW = 0.12


class Fluency:
    """Knows which words, and which two words after each other, have been written before."""

    def __init__(self, path: Path) -> None:
        """Read the sorted digests of words and pairs, shape (n,), uint32. Raises ModelError."""
        try:
            self._known = np.load(path)
        except (OSError, ValueError, EOFError) as error:
            raise ModelError(
                f"cannot read {path} ({error}); run: python -m rag.training corpus --data FOLDER"
            ) from error

    def oddities(self, claim: str, quote: str) -> list[str]:
        """Return the words that are none, and the pairs nobody has written where there are many. What the quote has is known."""
        own = set(units(quote))
        said = [unit for unit in units(claim) if not any(map(str.isdigit, unit))]
        new = [unit for unit in said if unit not in own and not self.knows(unit)]
        words = [unit for unit in new if " " not in unit]
        pairs = [unit for unit in new if " " in unit]
        return words or (pairs if len(pairs) > _MOST_NEW * sum(" " in unit for unit in said) else [])

    def knows(self, unit: str) -> bool:
        """Tell whether a word, or two parted by a space, has been written before; in small letters."""
        digest = np.uint32(_digest(unit))  # of the array's own type: another one copies the array
        place = int(np.searchsorted(self._known, digest))
        return place < len(self._known) and self._known[place] == digest


def units(text: str) -> Iterator[str]:
    """Yield the words of a text and its pairs of neighbours, in small letters; a pair does not reach over a comma or full stop."""
    for clause in _CLAUSE_END.split(clean(text)):
        words = syllables(clause)
        yield from words
        yield from map(" ".join, pairwise(words))


def digests(known: Iterable[str]) -> np.ndarray:
    """Return what `Fluency` reads, of words and pairs that are known."""
    return np.unique(np.fromiter(map(_digest, known), np.uint32))


def _digest(unit: str) -> int:
    return crc32(unit.encode())
