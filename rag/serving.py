"""From settings to a ready assistant: the one place where an index is opened for answering, built, and put in use."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from rag.asked import load_believed
from rag.assistant import Assistant
from rag.documents.library import Library
from rag.editions import edition_folder, edition_in_use, keep_editions, renew_edition
from rag.errors import IndexStateError
from rag.fluency import Fluency
from rag.index import (
    Index,
    build_index,
    current_generation,
    find_generation,
    index_state,
    open_index,
    publish_generation,
    read_manifest,
)
from rag.kinds import KindClassifier
from rag.llm import ChatModel, open_model
from rag.premises import Premises
from rag.questions import Reader, load_lexicon
from rag.routing import load_router
from rag.settings import Settings
from rag.spelling import Speller, load_syllables
from rag.text import syllables
from rag.vectors import Embedder
from rag.writing import Writer

log = logging.getLogger(__name__)

_LOOK_EVERY_S = 2
_AFTER_FAILURE_S = 60


def open_assistant(settings: Settings, generation: str | None = None, model: ChatModel | None = None) -> Assistant:
    """Open the generation in use, or another beside it to compare answers; `model` words answers, the configured one for None.

    Raises IndexStateError, ModelError or CorpusError, each saying what to do.
    """
    folder = find_generation(settings.index_folder, generation)
    settings = settings.model_copy(update={"corpus": _corpus_of(settings, folder)})
    index = open_index(settings.index_folder, settings.corpus, settings.embedding_model, folder.name)
    kinds = KindClassifier(settings.corpus / "kinds.safetensors")
    model = model or open_model(settings)
    writer = open_writer(model, index.embedder, settings) if model else None
    believed = load_believed(settings.corpus, index.guides)
    premises = Premises(index.guides, believed, index.embedder.encode)
    reader, router = open_reader(index, settings.corpus), load_router(settings.corpus)
    return Assistant(index, reader, kinds, router, premises, settings, writer)


def open_writer(model: ChatModel, embedder: Embedder, settings: Settings) -> Writer:
    """Return what lets a model word answers. Raises ModelError."""
    return Writer(model, embedder.encode, Fluency(settings.corpus / "fluency.npy"))


def open_reader(index: Index, corpus: Path) -> Reader:
    """Read the lexicons; what the guides' questions say is never taken for a slip. Raises CorpusError."""
    real = load_syllables(corpus)
    lexicon = load_lexicon(corpus, real)
    said = {unit for entry in lexicon.entries for unit in entry.said}
    said |= {unit for _, question in index.questions for unit in syllables(question)}
    return Reader(
        lexicon, Speller(index.keyword["passage-exact"].frequencies(), real, said), index.keyword["guide-folded"].has
    )


def serving_state(settings: Settings, generation: str | None = None) -> str | None:
    """Return why a generation, the one in use unless named, cannot serve, or None when it can."""
    try:
        folder = find_generation(settings.index_folder, generation)
        corpus = _corpus_of(settings, folder)
    except IndexStateError as error:
        return str(error)
    return index_state(settings.index_folder, corpus, settings.embedding_model, folder.name)


def ensure_index(settings: Settings, progress: Callable[[str], None]) -> bool:
    """Build the index when it is missing or stale; return whether it was built.

    After an update of the program `progress` is told which approved edits no longer fit (`rag.editions.conflicts`).
    """
    edition = renew_edition(settings, progress)
    if edition == edition_in_use(settings) and not serving_state(settings):
        keep_editions(settings)
        return False
    build_generation(settings, edition, progress)
    return True


def build_generation(
    settings: Settings, edition: str, progress: Callable[[str], None] = lambda _: None, switch: bool = True
) -> Path:
    """Build a generation of an edition ("": of the shipped corpus) and, with `switch`, put it in use; return its folder."""
    corpus = edition_folder(settings, edition)
    library = Library(settings.documents_folder)
    folder = build_index(settings.index_folder, corpus, settings.embedding_model, progress, edition, switch, library)
    keep_editions(settings)
    return folder


def use_generation(settings: Settings, generation: str) -> None:
    """Put a generation in use, newer or older. Raises IndexStateError when it cannot serve; nothing changes then."""
    if reason := serving_state(settings, generation):
        raise IndexStateError(reason)
    publish_generation(settings.index_folder, generation)
    keep_editions(settings)


class Serving:
    """The assistant that answers now, replaced whole when another generation is put in use, by whatever process.

    Without settings it stays with the assistant that it was given. Safe to use from several threads.
    """

    def __init__(self, assistant: Assistant, settings: Settings | None = None) -> None:
        self._assistant = assistant
        self._settings = settings
        self._opening = threading.Lock()
        self._prepare: Callable[[Assistant], object] = lambda _: None
        self._look_at = monotonic() + _LOOK_EVERY_S

    @property
    def assistant(self) -> Assistant:
        """The assistant in use. Whoever answers takes it once: a question ends on the generation that it began with."""
        if self._settings and monotonic() >= self._look_at:
            self._look_at = monotonic() + _LOOK_EVERY_S
            if self._is_overtaken(self._settings):
                threading.Thread(target=self._follow, daemon=True).start()
        return self._assistant

    def prepare(self, prepare: Callable[[Assistant], object]) -> None:
        """Call `prepare` with the assistant in use, and with each that follows before it answers."""
        self._prepare = prepare
        prepare(self._assistant)

    def reload(self) -> str:
        """Open the generation in use if it is another one now; return its name. Raises what `open_assistant` raises."""
        with self._opening:
            if self._settings and self._is_overtaken(self._settings):
                opened = self._opened(self._settings)
                self._prepare(opened)
                self._assistant = opened
                keep_editions(self._settings)
                self.use_store()
            return self._assistant.index.folder.name

    def beside(self, generation: str) -> Assistant:
        """Open another generation, with the same language model, to compare its answers. Raises what `open_assistant` raises."""
        if self._settings is None:
            raise IndexStateError("no other generation can be opened without settings")
        return self._opened(self._settings, generation)

    def use_store(self) -> None:
        """Search with the Chroma store where that pays."""
        self._assistant.index.use_stores(log.warning)

    def _opened(self, settings: Settings, generation: str | None = None) -> Assistant:
        """Open a generation with the model of the assistant in use: its budgets go on, and it is not loaded twice."""
        writer = self._assistant.writer
        return open_assistant(settings, generation, writer.model if writer else None)

    def _is_overtaken(self, settings: Settings) -> bool:
        try:
            return current_generation(settings.index_folder).name != self._assistant.index.folder.name
        except (IndexStateError, OSError):  # the index was removed: what is open goes on answering
            return False

    def _follow(self) -> None:
        try:
            log.warning("index generation %s answers now", self.reload())
        except Exception:  # the boundary of the background thread: the generation that is open goes on answering
            self._look_at = monotonic() + _AFTER_FAILURE_S
            log.exception("the index generation in use cannot be opened")


def _corpus_of(settings: Settings, generation: Path) -> Path:
    return edition_folder(settings, read_manifest(generation).edition)
