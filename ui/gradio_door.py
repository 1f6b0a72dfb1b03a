"""The one place that imports Gradio: without its telemetry, and without the work it does for editors only."""

import inspect
import os
from collections.abc import Iterator
from contextlib import contextmanager

# Read by Gradio when it is imported.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "200")


@contextmanager
def _without_editor_stubs() -> Iterator[None]:
    """Let Gradio's import skip the .pyi files that it otherwise makes for editors, each time, from its sources.

    They took half of its import (5.3 s → 2.9 s), and are written into the installation. Gradio skips a class
    whose source cannot be found.
    """
    getfile = inspect.getfile

    def refuse(thing: object) -> str:
        if getattr(thing, "__module__", "").startswith("gradio."):
            raise OSError("no editor stub is wanted")
        return getfile(thing)  # type: ignore[arg-type]

    inspect.getfile = refuse
    try:
        yield
    finally:
        inspect.getfile = getfile


with _without_editor_stubs():
    import gradio as gr
    from gradio.themes import Base

__all__ = ["Base", "forget_session", "gr"]


def forget_session(page: gr.Blocks, session: str) -> None:
    """Drop what Gradio 6 holds of a session: its state, the values that it last got and sent, messages not yet fetched."""
    if holder := getattr(page, "state_holder", None):
        with holder.lock:
            holder.session_data.pop(session, None)
            holder.time_last_used.pop(session, None)
    page.pending_diff_streams.pop(session, None)
    if waiting := page._queue.pending_messages_per_session.get(session):
        while not waiting.empty():
            waiting.get_nowait()
