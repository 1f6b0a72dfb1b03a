"""The Chroma door: writing, checking and searching one store folder.

Chroma 1.5 can be destroyed by a kill while it flushes, can then crash the process that opens it a second
time, and lets several processes lose each other's writes. So a store is written once, in a folder that
nobody serves; it is checked in a child process; and vectors are kept elsewhere too (see `rag.index`).
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

_COLLECTION = "passages"
_BATCH = 1000
_CHECK_TIMEOUT_S = 600
_TOLERANCE = 1e-3
# The search walks a graph and may miss a vector that is there; a broken graph misses most.
_MISSED_SHARE = 0.05
_SEARCHED = 5000  # how many vectors are searched for; that each is there is checked for all


def write_store(folder: Path, ids: list[str], vectors: np.ndarray) -> None:
    """Write a new store in `folder` (absent): cosine space, given vectors, never an embedder of Chroma's own."""
    from langchain_chroma import Chroma

    folder.mkdir(parents=True)
    client = _client(folder)
    # A small threshold makes Chroma flush its vectors to files now, not at some later opening.
    sync = {"sync_threshold": max(10, min(500, len(ids) // 2)), "batch_size": 10}
    # Wider than Chroma's defaults, which missed 4 % of 20,000 vectors among their own 50 nearest (0.6 % so), in 8 s for 5.
    graph = {"ef_construction": 200, "max_neighbors": 32, "ef_search": 200}
    settings = {"hnsw": {"space": "cosine", **sync, **graph}}
    store = Chroma(collection_name=_COLLECTION, client=client, collection_configuration=settings)  # type: ignore[arg-type]
    for start in range(0, len(ids), _BATCH):
        part = slice(start, start + _BATCH)
        store._collection.upsert(ids=ids[part], embeddings=vectors[part])
    client.close()


def check_store(folder: Path, vectors_file: Path) -> str | None:
    """Open the store twice in child processes and look up every vector; return what is wrong, or None.

    A first opening can succeed on a store that crashes the second, and a crash must not take the caller along.
    """
    for _ in range(2):
        try:
            done = subprocess.run(
                [sys.executable, "-m", "rag.store", str(folder), str(vectors_file)],
                capture_output=True, text=True, timeout=_CHECK_TIMEOUT_S, check=False,
                env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent.parent)},
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return f"the store did not answer within {_CHECK_TIMEOUT_S} s"
        if done.returncode:
            last = (done.stderr or done.stdout).strip().split("\n")[-1]
            return f"the store failed its check (exit {done.returncode}): {last}"
    return None


class ChromaSearch:
    """Nearest passages by cosine, from a store that `check_store` found whole."""

    def __init__(self, folder: Path, ids: list[str]) -> None:
        from langchain_chroma import Chroma

        self._store = Chroma(collection_name=_COLLECTION, client=_client(folder), create_collection_if_not_exists=False)
        self._row = {passage_id: row for row, passage_id in enumerate(ids)}

    def scores(self, vector: np.ndarray, k: int) -> np.ndarray:
        """Return cosine similarity by row, shape (n,), float32; 0 for all but the `k` nearest."""
        found = self._store._collection.query(
            query_embeddings=[vector], n_results=min(k, len(self._row)), include=["distances"]
        )
        scores = np.zeros(len(self._row), dtype=np.float32)
        for passage_id, distance in zip(found["ids"][0], (found["distances"] or [[]])[0], strict=True):
            scores[self._row[passage_id]] = min(1.0, max(0.0, 1.0 - distance))
        return scores


class ExactSearch:
    """Nearest passages by cosine, from the vectors themselves; faster than Chroma in a small index."""

    def __init__(self, vectors: np.ndarray) -> None:
        self._vectors = vectors

    def scores(self, vector: np.ndarray, k: int) -> np.ndarray:
        """Return the same as `ChromaSearch.scores`."""
        similarities = np.clip(self._vectors @ vector, 0, 1)
        if k < len(similarities):
            similarities[np.argpartition(similarities, -k)[:-k]] = 0
        return similarities


def _client(folder: Path) -> Any:
    import chromadb
    from chromadb.config import Settings as ChromaSettings

    return chromadb.PersistentClient(str(folder), settings=ChromaSettings(anonymized_telemetry=False))


def _check(folder: Path, vectors_file: Path) -> None:
    """Exit with a message unless the store holds exactly the vectors of `vectors_file`, and finds them."""
    from safetensors.numpy import load_file

    ids = json.loads((vectors_file.parent / "ids.json").read_text(encoding="utf-8"))
    vectors = load_file(vectors_file)["vectors"]
    for name in folder.glob("*/link_lists.bin"):
        if name.stat().st_size > 64 * max(1, vectors.nbytes):
            sys.exit(f"{name.name} has {name.stat().st_size} bytes: corrupt")
    client = _client(folder)
    collection = client.get_collection(_COLLECTION, embedding_function=None)
    if collection.count() != len(ids):
        sys.exit(f"the store counts {collection.count()} vectors, expected {len(ids)}")
    missed = 0
    for start in range(0, len(ids), _BATCH):
        part = slice(start, start + _BATCH)
        kept = collection.get(ids=ids[part], include=["embeddings"])
        stored = dict(zip(kept["ids"], kept["embeddings"] if kept["embeddings"] is not None else [], strict=False))
        for key, vector in zip(ids[part], vectors[part], strict=True):
            if key not in stored or np.abs(stored[key] - vector).max() > _TOLERANCE:
                sys.exit(f"the vector of {key} is not found")
    asked = vectors[:: max(1, len(ids) // _SEARCHED)]
    for start in range(0, len(asked), _BATCH):
        near = {"query_embeddings": asked[start : start + _BATCH], "n_results": min(10, len(ids))}
        found = collection.query(**near, include=["distances"])
        missed += sum(not row or row[0] > _TOLERANCE for row in found["distances"] or [[]])
    if missed > _MISSED_SHARE * len(asked):
        sys.exit(f"the search misses {missed} of {len(asked)} vectors")
    known = set(collection.get(include=[])["ids"])
    if known != set(ids):
        sys.exit("the store holds other ids than the index")
    client.close()


if __name__ == "__main__":
    _check(Path(sys.argv[1]), Path(sys.argv[2]))
