"""The page at `/`: a box for a question and the ways in, a few kilobytes that need no script. Reads `app.state.assistant`."""

from itertools import islice

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from ui.rendering import page_html
from ui.wording import NOTICE

_STARTERS = 6  # more would push the ways in off a phone's second screen

router = APIRouter(default_response_class=HTMLResponse)


@router.get("/")
def _home(request: Request) -> str:
    """Show the box, the ways in and one starter question of each of the first topics."""
    starters = [questions[0] for questions in islice(request.app.state.assistant().starters().values(), _STARTERS)]
    return page_html("home.html", notice=NOTICE, starters=starters)
