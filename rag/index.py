"""The index: a disposable, versioned artefact made from the guides.

`var/index/<generation>/` holds the guides as a collection (`rag.collection`), the shelved documents as another one in shelf/,
and manifest.json. A build writes a new generation
aside and checks it; putting it in use, or an older one again, switches the file `current` with an atomic rename: a
crash at any moment leaves the old generation serving. Only one process may build.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter

from rag.asked import Asked, load_asked
from rag.collection import Collection, Progress, check_collection, encoded, known_vectors, write_collection
from rag.disk import exclusive, replace_text, settle
from rag.documents.library import Library
from rag.documents.shelf import load_shelf, shelved_guides
from rag.errors import IndexStateError
from rag.guides import Guide, load_guides
from rag.sheets import load_sheets
from rag.vectors import Embedder, embedder_digest, load_embedder

FORMAT = 4
# Enough to go back over a bad publication or two; each is some 30 MB.
_KEEP_GENERATIONS = 4
# Held for the moment of a switch, so that what is being put in use is not dropped; a build holds the other lock.
_POINTER_LOCK = "current.lock"
# The parts of a corpus that an index is made from.
INDEXED = ("documents", "facts", "guides", "questions")
# The part of a generation that is made of the shelved documents.
_SHELF = "shelf"


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


class Index(Collection):
    """An open generation: the guides, and beside them the shelved documents where there are any (`shelf`)."""

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        super().__init__(folder, embedder, lambda: _lock(folder.parent))
        self.manifest = read_manifest(folder)
        shelf = folder / _SHELF
        self.shelf = Collection(shelf, embedder, lambda: _lock(folder.parent)) if shelf.is_dir() else None

    def use_stores(self, progress: Progress = lambda _: None) -> None:
        """Search with the Chroma store wherever that pays."""
        for collection in filter(None, (self, self.shelf)):
            if collection.is_large:
                collection.use_store(progress)


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
        shelved = _shelved(corpus, library)
        asked = load_asked(corpus, {p.id for guide in written for p in guide.passages})
        embedder = load_embedder(embedding_model)
        generation = _next_generation(index_folder)
        folder = index_folder / f"{generation}.building"
        folder.mkdir()
        known = _known_vectors(index_folder, embedder)
        encode = partial(encoded, embedder, embedding_model)
        guides = [replace(guide, path=guide.path.relative_to(corpus)) for guide in written]
        write_collection(folder, guides, _questions(guides, asked), encode, known, progress)
        if shelved:
            (folder / _SHELF).mkdir()
            progress("reading the documents")
            write_collection(folder / _SHELF, shelved, _questions(shelved, ()), encode, known, progress)
        passages = sum(len(guide.passages) for guide in (*guides, *shelved))
        manifest = Manifest(
            FORMAT, digest, embedding_model, embedder.digest, passages, len(guides), _checksums(folder), edition
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
    shelf = folder / _SHELF
    return _damage(folder) or check_collection(folder) or (check_collection(shelf) if shelf.is_dir() else None)


def _damage(folder: Path) -> str | None:
    """Return which file of a generation has changed, or None; the Chroma store is not looked at."""
    for name, expected in read_manifest(folder).checksums.items():
        if not (folder / name).exists() or _checksum(folder / name) != expected:
            return f"{name} is damaged; run: binhdan index build"
    return None


def _shelved(corpus: Path, library: Library | None) -> tuple[Guide, ...]:
    documents = load_shelf(corpus)
    if documents and library is None:
        raise IndexStateError(f"{corpus} shelves documents, but no library is given")
    return tuple(shelved_guides(documents, library)) if library else ()


def _questions(guides: Sequence[Guide], asked: Sequence[Asked]) -> list[tuple[str, str]]:
    """Return (guide id, question): how people ask for each guide, its own questions and those of its passages."""
    written: dict[str, list[str]] = {guide.id: list(guide.questions) for guide in guides}
    for row in asked:
        written[row.passage.partition("#")[0]].append(row.question)
    return [(guide_id, question) for guide_id, questions in written.items() for question in questions]


def _known_vectors(index_folder: Path, embedder: Embedder) -> dict[str, np.ndarray]:
    try:
        folder = current_generation(index_folder)
        if read_manifest(folder).embedding_digest != embedder.digest:
            return {}
        shelf = known_vectors(folder / _SHELF) if (folder / _SHELF).is_dir() else {}
        return {**known_vectors(folder), **shelf}
    except Exception:  # a damaged old generation only costs us its vectors
        return {}


def read_manifest(folder: Path) -> Manifest:
    """Return what a generation was built from. Raises IndexStateError."""
    try:
        return _MANIFEST.validate_json((folder / "manifest.json").read_bytes())
    except (OSError, ValueError) as error:
        raise IndexStateError(f"{folder.name}/manifest.json cannot be read; run: binhdan index build") from error


def _checksums(folder: Path) -> dict[str, str]:
    """Checksum every file but the Chroma store's, which Chroma rewrites on opening."""
    files = (
        p
        for p in sorted(folder.rglob("*"))
        if p.is_file() and not any(part.startswith("chroma-") for part in p.relative_to(folder).parts)
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
