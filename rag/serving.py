"""From settings to a ready assistant: the one place where an index is opened for answering."""

from rag.assistant import Assistant
from rag.index import build_index, index_state, open_index
from rag.questions import load_lexicon
from rag.routing import load_router
from rag.settings import Settings


def open_assistant(settings: Settings) -> Assistant:
    """Open the current index. Raises IndexStateError, ModelError or CorpusError, each saying what to do."""
    index = open_index(settings.index_folder, settings.corpus, settings.embedding_model)
    return Assistant(index, load_lexicon(settings.corpus), load_router(settings.corpus), settings)


def ensure_index(settings: Settings, progress) -> bool:
    """Build the index when it is missing or stale; return whether it was built."""
    if not index_state(settings.index_folder, settings.corpus, settings.embedding_model):
        return False
    build_index(settings.index_folder, settings.corpus, settings.embedding_model, progress)
    return True
