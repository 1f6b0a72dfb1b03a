"""The index: a disposable, versioned artefact made from the guides.

`var/index/<generation>/` holds guides.json (all that answers are made of), questions.json, bm25/, vectors.safetensors
and ids.json (the source a broken store is remade from), chroma-1/ and manifest.json. A build writes a new generation
aside and checks it; putting it in use, or an older one again, switches the file `current` with an atomic rename: a
crash at any moment leaves the old generation serving. Only one process may build.
"""

import json
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter
from safetensors.numpy import load_file, save_file

from rag.asked import Asked, load_asked
from rag.disk import exclusive, replace_text, settle
from rag.documents.library import Library
from rag.documents.shelf import load_shelf, shelved_guides
from rag.errors import IndexStateError
from rag.guides import Guide, Passage, load_guides
from rag.keyword import KeywordIndex, exact_terms, folded_terms
from rag.sheets import load_sheets
from rag.store import ChromaSearch, ExactSearch, check_store, write_store
from rag.text import clean
from rag.vectors import Embedder, embedder_digest, load_embedder

FORMAT = 4
# Enough to go back over a bad publication or two; each is some 30 MB.
_KEEP_GENERATIONS = 4
# Below this many passages exact search is the faster one, and Chroma need not be checked at every start (DECISIONS.md).
_STORE_PAYS_FROM = 50_000
# Held for the moment of a switch, so that what is being put in use is not dropped; a build holds the other lock.
_POINTER_LOCK = "current.lock"
# The parts of a corpus that an index is made from.
INDEXED = ("documents", "facts", "guides", "questions")
_GUIDES = TypeAdapter(tuple[Guide, ...])
_QUESTIONS = TypeAdapter(list[tuple[str, str]])
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an index was built from; it is opened only with the same corpus, model and format.

    `edition` names the edition of the corpus (`rag.editions`); "" is the shipped corpus.
    """

    format: int
    corpus_digest: str
    embedding_model: str
    embedding_digest: str
    passages: int
    guides: int
    checksums: dict[str, str]
    edition: str = ""


@dataclass(frozen=True, slots=True)
class GenerationInfo:
    """A generation on the disk, and whether it is the one in use."""

    name: str
    made_at: datetime
    edition: str
    corpus_digest: str
    in_use: bool


_MANIFEST = TypeAdapter(Manifest)


class Index:
    """An open generation. `dense` starts as exact search; `use_store` switches it to Chroma, which pays in a large one."""

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        self.folder = folder
        self.manifest = read_manifest(folder)
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
        """Check the Chroma store and search with it; remake it from the vectors when it is broken.

        Exact search serves until the check has passed, and stays when it fails. Returns whether Chroma serves.
        """
        store, ids = _store_folder(self.folder), [p.id for p in self.passages]
        if fault := check_store(store, self.folder / "vectors.safetensors"):
            progress(f"{fault}; remaking it from the vectors")
            try:
                with _lock(self.folder.parent):
                    if _store_folder(self.folder) == store:  # no other process has remade it meanwhile
                        # A folder of another name: this process may still have the broken one open.
                        remade = store.with_name(f"chroma-{int(store.name.partition('-')[2]) + 1}")
                        write_store(remade, ids, self.vectors)
                        shutil.rmtree(store, ignore_errors=True)
                store = _store_folder(self.folder)
                fault = check_store(store, self.folder / "vectors.safetensors")
            except (IndexStateError, OSError) as error:
                fault = str(error)
        if fault:
            progress(f"exact search stays: {fault}")
            return False
        self.dense = ChromaSearch(store, ids)
        return True


def indexed_files(corpus: Path) -> list[Path]:
    """Return every file an index is made from, in order."""
    return sorted(p for part in INDEXED for p in (corpus / part).rglob("*") if p.is_file())


def corpus_digest(corpus: Path) -> str:
    """Return sha256 over every file an index is made from."""
    digest = sha256()
    for path in indexed_files(corpus):
        digest.update(path.relative_to(corpus).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def index_state(index_folder: Path, corpus: Path, embedding_model: str, generation: str | None = None) -> str | None:
    """Return why a generation, the current one unless named, cannot serve, or None when it can.

    `corpus` is what the generation should have been built from: the folder of its edition, or the shipped corpus.
    """
    try:
        folder = find_generation(index_folder, generation)
        manifest = read_manifest(folder)
    except IndexStateError as error:
        return str(error)
    if manifest.format != FORMAT:
        return f"the index has format {manifest.format}, expected {FORMAT}; run: binhdan index build"
    if manifest.corpus_digest != corpus_digest(corpus):
        return "the guides have changed since the index was built; run: binhdan index build"
    if manifest.embedding_model != embedding_model:
        return f"the index was built with {manifest.embedding_model}; run: binhdan index build"
    if manifest.embedding_digest != embedder_digest(embedding_model):
        return "the embedding model has changed since the index was built; run: binhdan index build"
    return None


def open_index(index_folder: Path, corpus: Path, embedding_model: str, generation: str | None = None) -> Index:
    """Open a generation, the current one unless named. Raises IndexStateError when it cannot serve (`index_state`)."""
    if reason := index_state(index_folder, corpus, embedding_model, generation):
        raise IndexStateError(reason)
    return Index(find_generation(index_folder, generation), load_embedder(embedding_model))


def current_generation(index_folder: Path) -> Path:
    """Return the folder that the pointer names. Raises IndexStateError when there is none."""
    name = _pointed(index_folder)
    if not name:
        raise IndexStateError(f"no index in {index_folder}; run: binhdan index build")
    folder = index_folder / name
    if not (folder / "manifest.json").exists():
        raise IndexStateError(f"the index generation {folder.name} is not whole; run: binhdan index build")
    return folder


def find_generation(index_folder: Path, name: str | None) -> Path:
    """Return the folder of a generation, the current one's for None. Raises IndexStateError."""
    if name is None:
        return current_generation(index_folder)
    if not name.isdigit() or not (index_folder / name / "manifest.json").exists():
        known = ", ".join(info.name for info in generations(index_folder)) or "none yet"
        raise IndexStateError(f"there is no index generation {name!r}; there are: {known}")
    return index_folder / name


def generations(index_folder: Path) -> list[GenerationInfo]:
    """Return the generations of the present format, oldest first."""
    current = _pointed(index_folder)
    found: list[GenerationInfo] = []
    for folder in sorted(p for p in index_folder.glob("*") if p.name.isdigit()):
        with suppress(IndexStateError, OSError):  # damaged, or dropped just now
            manifest = read_manifest(folder)
            made_at = datetime.fromtimestamp((folder / "manifest.json").stat().st_mtime, UTC)
            if manifest.format == FORMAT:
                in_use = folder.name == current
                found.append(GenerationInfo(folder.name, made_at, manifest.edition, manifest.corpus_digest, in_use))
    return found


def publish_generation(index_folder: Path, name: str) -> None:
    """Put a generation in use, a newer or an older one, also while another is being built.

    Raises IndexStateError when there is none of that name or one of its files is damaged; nothing changes then.
    """
    folder = find_generation(index_folder, name)
    if fault := _damage(folder):
        raise IndexStateError(f"the index generation {name} is not used: {fault}")
    with exclusive(index_folder / _POINTER_LOCK):
        find_generation(index_folder, name)  # a build may have dropped it meanwhile
        replace_text(index_folder / "current", f"{name}\n")


def build_index(
    index_folder: Path,
    corpus: Path,
    embedding_model: str,
    progress: Progress = lambda _: None,
    edition: str = "",
    switch: bool = True,
    library: Library | None = None,
) -> Path:
    """Build a new generation, check it and, with `switch`, put it in use; return its folder.

    `edition` names the edition whose folder `corpus` is, `library` holds the documents that it shelves. Vectors of unchanged passages are taken from the current
    generation. Raises IndexStateError when another process is building or the new generation fails its check; the
    current one then goes on serving.
    """
    try:
        index_folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise IndexStateError(f"cannot write in {index_folder}: {error.strerror}; set BINHDAN_HOME") from error
    with _lock(index_folder):
        for leftover in (*index_folder.glob("*.building"), *index_folder.glob("*.dropped")):
            shutil.rmtree(leftover)
        digest = corpus_digest(corpus)
        progress("reading the guides")
        written = tuple(load_guides(corpus, load_sheets(corpus / "facts")).values())
        if not written:
            raise IndexStateError(f"no guides in {corpus}; set BINHDAN_CORPUS")
        guides = (*written, *_shelved(corpus, library))
        passages = [p for guide in guides for p in guide.passages]
        asked = load_asked(corpus, {p.id for guide in written for p in guide.passages})
        questions = _questions(guides, asked)
        embedder = load_embedder(embedding_model)
        generation = _next_generation(index_folder)
        folder = index_folder / f"{generation}.building"
        folder.mkdir()
        progress("writing the keyword index")
        _write_keyword(folder, guides, passages, questions)
        progress("writing the vectors")
        ids = [p.id for p in passages]
        vectors = _vectors(index_folder, passages, embedder)
        question_vectors = embedder.encode([question for _, question in questions])
        save_file({"vectors": vectors, "questions": question_vectors}, folder / "vectors.safetensors")
        (folder / "ids.json").write_text(json.dumps(ids), encoding="utf-8")
        (folder / "digests.json").write_text(json.dumps([_vector_key(p) for p in passages]), encoding="utf-8")
        stored = (*(replace(guide, path=guide.path.relative_to(corpus)) for guide in written), *guides[len(written) :])
        (folder / "guides.json").write_bytes(_GUIDES.dump_json(stored))
        (folder / "questions.json").write_bytes(_QUESTIONS.dump_json(questions))
        progress("writing the Chroma store")
        write_store(folder / "chroma-1", ids, vectors)
        manifest = Manifest(
            FORMAT, digest, embedding_model, embedder.digest, len(passages), len(guides), _checksums(folder), edition
        )
        (folder / "manifest.json").write_bytes(_MANIFEST.dump_json(manifest, indent=1))
        progress("checking the new index")
        if fault := verify_generation(folder):
            raise IndexStateError(f"the new index is not used: {fault}")
        final = index_folder / generation
        settle(folder, final)
        with exclusive(index_folder / _POINTER_LOCK):
            if switch:
                replace_text(index_folder / "current", f"{generation}\n")
            _drop_old(index_folder)
        return final


def verify_generation(folder: Path) -> str | None:
    """Return what is wrong with a generation (a file changed, a vector lost, the store broken), or None."""
    return _damage(folder) or check_store(_store_folder(folder), folder / "vectors.safetensors")


def _damage(folder: Path) -> str | None:
    """Return which file of a generation has changed, or None; the Chroma store is not looked at."""
    for name, expected in read_manifest(folder).checksums.items():
        if not (folder / name).exists() or _checksum(folder / name) != expected:
            return f"{name} is damaged; run: binhdan index build"
    return None


def _store_folder(generation: Path) -> Path:
    """Return the newest Chroma store of a generation; a broken one is remade under the next number."""
    stores = sorted(generation.glob("chroma-*"), key=lambda p: int(p.name.partition("-")[2]))
    return stores[-1] if stores else generation / "chroma-1"


def _shelved(corpus: Path, library: Library | None) -> tuple[Guide, ...]:
    documents = load_shelf(corpus)
    if documents and library is None:
        raise IndexStateError(f"{corpus} shelves documents, but no library is given")
    return tuple(shelved_guides(documents, library)) if library else ()


def indexed_text(passage: Passage) -> str:
    """Return what is searched for a passage: its guide's title, its heading and its words."""
    return clean(f"{passage.guide_title}. {passage.heading}. {passage.text}")


def _questions(guides: tuple[Guide, ...], asked: tuple[Asked, ...]) -> list[tuple[str, str]]:
    """Return (guide id, question): how people ask for each guide, its own questions and those of its passages."""
    written: dict[str, list[str]] = {guide.id: list(guide.questions) for guide in guides}
    for row in asked:
        written[row.passage.partition("#")[0]].append(row.question)
    return [(guide_id, question) for guide_id, questions in written.items() for question in questions]


def _write_keyword(
    folder: Path, guides: tuple[Guide, ...], passages: list[Passage], questions: list[tuple[str, str]]
) -> None:
    by_guide: dict[str, list[str]] = defaultdict(list)
    for guide_id, question in questions:
        by_guide[guide_id].append(question)
    views = {
        "passage": [indexed_text(p) for p in passages],
        "guide": [
            "\n".join([g.title, g.title, *by_guide[g.id], *(indexed_text(p) for p in g.passages)]) for g in guides
        ],
    }
    (folder / "bm25").mkdir()
    for view, texts in views.items():
        for leg, terms in (("exact", exact_terms), ("folded", folded_terms)):
            KeywordIndex.build(texts, terms).save(folder / "bm25" / f"{view}-{leg}")


def _vectors(index_folder: Path, passages: list[Passage], embedder: Embedder) -> np.ndarray:
    known = _known_vectors(index_folder, embedder)
    fresh = [p for p in passages if _vector_key(p) not in known]
    if fresh:
        encoded = embedder.encode([indexed_text(p) for p in fresh])
        known |= {_vector_key(p): row for p, row in zip(fresh, encoded, strict=True)}
    return np.stack([known[_vector_key(p)] for p in passages]).astype(np.float32)


def _known_vectors(index_folder: Path, embedder: Embedder) -> dict[str, np.ndarray]:
    try:
        folder = current_generation(index_folder)
        if read_manifest(folder).embedding_digest != embedder.digest:
            return {}
        keys = json.loads((folder / "digests.json").read_text(encoding="utf-8"))
        return dict(zip(keys, load_file(folder / "vectors.safetensors")["vectors"], strict=True))
    except Exception:  # a damaged old generation only costs us its vectors
        return {}


def _vector_key(passage: Passage) -> str:
    return sha256(indexed_text(passage).encode()).hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """Return what a generation was built from. Raises IndexStateError."""
    try:
        return _MANIFEST.validate_json((folder / "manifest.json").read_bytes())
    except (OSError, ValueError) as error:
        raise IndexStateError(f"{folder.name}/manifest.json cannot be read; run: binhdan index build") from error


def _checksums(folder: Path) -> dict[str, str]:
    """Checksum every file but the Chroma store's, which Chroma rewrites on opening."""
    files = (
        p for p in sorted(folder.rglob("*")) if p.is_file() and not p.relative_to(folder).parts[0].startswith("chroma-")
    )
    return {p.relative_to(folder).as_posix(): _checksum(p) for p in files}


def _checksum(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def _next_generation(index_folder: Path) -> str:
    numbers = [int(p.name) for p in index_folder.iterdir() if p.name.isdigit()]
    return f"{max(numbers, default=0) + 1:06}"


def _pointed(index_folder: Path) -> str:
    """Return the name in the pointer; "" when there is none."""
    try:
        return (index_folder / "current").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""


def _drop_old(index_folder: Path) -> None:
    """Keep the newest generations and the one in use; a name that is dropped is never a whole generation again."""
    folders = sorted(p for p in index_folder.iterdir() if p.name.isdigit())
    in_use = _pointed(index_folder)
    for old in folders[:-_KEEP_GENERATIONS]:
        if old.name != in_use:
            shutil.rmtree(old.rename(old.with_name(f"{old.name}.dropped")), ignore_errors=True)


@contextmanager
def _lock(index_folder: Path) -> Iterator[None]:
    """Hold the one builder's lock. Raises IndexStateError while another process holds it."""
    with ExitStack() as held:
        try:
            held.enter_context(exclusive(index_folder / "lock", wait=False))
        except BlockingIOError as error:
            raise IndexStateError("another process is building the index; wait for it to finish") from error
        yield
