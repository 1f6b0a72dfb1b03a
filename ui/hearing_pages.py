"""The server's ear for `static/listen.js`: a recording in, its text out.

Reads `app.state.hearing`, None where none is set up. Neither the recording nor its text is stored or logged.
"""

import logging

from fastapi import APIRouter, HTTPException, Request
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.concurrency import run_in_threadpool

from rag.errors import SpeechError
from rag.hearing import samples_of
from ui.member_pages import whose
from ui.sign_in import At

PREFIX = "/nghe"
_RECORDINGS = parse("30 per 10 minutes")  # of one learner
_NONE = "Máy chủ này chưa nhận được tiếng nói."
_TOO_OFTEN = "Bạn đã nói nhiều lần rồi. Bạn đợi mấy phút, hoặc gõ câu hỏi nhé."
_UNREADABLE = "Mình chưa đọc được đoạn ghi âm này. Bạn nói lại, hoặc gõ câu hỏi nhé."
_NOT_NOW = "Chưa nhận được chữ. Bạn thử lại sau, hoặc gõ câu hỏi nhé."

log = logging.getLogger(__name__)
router = APIRouter(prefix=PREFIX)
limiter = MovingWindowRateLimiter(MemoryStorage())


@router.post("")
async def hear(request: Request, records: At) -> dict[str, str]:
    """Return the text of the WAV that is the request's body: mono, 16 bit, 16 kHz, at most 30 s; "" where nothing is understood."""
    hearing = request.app.state.hearing
    if hearing is None:
        raise HTTPException(404, _NONE)
    if not limiter.hit(_RECORDINGS, await run_in_threadpool(whose, request, records)):
        raise HTTPException(429, _TOO_OFTEN)
    if (samples := samples_of(await request.body())) is None:
        raise HTTPException(422, _UNREADABLE)
    try:
        return {"text": await run_in_threadpool(hearing.text, samples)}
    except SpeechError as error:
        log.error("a recording was not understood: %s", error)
        raise HTTPException(503, _NOT_NOW) from error
