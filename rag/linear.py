"""Linear classifiers of short texts: logistic regression on neighbouring syllables, small files, numpy alone.

`python -m rag.training` fits them with scikit-learn and writes what is read here.
"""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

from rag.errors import ModelError
from rag.text import clean, fold, syllables


def runs(text: str) -> set[str]:
    """Return what a classifier sees: runs of one to three folded syllables, with the text's two ends marked."""
    units = ["<", *syllables(fold(clean(text))), ">"]
    return {
        *units,
        *(f"{a} {b}" for a, b in pairwise(units)),
        *map(" ".join, zip(units, units[1:], units[2:], strict=False)),
    }


class LinearClassifier:
    """Weights of shape (terms, labels) and a bias of shape (labels,)."""

    def __init__(self, path: Path) -> None:
        """Read the weights. Raises ModelError."""
        try:
            with safe_open(path, framework="numpy") as file:
                self._terms = {term: n for n, term in enumerate(json.loads(file.metadata()["terms"]))}
                self._labels: list[str] = json.loads(file.metadata()["labels"])
                self._weights = file.get_tensor("weights").astype(np.float32)
                self._bias = file.get_tensor("bias").astype(np.float32)
        except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
            raise ModelError(
                f"cannot read {path} ({error}); run: python -m rag.training corpus --classifiers"
            ) from error

    def chances(self, text: str) -> dict[str, float]:
        """Return the probability of each label; they sum to 1."""
        rows = [self._terms[term] for term in runs(text) if term in self._terms]
        logits = self._bias + self._weights[rows].sum(axis=0)
        chance = np.exp(logits - logits.max())
        return dict(zip(self._labels, map(float, chance / chance.sum()), strict=True))
