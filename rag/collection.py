"""A searchable set of guides: what is written once, in a folder of its own, and opened to answer from.

The folder holds guides.json (all that answers are made of), questions.json, bm25/, vectors.safetensors, ids.json and
digests.json (the source that a broken store is remade from) and chroma-1/.
"""

import json
import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter
from safetensors.numpy import load_file, save_file

from rag.errors import IndexStateError
from rag.guides import Guide, Passage
from rag.keyword import KeywordIndex, exact_terms, folded_terms
from rag.store import ChromaSearch, ExactSearch, check_store, write_store
from rag.text import clean
from rag.vectors import Embedder, load_embedder

# Below this many passages exact search is the faster one, and Chroma need not be checked at every start (DECISIONS.md).
_STORE_PAYS_FROM = 50_000
# So many texts are worth the seconds that other processes take to start.
_SHARED_FROM, _SHARE = 20_000, 2_000
_GUIDES = TypeAdapter(tuple[Guide, ...])
_QUESTIONS = TypeAdapter(list[tuple[str, str]])
Progress = Callable[[str], None]
Encode = Callable[[list[str]], np.ndarray]


class Collection:
    """An open set of guides; `remaking` keeps other processes from remaking its store.

    `dense` starts as exact search; `use_store` switches it to Chroma, which pays in a large one.
    """

    def __init__(
        self, folder: Path, embedder: Embedder, remaking: Callable[[], AbstractContextManager[None]] = nullcontext
    ) -> None:
        self.folder = folder
        self._remaking = remaking
        self.embedder = embedder
        self.guides = {guide.id: guide for guide in _GUIDES.validate_json((folder / "guides.json").read_bytes())}
        self.passages: list[Passage] = [p for guide in self.guides.values() for p in guide.passages]
        self.questions = _QUESTIONS.validate_json((folder / "questions.json").read_bytes())
        sizes = {"passage": len(self.passages), "guide": len(self.guides)}
        self.keyword = {
            f"{view}-{leg}": KeywordIndex.load(folder / "bm25" / f"{view}-{leg}", terms, size)
            for view, size in sizes.items()
            for leg, terms in (("exact", exact_terms), ("folded", folded_terms))
        }
        stored = load_file(folder / "vectors.safetensors")
        self.vectors, self.question_vectors = stored["vectors"], stored["questions"]
        self.dense: ExactSearch | ChromaSearch = ExactSearch(self.vectors)

    @property
    def is_large(self) -> bool:
        """Whether Chroma would search faster than exact search."""
        return len(self.passages) >= _STORE_PAYS_FROM

    def use_store(self, progress: Progress = lambda _: None) -> bool:
        """Check the Chroma store and search with it; remake it from the vectors when it is broken, `remaking` being held.

        Exact search serves until the check has passed, and stays when it fails. Returns whether Chroma serves.
        """
        store, ids = store_folder(self.folder), [p.id for p in self.passages]
        if fault := check_store(store, self.folder / "vectors.safetensors"):
            progress(f"{fault}; remaking it from the vectors")
            try:
                with self._remaking():
                    if store_folder(self.folder) == store:  # no other process has remade it meanwhile
                        # A folder of another name: this process may still have the broken one open.
                        remade = store.with_name(f"chroma-{int(store.name.partition('-')[2]) + 1}")
                        write_store(remade, ids, self.vectors)
                        shutil.rmtree(store, ignore_errors=True)
                store = store_folder(self.folder)
                fault = check_store(store, self.folder / "vectors.safetensors")
            except (IndexStateError, OSError) as error:
                fault = str(error)
        if fault:
            progress(f"exact search stays: {fault}")
            return False
        self.dense = ChromaSearch(store, ids)
        return True


def write_collection(
    folder: Path, guides: Sequence[Guide], questions: list[tuple[str, str]], encode: Encode,
    known: Mapping[str, np.ndarray], progress: Progress,
) -> None:  # fmt: skip
    """Write guides and (guide id, question) as a collection into an empty folder.

    `encode` embeds texts; `known` has vectors by the sha256 of what is searched for their passages.
    """
    texts = {p.id: indexed_text(p) for guide in guides for p in guide.passages}
    progress("writing the keyword index")
    _write_keyword(folder, guides, texts, questions)
    progress("writing the vectors")
    keys = [sha256(text.encode()).hexdigest() for text in texts.values()]
    found = _vectors(dict(zip(keys, texts.values(), strict=True)), known, encode)
    vectors = np.stack([found[key] for key in keys]).astype(np.float32)
    asked = encode([question for _, question in questions])
    save_file({"vectors": vectors, "questions": asked}, folder / "vectors.safetensors")
    ids = list(texts)
    (folder / "ids.json").write_text(json.dumps(ids), encoding="utf-8")
    (folder / "digests.json").write_text(json.dumps(keys), encoding="utf-8")
    (folder / "guides.json").write_bytes(_GUIDES.dump_json(tuple(guides)))
    (folder / "questions.json").write_bytes(_QUESTIONS.dump_json(questions))
    progress("writing the Chroma store")
    write_store(folder / "chroma-1", ids, vectors)


def check_collection(folder: Path) -> str | None:
    """Return what is wrong with the store of a collection, or None."""
    return check_store(store_folder(folder), folder / "vectors.safetensors")


def known_vectors(folder: Path) -> dict[str, np.ndarray]:
    """Return the vectors of a collection's passages, by the sha256 of what is searched for each."""
    keys = json.loads((folder / "digests.json").read_text(encoding="utf-8"))
    return dict(zip(keys, load_file(folder / "vectors.safetensors")["vectors"], strict=True))


def store_folder(collection: Path) -> Path:
    """Return the newest Chroma store of a collection; a broken one is remade under the next number."""
    stores = sorted(collection.glob("chroma-*"), key=lambda p: int(p.name.partition("-")[2]))
    return stores[-1] if stores else collection / "chroma-1"


def indexed_text(passage: Passage) -> str:
    """Return what is searched for a passage: its guide's title, its heading and its words."""
    return clean(f"{passage.guide_title}. {passage.heading}. {passage.text}")


def _write_keyword(
    folder: Path, guides: Sequence[Guide], texts: Mapping[str, str], questions: list[tuple[str, str]]
) -> None:
    by_guide: dict[str, list[str]] = defaultdict(list)
    for guide_id, question in questions:
        by_guide[guide_id].append(question)
    views = {
        "passage": list(texts.values()),
        "guide": ["\n".join([g.title, g.title, *by_guide[g.id], *(texts[p.id] for p in g.passages)]) for g in guides],
    }
    (folder / "bm25").mkdir()
    for view, indexed in views.items():
        for leg, terms in (("exact", exact_terms), ("folded", folded_terms)):
            KeywordIndex.build(indexed, terms).save(folder / "bm25" / f"{view}-{leg}")


def _vectors(texts: Mapping[str, str], known: Mapping[str, np.ndarray], encode: Encode) -> Mapping[str, np.ndarray]:
    """Return the vectors of texts by their keys: the known ones, and new ones for the others."""
    fresh = {key: text for key, text in texts.items() if key not in known}
    return {**known, **dict(zip(fresh, encode(list(fresh.values())), strict=True))} if fresh else known


def encoded(embedder: Embedder, embedding_model: str, texts: list[str]) -> np.ndarray:
    """Embed texts with the open model of that name, many of them in as many processes as there are cores."""
    if len(texts) < _SHARED_FROM:
        return embedder.encode(texts)
    shares = [texts[start : start + _SHARE] for start in range(0, len(texts), _SHARE)]
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        return np.concatenate(list(pool.map(partial(_encode_share, embedding_model), shares)))


def _encode_share(embedding_model: str, texts: list[str]) -> np.ndarray:
    return load_embedder(embedding_model).encode(texts)
