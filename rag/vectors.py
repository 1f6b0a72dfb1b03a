"""The embedding door: text in, normalised float32 vectors out.

A folder that holds a sentence-transformers `StaticEmbedding` is read with numpy and tokenizers alone
(0.05 ms a query and no torch in the process); any other model goes through sentence-transformers, which is
imported only then, with torch on one thread (two threads were four times slower on two busy cores).
"""

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import numpy as np

from rag.errors import ModelError
from rag.text import clean

_READ_BYTES = 1 << 20


class Embedder(Protocol):
    """Turns texts into vectors."""

    @property
    def digest(self) -> str:
        """What identifies the model, so that an index is never read with another."""
        ...

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Return shape (len(texts), dimension), float32, each row of length 1 (or 0 for unknown words only)."""
        ...


class StaticEmbedder:
    """A StaticEmbedding model: the mean of its tokens' vectors, normalised."""

    def __init__(self, folder: Path) -> None:
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        self._folder = folder
        self._weights = next(iter(load_file(folder / "model.safetensors").values())).astype(np.float32, copy=False)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    @property
    def digest(self) -> str:
        """Sha256 of the weights and the tokenizer."""
        return _digest(self._folder)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """See `Embedder.encode`."""
        vectors = np.zeros((len(texts), self._weights.shape[1]), dtype=np.float32)
        for row, encoding in enumerate(
            self._tokenizer.encode_batch([clean(t) for t in texts], add_special_tokens=False)
        ):
            if encoding.ids:
                vectors[row] = self._weights[encoding.ids].mean(axis=0)
        return _normalised(vectors)


class TransformerEmbedder:
    """Any other sentence-transformers model, by path or name."""

    def __init__(self, name: str) -> None:
        import torch
        from langchain_huggingface import HuggingFaceEmbeddings

        torch.set_num_threads(1)
        self.digest = f"model:{name}"
        self._model = HuggingFaceEmbeddings(model_name=name, encode_kwargs={"normalize_embeddings": True})

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """See `Embedder.encode`."""
        return _normalised(np.asarray(self._model.embed_documents([clean(t) for t in texts]), dtype=np.float32))


def load_embedder(name: str) -> Embedder:
    """Open the model `name`. Raises ModelError when it cannot be loaded, saying what to do."""
    folder = Path(name)
    try:
        static = _static_folder(folder)
        return StaticEmbedder(static) if static else TransformerEmbedder(name)
    except Exception as error:  # whatever a model library raises, the operator needs one line
        raise ModelError(f"cannot load the embedding model {name!r} ({error}); set BINHDAN_EMBEDDING_MODEL") from error


def embedder_digest(name: str) -> str:
    """Return the digest that the model `name` would have, without loading it; "" when it is not there."""
    try:
        static = _static_folder(Path(name))
        return _digest(static) if static else f"model:{name}"
    except (OSError, ValueError, KeyError, IndexError):
        return ""


def _digest(static: Path) -> str:
    digest = sha256()
    for name in ("model.safetensors", "tokenizer.json"):
        with (static / name).open("rb") as file:
            while part := file.read(_READ_BYTES):
                digest.update(part)
    return digest.hexdigest()


def _static_folder(folder: Path) -> Path | None:
    """Return where the weights of a sentence-transformers StaticEmbedding lie, or None for any other model."""
    modules = folder / "modules.json"
    if not modules.exists():
        return None
    first = json.loads(modules.read_text(encoding="utf-8"))[0]
    return folder / first["path"] if first["type"].endswith("StaticEmbedding") else None


def _normalised(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
