"""The words that guides cannot avoid, explained: `corpus/glossary.yaml`. Reads that file only."""

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from rag.atoms import AtomKind, atoms
from rag.errors import CorpusError
from rag.text import clean

_WORD = re.compile(r"[^\W\d_]+")
_VOWELS = "aăâeêioôơuưyàáảãạằắẳẵặầấẩẫậèéẻẽẹềếểễệìíỉĩịòóỏõọồốổỗộờớởỡợùúủũụừứửữựỳýỷỹỵ"
_SYLLABLE = re.compile(
    rf"(?:ngh|ng|nh|ch|tr|th|ph|kh|gh|gi|qu|[bcdđghklmnprstvx])?[{_VOWELS}]{{1,3}}(?:ng|nh|ch|[cmnpt])?", re.IGNORECASE
)
# Their text is checked by value elsewhere and holds no words.
_CODES = (AtomKind.URL, AtomKind.DOCUMENT, AtomKind.FORM)


@dataclass(frozen=True, slots=True)
class Glossary:
    """Explained terms (term → meaning) and proper names."""

    terms: dict[str, str]
    names: frozenset[str]

    def explain(self, text: str) -> list[tuple[str, str]]:
        """Return (term, meaning) of the terms in `text`, each once, in the glossary's order."""
        return [
            (t, m) for t, m in self.terms.items() if re.search(rf"(?<!\w){re.escape(t)}(?!\w)", text, re.IGNORECASE)
        ]

    def unexplained(self, text: str) -> list[str]:
        """Return the words of `text` that are no Vietnamese syllable, no name and no explained term.

        A capitalised word is a name; an abbreviation in capitals must be explained or listed.
        """
        text = clean(text)
        for atom in atoms(text):
            if atom.kind in _CODES:
                text = text.replace(atom.text, " ")
        known = {word.lower() for term in (*self.terms, *self.names) for word in _WORD.findall(term)}
        return [
            word for word in _WORD.findall(text)
            if not _SYLLABLE.fullmatch(word) and word.lower() not in known and not _is_name(word)
        ]  # fmt: skip


def _is_name(word: str) -> bool:
    return word[0].isupper() and (len(word) == 1 or not word.isupper())


def load_glossary(corpus: Path) -> Glossary:
    """Read `corpus/glossary.yaml`. Raises CorpusError."""
    path = corpus / "glossary.yaml"
    try:
        rows = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        return Glossary(
            {row["term"]: clean(row["means"]) for row in rows["terms"]},
            frozenset(w for row in rows["names"] for w in row.split()),
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise CorpusError(f"{path}:1: not a list of terms with meanings and of names: {error}") from error
