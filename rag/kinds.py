"""Which kind of thing a question asks for, by a small linear classifier trained on the written questions.

`python -m rag.training` fits it (multinomial logistic regression on one to three neighbouring syllables without marks)
and writes `corpus/kinds.safetensors`, read here with numpy alone.
"""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

from rag.errors import ModelError
from rag.questions import QuestionKind
from rag.text import clean, fold, syllables

# A second kind is answered too when it is at least this likely (chosen on `evals/cases/question_kinds.jsonl`).
_SECOND = 0.25
# A bare subject ("hộ chiếu") has no kind that stands out.
_ASKING = 0.45


def kind_terms(question: str) -> set[str]:
    """Return what the classifier sees: runs of one to three folded syllables, with the question's two ends marked."""
    units = ["<", *syllables(fold(clean(question))), ">"]
    return {
        *units,
        *(f"{a} {b}" for a, b in pairwise(units)),
        *map(" ".join, zip(units, units[1:], units[2:], strict=False)),
    }


class KindClassifier:
    """Weights of shape (terms, kinds) and a bias of shape (kinds,)."""

    def __init__(self, path: Path) -> None:
        """Read the weights. Raises ModelError."""
        try:
            with safe_open(path, framework="numpy") as file:
                self._terms = {term: n for n, term in enumerate(json.loads(file.metadata()["terms"]))}
                self._kinds = [QuestionKind(kind) for kind in json.loads(file.metadata()["kinds"])]
                self._weights = file.get_tensor("weights").astype(np.float32)
                self._bias = file.get_tensor("bias").astype(np.float32)
        except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
            raise ModelError(f"cannot read {path} ({error}); run: python -m rag.training") from error

    def chances(self, question: str) -> dict[QuestionKind, float]:
        """Return the probability of each kind; they sum to 1."""
        rows = [self._terms[term] for term in kind_terms(question) if term in self._terms]
        logits = self._bias + self._weights[rows].sum(axis=0)
        chance = np.exp(logits - logits.max())
        return dict(zip(self._kinds, map(float, chance / chance.sum()), strict=True))

    def kinds(self, question: str) -> tuple[QuestionKind, ...]:
        """Return the likeliest kind and any other that is likely, in the order in which answers are given."""
        chance = self.chances(question)
        top = max(chance, key=lambda kind: chance[kind])
        return tuple(kind for kind in QuestionKind if kind is top or chance[kind] >= _SECOND)

    def is_asking(self, question: str) -> bool:
        """Tell whether any kind stands out: "hộ chiếu ở đâu" asks, "hộ chiếu" only names a subject."""
        return max(self.chances(question).values()) >= _ASKING
