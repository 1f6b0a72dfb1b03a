"""The web application: FastAPI around the Gradio chat page, behind `ui.shield`."""

import logging
import secrets
import threading
import time
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Annotated

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, ConfigDict, StringConstraints

from evals.scoring import Corpus
from rag.course import Course, load_course
from rag.editions import corpus_in_use
from rag.errors import RecordError
from rag.glossary import Glossary, load_glossary
from rag.hearing import open_hearing
from rag.progress import load_phrase_words
from rag.records import Records
from rag.records.answers import MAX_COMMENT_CHARS, Feedback
from rag.secret import secret_key
from rag.serving import Serving
from rag.settings import Settings
from ui import (
    account_pages,
    admin_pages,
    asking_pages,
    change_pages,
    class_pages,
    course_pages,
    curated_pages,
    document_pages,
    doubtful_pages,
    gap_pages,
    guide_pages,
    handover_pages,
    hearing_pages,
    home_pages,
    lesson_pages,
    member_pages,
    offline_pages,
    page_view,
    picker,
    practice_pages,
    progress_pages,
    publish_pages,
    report_pages,
    voice_pages,
)
from ui.beginnings import beginning
from ui.chat import build_page
from ui.conversations import Conversations
from ui.curation import after_review, refresh
from ui.document_doors import draw_page, ingest, take_apart
from ui.evaluators import open_desk
from ui.figures import Figures
from ui.gradio_door import Base, gr
from ui.publishing import Publishing, admitted
from ui.rendering import page_html
from ui.review_pages import open_reviews
from ui.shield import CHAT, Shield
from ui.sign_in import PROBLEMS, enter, may_upload
from ui.wording import FEEDBACK_REASONS

log = logging.getLogger(__name__)

_PAGES = (
    account_pages,
    admin_pages,
    asking_pages,
    change_pages,
    class_pages,
    course_pages,
    curated_pages,
    document_pages,
    doubtful_pages,
    gap_pages,
    guide_pages,
    handover_pages,
    hearing_pages,
    progress_pages,  # before the lessons, whose addresses are below the same one
    lesson_pages,
    home_pages,
    member_pages,
    offline_pages,
    page_view,
    picker,
    practice_pages,
    publish_pages,
    report_pages,
    voice_pages,
)
_REFRESH_S = 300
_OWN_FILES = Path(__file__).parent / "static"


class _FeedbackForm(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    answer_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
    helpful: bool
    reasons: list[str] = []
    comment: Annotated[str, StringConstraints(max_length=MAX_COMMENT_CHARS)] = ""


def create_app(serving: Serving, records: Records, glossary: Glossary, settings: Settings) -> Shield:
    """Return the ASGI application. Raises SpeechError for a voice or a recogniser that is set and is not there."""
    speak = voice_pages.speaker(settings)
    app = FastAPI(openapi_url=None, dependencies=[Depends(voice_pages.teller(speak is not None))])
    app.state.records, app.state.settings = records, settings
    app.state.assistant = lambda: serving.assistant
    app.state.secret, app.state.figures = secret_key(settings.home), Figures()
    serving.prepare(lambda assistant: refresh(records, assistant))
    app.state.phrase_words = load_phrase_words(settings.corpus)
    records.handovers.sweep()
    records.progress.sweep()
    app.state.conversations = Conversations()
    app.state.publishing = Publishing(serving, records, settings)
    app.state.guides = lambda: serving.assistant.index.guides  # ours alone; the documents are `index.shelf`
    app.state.course = _course(serving, settings)
    app.state.ingest, app.state.take_apart = partial(ingest, settings, records), take_apart
    app.state.picture, app.state.own_files = draw_page, _OWN_FILES
    app.state.speak, app.state.hearing = speak, open_hearing(settings)
    for error, page in PROBLEMS.items():
        app.add_exception_handler(error, page)
    for pages in _PAGES:
        app.include_router(pages.router)
    if settings.oidc_issuer:
        _open_oidc(app, settings, records)
    open_reviews(app, serving, glossary, settings, partial(after_review, records, serving))
    open_desk(app, settings, lambda: Corpus(serving.assistant.index.guides, glossary))

    @app.get("/healthz")
    def _healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/feedback", status_code=204)
    def _feedback(form: _FeedbackForm) -> None:
        reasons = tuple(reason for reason in FEEDBACK_REASONS if reason in form.reasons)
        try:
            records.answers.give_feedback(Feedback(form.answer_id, form.helpful, reasons, form.comment))
        except RecordError as error:
            raise HTTPException(404, "Không còn câu trả lời này.") from error

    app.mount("/own", StaticFiles(directory=_OWN_FILES))
    mounted = gr.mount_gradio_app(
        app, build_page(serving, records, glossary, app.state.conversations), path=CHAT,
        footer_links=[], run_history=False, ssr_mode=False, show_error=False, enable_monitoring=False,
        pwa=False, mcp_server=False, max_file_size=1, allowed_paths=[], theme=_theme(),
        head=page_html("app_links.html") + '<script src="/own/look.js"></script><link rel="stylesheet" href="/own/look.css">'
        '<link rel="stylesheet" href="/own/chat.css"><link rel="stylesheet" href="/own/aloud.css">'  # after Gradio's own rules
        '<script src="/own/aloud.js" defer></script><script src="/own/listen.js" defer></script>'
        '<script src="/own/offline.js" defer></script>' + _speech(app),
    )  # fmt: skip

    def opening(at: str) -> str:
        assistant = serving.assistant
        return page_html("chat_opening.html", begun=beginning(at, assistant.index.guides, assistant.today()))

    return Shield(mounted, partial(may_upload, records), opening)


def _course(serving: Serving, settings: Settings) -> Callable[[], Course]:
    """Return what gives the course of the corpus that is in use; it is read once for each generation."""

    @lru_cache(maxsize=1)
    def course(generation: str) -> Course:
        return load_course(corpus_in_use(settings), serving.assistant.index.guides)

    return lambda: course(serving.assistant.index.folder.name)


def _speech(app: FastAPI) -> str:
    """Return what tells the chat page's scripts which speech this server has."""
    offered = (
        ("server-voice", app.state.speak, voice_pages.PREFIX),
        ("server-hearing", app.state.hearing, hearing_pages.PREFIX),
    )
    return "".join(f'<meta name="{name}" content="{path}">' for name, found, path in offered if found)


def _open_oidc(app: FastAPI, settings: Settings, records: Records) -> None:
    """Let people sign in through an OpenID provider; whom it vouches for first is a learner, until an administrator says more."""
    from ui.oidc import Identity, Oidc, OidcError, oidc_routes  # needs an extra

    def on_identity(identity: Identity, request: Request) -> Response:
        user = records.accounts.identified(f"{identity.issuer}|{identity.subject}", identity.name or "")
        if user is None:
            raise OidcError("the account is disabled")
        return enter(records, user, request)

    app.state.oidc_name = settings.oidc_name
    oidc = Oidc(settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret)
    # A secret of this process: a restart only loses the sign-ins that are under way.
    app.include_router(oidc_routes(oidc, secrets.token_urlsafe(32), on_identity))


def run(settings: Settings, progress: Callable[[str], None]) -> None:
    """Serve until interrupted. Raises GateError for a new version that fails a regression case."""
    records = Records.open(settings.records_url, settings.double_review)
    try:
        _serve(settings, records, Serving(admitted(settings, records, progress), settings))
    finally:
        records.close()


def _serve(settings: Settings, records: Records, serving: Serving) -> None:
    # No access log: Gradio puts its session's secret in the address.
    config = uvicorn.Config(
        create_app(serving, records, load_glossary(settings.corpus), settings),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
    )
    server = uvicorn.Server(config)
    threading.Thread(target=_when_serving, args=(server, serving, records), daemon=True).start()
    server.run()


def _when_serving(server: uvicorn.Server, serving: Serving, records: Records) -> None:
    """Say where the page is; then turn to the Chroma store if it pays: its two checking processes would slow the start. From then
    on look again and again at the approved answers: one may have ended with the day, or come from another process.
    """
    while not server.started:
        time.sleep(0.05)
    log.warning("serving on http://%s:%d", server.config.host, server.config.port)
    serving.use_store()
    while not server.should_exit:
        time.sleep(_REFRESH_S)
        try:
            refresh(records, serving.assistant)
        except RecordError:
            log.exception("the approved answers cannot be read; those that are known go on")


def _theme() -> Base:
    """Return a plain theme with the typeface of look.css: nothing is fetched."""
    return Base(font=["Be Vietnam Pro", "system-ui", "Noto Sans", "sans-serif"], font_mono=["monospace"])
