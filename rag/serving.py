"""From settings to a ready assistant: the one place where an index is opened for answering."""

from pathlib import Path

from rag.asked import load_believed
from rag.assistant import Assistant
from rag.fluency import Fluency
from rag.index import Index, build_index, index_state, open_index
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


def open_assistant(settings: Settings) -> Assistant:
    """Open the current index. Raises IndexStateError, ModelError or CorpusError, each saying what to do."""
    index = open_index(settings.index_folder, settings.corpus, settings.embedding_model)
    kinds = KindClassifier(settings.corpus / "kinds.safetensors")
    model = open_model(settings)
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


def ensure_index(settings: Settings, progress) -> bool:
    """Build the index when it is missing or stale; return whether it was built."""
    if not index_state(settings.index_folder, settings.corpus, settings.embedding_model):
        return False
    build_index(settings.index_folder, settings.corpus, settings.embedding_model, progress)
    return True
