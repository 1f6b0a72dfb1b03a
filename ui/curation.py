"""What follows from a trainer's verdict: an approved answer that is served, a regression case, and answers that have lapsed."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime

from evals.cases import case_json
from evals.correction_cases import case_of_correction
from rag.assistant import Assistant
from rag.curated import CuratedAnswer, CuratedCitation, lapses
from rag.errors import CaseError
from rag.records import Records
from rag.records.accounts import User
from rag.records.reviews import QueueItem, Review, Verdict
from rag.serving import Serving

log = logging.getLogger(__name__)
_NO_SOURCE = "Câu trả lời đã kiểm chứng cần ít nhất một nguồn. Bạn chọn đoạn trích rồi lưu lại nhé."
_NO_CASE = "Chưa tạo được ca kiểm tra: tài liệu không nói đúng như câu sửa. Bạn xem lại các đoạn trích."


def refresh(records: Records, assistant: Assistant) -> int:
    """Serve the approved answers that hold today, send those that do not back to the queue; return how many those were."""
    holding: list[CuratedAnswer] = []
    lapsed = 0
    for answer in records.curated.live():
        if reasons := lapses(answer, assistant.passages, assistant.today()):
            lapsed += records.curated.lapse(answer.id, reasons)
        else:
            holding.append(answer)
    assistant.use_curated(holding)
    return lapsed


def approve(
    records: Records, assistant: Assistant, user: User, question: str, text: str, citations: Sequence[CuratedCitation],
    answer_id: str | None = None, more: str | None = None, also: Sequence[str] = (),
) -> list[str]:  # fmt: skip
    """Store an answer that `refresh` will serve; return in Vietnamese why not, [] when it is stored."""
    if not citations:
        return [_NO_SOURCE]
    drawn = CuratedAnswer("0", question, tuple(also), text, more, tuple(citations), user.shown, datetime.now(UTC))
    if problems := lapses(drawn, assistant.passages, assistant.today()):
        return problems
    records.curated.approve(user, question, text, citations, answer_id, more, also)
    return []


def make_case(
    records: Records, assistant: Assistant, user: User, answer_id: str, question: str, correction: str,
    citations: Sequence[CuratedCitation], marked: str, review_id: int | None = None,
) -> list[str]:  # fmt: skip
    """Store the regression case of a correction; return in Vietnamese why not, [] when it is stored."""
    case_id = f"sua-{answer_id[:12]}"
    try:
        case = case_of_correction(
            case_id, question, correction, citations, marked, user.shown, assistant.index.guides, assistant.today()
        )
    except CaseError as error:
        log.warning("no case was made: %s", error)
        return [_NO_CASE]
    records.cases.add(user, case_json(case), review_id)
    return []


def after_review(
    records: Records, serving: Serving, user: User, review: Review, item: QueueItem, ticked: frozenset[str]
) -> list[str]:
    """Do what a verdict asks for: serve the answer, make a case, or serve no more what is wrong; return in Vietnamese what failed."""
    assistant = serving.assistant
    text, more, citations = _answer_in(item, assistant)
    if review.correction:
        text, more, citations = review.correction, None, review.citations
    problems = []
    changed = False
    if "serve" in ticked:
        problems += approve(records, assistant, user, item.question, text, citations, item.answer_id, more)
        changed = not problems
    elif review.verdict is not Verdict.RIGHT:
        changed = records.curated.withdraw_answers_to(user, item.question) > 0
    if changed:
        refresh(records, assistant)
    if "case" in ticked:
        expected = "" if review.verdict is Verdict.OUT_OF_SCOPE else text
        cited = () if review.verdict is Verdict.OUT_OF_SCOPE else citations
        problems += make_case(
            records, assistant, user, item.answer_id, item.question, expected, cited, review.marked, review.id
        )
    return problems


def _answer_in(item: QueueItem, assistant: Assistant) -> tuple[str, str | None, tuple[CuratedCitation, ...]]:
    """Return text, rest and citations of an answer as it was given, bound to the passages as they are now."""
    passages = assistant.passages
    citations = tuple(
        CuratedCitation(c["number"], c["passage_id"], passages[c["passage_id"]].digest, c["quote"])
        for c in item.answer["citations"]
        if c["passage_id"] in passages
    )
    return item.answer["text"], item.answer["more"], citations
