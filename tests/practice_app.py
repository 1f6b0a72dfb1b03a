"""An application of the practice pages alone, with the shipped corpus: starts at once, needs no index."""

from datetime import date
from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from rag.course import load_course
from rag.guides import load_guides
from rag.settings import PROJECT, Settings
from rag.sheets import load_sheets
from ui.practice_pages import router
from ui.shield import Shield

DAY = date(2026, 11, 25)


def shipped_guides():
    return load_guides(PROJECT / "corpus", load_sheets(PROJECT / "corpus" / "facts"))


def practice_app(guides, **settings):
    app = FastAPI(openapi_url=None)
    app.state.settings = Settings(**{"today": DAY, **settings})
    course = load_course(app.state.settings.corpus, guides)
    app.state.course = lambda: course
    app.include_router(router)
    app.mount("/own", StaticFiles(directory=Path(__file__).parent.parent / "ui" / "static"))
    return Shield(app)
