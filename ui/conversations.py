"""Which of Gradio's sessions belong to which class, so that nothing of a conversation outlives the class it was held in.

Gradio keeps a session's last question, turn and state for an hour after its page was closed.
"""

import threading
from collections import defaultdict

from ui.gradio_door import forget_session, gr

SETTLED_S = 2.0  # by then Gradio has written down what its handler yielded last


class Conversations:
    """The conversations of classes. Safe to use from several threads; lives as long as the process."""

    def __init__(self) -> None:
        self.page: gr.Blocks | None = None
        self._sessions: dict[int, set[str]] = defaultdict(set)
        self._ended: set[int] = set()
        self._lock = threading.Lock()

    def begin(self, classroom_id: int, session: str) -> None:
        """Note that something is asked in a class from a session."""
        with self._lock:
            self._sessions[classroom_id].add(session)

    def done(self, classroom_id: int, session: str) -> None:
        """Note that it has been answered: of a class that ended meanwhile, the session is dropped again."""
        with self._lock:
            ended = classroom_id in self._ended
        if ended:
            self.forget(session)

    def forget(self, session: str) -> None:
        """Drop what a session holds, once Gradio has answered it."""
        self._drop_soon({session})

    def end(self, classroom_id: int) -> None:
        """Drop what the sessions of a class hold, now and once more when Gradio is done with what was under way."""
        with self._lock:
            self._ended.add(classroom_id)
            sessions = self._sessions.pop(classroom_id, set())
        self._drop(sessions)
        self._drop_soon(sessions)

    def _drop(self, sessions: set[str]) -> None:
        for session in sessions:
            if self.page:
                forget_session(self.page, session)

    def _drop_soon(self, sessions: set[str]) -> None:
        timer = threading.Timer(SETTLED_S, self._drop, (sessions,))
        timer.daemon = True
        timer.start()
