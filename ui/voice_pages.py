"""The server's voice for `static/aloud.js`: a sentence in, a WAV out.

Reads `app.state.speak`, a function from text to WAV, or None where no voice is set up. A text is neither stored nor logged; the
sounds of the last ones are kept in memory, since learners of a class hear the same guide.
"""

import logging
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import Response
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from rag.errors import SpeechError
from rag.settings import Settings
from rag.voices import MAX_CHARS, open_voice
from ui.member_pages import whose
from ui.rendering import SERVER_VOICE
from ui.sign_in import At

PREFIX = "/doc-len"
_KEPT = 32  # sounds, of some 150 kB each
_SENTENCES = parse("120 per 10 minutes")  # of one learner; somebody who listens all the time hears as many
_NONE = "Máy chủ này chưa có giọng đọc."
_TOO_OFTEN = "Bạn đã nghe nhiều rồi. Bạn đợi mấy phút rồi bấm Nghe lại nhé."
_NOT_NOW = "Chưa đọc được câu này. Bạn thử lại sau nhé."

log = logging.getLogger(__name__)
router = APIRouter(prefix=PREFIX)
limiter = MovingWindowRateLimiter(MemoryStorage())


def speaker(settings: Settings) -> Callable[[str], bytes] | None:
    """Return what speaks with the configured voice; None when none is. Raises SpeechError."""
    voice = open_voice(settings)
    return lru_cache(_KEPT)(voice.wav) if voice else None


def teller(has_voice: bool) -> Callable[[], Awaitable[None]]:
    """Return the dependency of an application with which its pages say whether it has a voice."""

    async def tell() -> None:  # in a thread it would set a value of the thread's own
        SERVER_VOICE.set(PREFIX if has_voice else "")

    return tell


@router.post("")
def read_aloud(
    request: Request, records: At, text: Annotated[str, Form(min_length=1, max_length=MAX_CHARS)]
) -> Response:
    """Return a text as it sounds."""
    if request.app.state.speak is None:
        raise HTTPException(404, _NONE)
    if not limiter.hit(_SENTENCES, whose(request, records)):
        raise HTTPException(429, _TOO_OFTEN)
    try:
        return Response(request.app.state.speak(text), media_type="audio/wav")
    except SpeechError as error:
        log.error("a sentence was not read aloud: %s", error)
        raise HTTPException(503, _NOT_NOW) from error
