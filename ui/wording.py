"""What learners read around an answer, in Vietnamese, for the terminal and the web page alike."""

from datetime import UTC, date, datetime

from rag.answers import Answer, AnswerStatus, Citation
from rag.assistant import SURE_THRESHOLD
from rag.clock import VIETNAM
from rag.sheets import Source

LEVELS = {
    "verified": "Đã kiểm chứng",
    "documented": "Đúng theo tài liệu, chưa có người kiểm chứng",
    "none": "Không có trong tài liệu",
}
_TERMINAL_SOURCES = 2  # the page and --json show all
NOTICE = (
    "Đây là công cụ giúp bạn học, không phải cơ quan nhà nước, và có thể sai. "
    "Bạn hỏi lại nơi làm trước khi đi. Mình không bao giờ hỏi mã OTP hay mật khẩu của bạn."
)
FEEDBACK_REASONS = (
    "Không đúng điều mình hỏi",
    "Thông tin sai",
    "Thông tin đã cũ",
    "Thiếu điều mình cần",
    "Khó hiểu",
    "Không mở được nguồn",
)
SEARCHING = "Đang tìm tài liệu…"
WRITING = "Đang viết câu trả lời…"
_WRITTEN = "Lời văn do máy viết. Từng câu đã được so với tài liệu trước khi hiện ra."
_WROTE_NOTHING = "Lần này máy viết chưa giúp được, nên mình lấy thẳng lời trong tài liệu."
CLASS_OVER = "Lớp đã kết thúc. Câu hỏi và câu trả lời trong lớp đã được xóa hết."
FAILED = "Có trục trặc ở phía mình, bạn bấm Gửi lại giúp nhé. Câu hỏi của bạn vẫn còn trong ô bên dưới."


# What a button under an answer says, and the next question that it asks.
WAYS_TO_SAY = {"Nói dễ hơn": "Nói dễ hơn", "Nói kỹ hơn": "Nói kỹ hơn", "Từng bước": "Đọc từng bước"}


def typed_day(typed: str) -> date | None:
    """Return the day that a date field sent; None where it is empty or none."""
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def vietnamese_date(day: date | str | None) -> str:
    """Return "02/03/2026" for a whole date, what is known of a partial one ("2024-03" → "03/2024"), or ""."""
    parts = str(day).split("-") if day else []
    return "/".join(reversed(parts))


def local_time(at: datetime) -> str:
    """Return a point in time as clocks in Vietnam show it: "14:05 27/11/2026"."""
    return at.astimezone(VIETNAM).strftime("%H:%M %d/%m/%Y")


def waiting_for(since: datetime) -> str:
    """Return in words how long ago a point in time is: "5 phút", "3 giờ", "2 ngày"."""
    minutes = int((datetime.now(UTC) - since).total_seconds()) // 60
    if minutes < 60:
        return f"{max(minutes, 1)} phút"
    return f"{minutes // 60} giờ" if minutes < 24 * 60 else f"{minutes // (24 * 60)} ngày"


def local_clock(at: datetime) -> str:
    """Return the time of day as clocks in Vietnam show it: "14:05"."""
    return at.astimezone(VIETNAM).strftime("%H:%M")


def source_line(source: Source) -> str:
    """Return one source in words: publisher, title, date, and whether it is official."""
    official = " (nguồn chính thức)" if source.official else ""
    when = f", {vietnamese_date(source.date)}" if source.date else ""
    return f"{source.publisher}{official}: {source.title}{when}"


def checked_line(answer: Answer) -> str:
    """Return the honesty line under an answer: its level, or who approved it when, and the day its sources were last checked."""
    if answer.level == "none":
        wants_person = answer.status is AnswerStatus.DECLINED_PERSON  # that is in no document and need not be
        return LEVELS["none"] if answer.status.group == "declined" and not wants_person else ""
    first = answer.citations[0]
    title, shelved = first.title.partition(" – ")[0], first.guide_id.partition("--")[0]
    # A guide of ours may stand on a page of a document too; only a document's own article is one.
    is_document = any(source.page and source.page.startswith(f"/van-ban/{shelved}/") for source in first.sources)
    kind = "văn bản" if is_document else "hướng dẫn"
    if answer.checked_by:
        return f"{LEVELS['verified']} bởi {answer.checked_by}. Theo {kind} “{title}”, tài liệu ngày {vietnamese_date(answer.as_of)}."
    return f"Theo {kind} “{title}”. {LEVELS[answer.level]}. Kiểm tra lần cuối: {vietnamese_date(answer.as_of)}."


def writer_line(answer: Answer) -> str:
    """Return who worded an answer that a model was asked to word; "" where none was."""
    if answer.model is None or answer.status.group not in {"answered", "partial"}:
        return ""
    return _WRITTEN if answer.mode == "written" else _WROTE_NOTHING


def next_line(answer: Answer) -> str:
    """Return what stands above the suggestions."""
    if answer.status.group == "clarify":
        return "Bạn chọn một việc:"
    if answer.status.group in {"answered", "partial"} and answer.confidence < SURE_THRESHOLD:
        return "Nếu chưa đúng ý bạn, bạn có thể hỏi:"
    return "Bạn có thể hỏi tiếp:"


def as_plain_text(answer: Answer) -> str:
    """Return the whole answer for a terminal."""
    parts = [f"Tìm theo: {answer.searched_as}"] if answer.searched_as else []
    parts.append(answer.text.replace("**", ""))
    if answer.more:
        parts.append("Xem thêm:\n" + answer.more.replace("**", ""))
    if line := checked_line(answer):
        parts.append(line)
    if line := writer_line(answer):
        parts.append(line)
    if answer.citations:
        parts.append("Nguồn:\n" + "\n".join(_citation_lines(c) for c in answer.citations))
    if answer.suggestions:
        parts.append(next_line(answer) + "\n" + "\n".join(f"- {s}" for s in answer.suggestions))
    return "\n\n".join(parts)


def _citation_lines(citation: Citation) -> str:
    sources = "\n".join(
        f"    {source_line(s)}{f' – {s.url}' if s.url else ''}" for s in citation.sources[:_TERMINAL_SOURCES]
    )
    return f"[{citation.number}] {citation.title}\n{sources}"
