"""What learners ask and no guide says, grouped: trainers see which guide is missing."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from rag.gaps import clusters
from ui.picker import Answering
from ui.rendering import page_html
from ui.sign_in import At, Trainer

PERIODS_DAYS = (30, 90, 365)
_SHOWN = 50

router = APIRouter(prefix="/huong-dan-vien/con-thieu")


@router.get("")
def gaps(records: At, session: Trainer, assistant: Answering, ngay: int = PERIODS_DAYS[0]) -> HTMLResponse:
    """Show the gaps of the last days, the most asked first."""
    days = ngay if ngay in PERIODS_DAYS else PERIODS_DAYS[0]
    asked = records.handovers.unanswered(session.user, datetime.now(UTC) - timedelta(days=days))

    def nearest(names: Sequence[str]) -> list[tuple[str, float] | None]:
        found = [assistant.retriever.search(assistant.reader.read(name).query, assistant.today()) for name in names]
        return [(one.guide_ids[0], one.similarity) if one.guide_ids else None for one in found]

    found = clusters(asked, assistant.index.embedder.encode, nearest)
    titles = {guide_id: guide.title for guide_id, guide in assistant.index.guides.items()}
    page = page_html(
        "gaps.html", session=session, gaps=found[:_SHOWN], more=len(found) - _SHOWN, questions=len(asked), days=days,
        periods=PERIODS_DAYS, titles=titles,
    )  # fmt: skip
    return HTMLResponse(page)
