"""The learner's chat page: Gradio components, one event a turn.

The page shows one turn at a time; `static/chat.js` moves the turn before into the log. The server keeps the
last turns of a conversation in the session's memory, for follow-up questions, and nothing else. What is asked in a class
is stored as the class's, and is gone with it.
"""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from hashlib import blake2b
from secrets import token_bytes

from rag.answers import Answer, AnswerStatus, Hit, Turn
from rag.errors import ClassEndedError, RecordError
from rag.glossary import Glossary
from rag.records import Records
from rag.records.answers import Context
from rag.records.classrooms import Member
from rag.serving import Serving
from rag.text import clean
from rag.writing import Shown
from ui.beginnings import beginning
from ui.conversations import Conversations
from ui.gradio_door import gr
from ui.member_pages import COOKIE
from ui.rendering import header_html, question_html, starters_html, turn_html
from ui.wording import CLASS_OVER, FAILED, SEARCHING, WRITING

log = logging.getLogger(__name__)

_TURNS_KEPT = 6
_SESSION_TTL_S = 3600
_CONCURRENT_TURNS = 16
_MAX_THREADS = 40
_MAX_QUEUE = 64
_MAX_SESSIONS = 500
_SALT = token_bytes(16)

_Box = str | dict[str, object]
_Page = tuple[str, _Box, list[Turn]]
_Done = tuple[str, list[Turn]]
_OVER = f'<p class="doing" role="status">{CLASS_OVER}</p>'


def build_page(
    serving: Serving, records: Records, glossary: Glossary, conversations: Conversations | None = None
) -> gr.Blocks:
    """Return the chat page; `create_app` mounts it. `conversations` are those that end with a class."""
    conversations = conversations or Conversations()

    def finished(question: str, turns: list[Turn], request: gr.Request, on_text: Shown) -> tuple[str, list[Turn]]:
        """Return the finished turn and the conversation with it. Raises ClassEndedError."""
        if member := _member(records, request):
            conversations.begin(member.classroom.id, request.session_hash or "")
        try:
            return answered(question, turns, member, request, on_text)
        finally:
            if member:
                conversations.done(member.classroom.id, request.session_hash or "")

    def answered(question: str, turns: list[Turn], member: Member | None, request: gr.Request, on_text: Shown) -> _Done:
        assistant = serving.assistant
        begun = beginning(request.query_params.get("ve", ""), assistant.index.guides, assistant.today())
        before = [begun.turn] if begun and not turns else turns
        answer, found = assistant.trace(question, before, visitor=_visitor(request, member), on_text=on_text)
        wants_person = answer.status is AnswerStatus.DECLINED_PERSON
        goes_on = answer.status.group in {"answered", "partial", "declined", "safety"} and not wants_person
        context = _context(found.hits, assistant.index.folder.name, member, first=goes_on and not turns)
        masked = answer.question != clean(question)[: len(answer.question)]
        stored = _store(records, answer, context)
        about = turns[-1] if wants_person and turns and turns[-1].answer_id else None
        html = turn_html(answer, assistant.passages, glossary, masked, can_rate=stored, about=about)
        guide_id = next(iter(answer.guide_ids), None)
        turn = Turn(answer.question, answer.text, guide_id, answer.id if stored else "")
        return html, [*turns, turn][-_TURNS_KEPT:] if goes_on else turns

    async def respond(question: str | None, turns: list[Turn], request: gr.Request) -> AsyncIterator[_Page]:
        """Yield what the page shows: the question with the step of work and what is written so far, then the whole answer."""
        question = question or ""
        shown, box = clean(question)[:300], ""
        yield question_html(shown, SEARCHING), question, turns
        try:
            async for step in _steps(lambda on_text: finished(question, turns, request, on_text)):
                if isinstance(step, str):
                    yield question_html(shown, WRITING, step), box, turns
                    box = gr.skip()  # emptied once: the learner may be typing the next question by now
                else:
                    yield step[0], box, step[1]
        except ClassEndedError:
            conversations.forget(request.session_hash or "")
            yield _OVER, "", []
        except Exception:  # the UI boundary: the learner gets a sentence, the log gets the trace
            log.exception("a question could not be answered")
            answer = Answer("loi", "", AnswerStatus.ERROR_INTERNAL, FAILED)
            yield turn_html(answer, {}, glossary, masked=False, can_rate=False), question, turns

    with gr.Blocks(title="Bình dân học AI", analytics_enabled=False, delete_cache=(300, 300)) as page:
        turns = gr.State([], time_to_live=_SESSION_TTL_S)
        gr.HTML(header_html(), elem_id="top")
        gr.HTML(starters_html(serving.assistant.starters()), elem_id="past")
        current = gr.HTML("", elem_id="current")
        with gr.Row(elem_id="asking"):
            box = gr.Textbox(
                label="Câu hỏi của bạn",
                lines=1,
                max_lines=5,
                elem_id="box",
                scale=4,
                placeholder="Gõ câu hỏi",
            )
            send = gr.Button("Gửi", variant="primary", elem_id="send", scale=0, min_width=88)
        clear = gr.Button("Xóa cuộc trò chuyện", elem_id="clear", size="sm")
        asked = gr.on(
            [send.click, box.submit], respond, [box, turns], [current, box, turns],
            api_visibility="private", show_progress="hidden", concurrency_limit=_CONCURRENT_TURNS,
        )  # fmt: skip
        clear.click(
            lambda: ("", "", []),
            None,
            [current, box, turns],
            api_visibility="private",
            show_progress="hidden",
            cancels=[asked],
        )
    conversations.page = page
    page.max_threads = _MAX_THREADS
    page.state_session_capacity = _MAX_SESSIONS
    page.queue(max_size=_MAX_QUEUE, default_concurrency_limit=_CONCURRENT_TURNS, api_open=False)
    return page


async def _steps(work: Callable[[Shown], _Done]) -> AsyncIterator[str | _Done]:
    """Run `work` in a thread; yield the texts that it shows, then what it returns. Raises what it raises.

    When nobody listens any more (the page was closed) the thread ends by itself; the model's deadline bounds it.
    """
    loop = asyncio.get_running_loop()
    steps: asyncio.Queue[str | _Done | Exception] = asyncio.Queue()

    def tell(step: str | _Done | Exception) -> None:
        with suppress(RuntimeError):  # the server has stopped
            loop.call_soon_threadsafe(steps.put_nowait, step)

    def run() -> None:
        try:
            tell(work(tell))
        except Exception as error:  # handed on: `respond` shows and logs it
            tell(error)

    threading.Thread(target=run, daemon=True).start()
    while isinstance(step := await steps.get(), str):
        yield step
    if isinstance(step, Exception):
        raise step
    yield step


def _member(records: Records, request: gr.Request) -> Member | None:
    """Return who asks in a class; None outside of any. Raises ClassEndedError for whoever was in one a moment ago."""
    if not (key := request.cookies.get(COOKIE)):
        return None
    if member := records.classrooms.member(key):
        return member
    raise ClassEndedError("a question came from a class that has ended")


def _visitor(request: gr.Request, member: Member | None) -> str:
    """Return a name for whoever asks that says nothing about them once this process has ended."""
    # The address, as Gradio's session is new after a reload; uvicorn takes a learner's from a proxy that it trusts. A class
    # sits behind one address.
    host = request.client.host if request.client else ""
    who = f"{member.classroom.id}/{member.number}" if member else host
    return blake2b(who.encode(), key=_SALT, digest_size=8).hexdigest() if who else ""


def _context(hits: Sequence[Hit], generation: str, member: Member | None, first: bool) -> Context:
    if member is None:
        return Context(hits, generation, first=first)
    return Context(hits, generation, member.classroom.locality_id, member.classroom.id, member.number)


def _store(records: Records, answer: Answer, context: Context) -> bool:
    """Store the answer; tell whether feedback can be given on it. A full disk must not cost the learner the answer.

    Raises ClassEndedError.
    """
    if answer.status.group == "clarify":
        return False
    try:
        records.answers.save(answer, context)
        if answer.curated_id:
            records.curated.count_hit(answer.curated_id)
    except ClassEndedError:
        raise
    except RecordError:
        log.exception("an answer could not be stored")
        return False
    return True
