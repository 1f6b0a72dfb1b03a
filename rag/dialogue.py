"""What a turn wants of the turns before it. Nothing here does I/O.

A turn may ask for the last answer in another form ("nói dễ hơn"), put right what was understood ("ý tôi là hộ chiếu"), lean on
the subject of the turn before ("thế mất bao nhiêu tiền?"), or begin a new subject. Only the learner's own questions of the last
turns are looked at, never the answers.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag.answers import Turn
from rag.compose import Form
from rag.retrieval import content_words, is_marked
from rag.text import fold, syllables

_TURNS = 6
_WISH_SYLLABLES = 9

_WISHES = {
    Form.SIMPLER: re.compile(
        r"\b(?:de hieu|don gian|de) (?:hon|thoi|cho|giup|gium)|\bngan (?:gon|lai|hon)|(?:chua|khong|ko|hong|k) hieu(?: gi| lam)?$|kho hieu|"
        r"(?:giai thich|noi) lai|noi de hieu|noi cho de|noi don gian"
    ),
    Form.DETAILED: re.compile(r"\b(?:ky|ro|chi tiet|cu the|day du|nhieu|them)(?: thong tin)? (?:hon|nua|di)\b|^(?:noi|giai thich) (?:chi tiet|cu the|ro|ky)"),
    Form.STEPS: re.compile(r"\b(?:tung buoc|lan luot|cac buoc)\b"),
}  # fmt: skip
# What such a wish is made of; with any other word the turn is a question of its own.
_WISH_WORDS = frozenset(
    "noi doc chi giai thich huong dan lai de hieu don gian ngan gon hon thoi kho ky ro chi tiet cu the day du nhieu them thong "
    "tin nua tung buoc lan luot cac di cau tra loi vua xem lam theo viet".split()
)
_CORRECTS = re.compile(
    r"^(?:(?:à |ừ |ờ )?(?:không phải|không|nhầm rồi|nhầm|sai rồi|hông phải|hổng phải)[, ]+)?(?:ý|í) (?:tôi|tui|mình|em|con|bác|chị|anh|cháu|là) ?(?:là |hỏi |muốn hỏi |nói )*"
)
_CORRECTS_FOLDED = re.compile(fold(_CORRECTS.pattern))
# A follow-up leans on the turn before: it opens with such a word, or has hardly a content word of its own. Typed with marks,
# "thẻ" is not "thế".
_LEANING_MARKED = re.compile(r"^(?:thế|vậy|còn|rồi|nếu|nhưng|mà|à thế|ừ thế|ừm|ở đó|cái đó|việc đó|thủ tục đó)\b")
_LEANING_FOLDED = re.compile(fold(_LEANING_MARKED.pattern))
_ASKS = frozenset(
    "lam mat bao nhieu tien phi le giay to gi o dau lau may ngay thoi han the nao can khong co ai khi duoc".split()
)
ASKING_WORDS = frozenset("tien phi giay to ngay gio dau mat ton lau thoi han le bao".split())
# Where a question goes on to another one.
_PARTS = re.compile(
    r"[?.;,:]*\s(?:rồi|roi|với lại|voi lai|và|va|còn|con|xong|sau đó|sau do|vừa|vua)\s|[?.;,:]+\s+", re.IGNORECASE
)
_PART_WORDS = 3


@dataclass(frozen=True, slots=True)
class Context:
    """What the turns before add: the question that a turn goes on from, its guide, and the form that is wanted.

    `own` is the turn's text without what only puts right. `corrects` tells that the turn names another subject for the question
    before; otherwise a `before` that is set is leaned on.
    """

    own: str
    form: Form = Form.PLAIN
    before: str = ""
    guide_id: str | None = None
    corrects: bool = False


def context(text: str, history: Sequence[Turn], read: Callable[[str], str]) -> Context:
    """Return what `text`, its spelling mended, wants of the last turns; `read` masks and mends an earlier question."""
    earlier = ((read(turn.question), turn.guide_id) for turn in reversed(history[-_TURNS:]))
    asked = next((row for row in earlier if wish(row[0]) is Form.PLAIN), None)
    if asked is None:
        return Context(text)
    form = wish(text)
    if form is not Form.PLAIN:
        return Context(text, form, *asked)
    if match := (_CORRECTS.match(text.lower()) if is_marked(text) else _CORRECTS_FOLDED.match(fold(text))):
        return Context(text[match.end() :], before=asked[0], corrects=True)
    own = content_words(text) - ASKING_WORDS
    leaning = len(own) <= 1 or (len(own) <= 3 and _opens_leaning(text))
    return Context(text, Form.PLAIN, *asked) if leaning else Context(text)


def wish(text: str) -> Form:
    """Return the form that a turn asks for, PLAIN for a question: "nói dễ hơn giùm bác" → SIMPLER."""
    units = syllables(fold(text))
    if len(units) > _WISH_SYLLABLES or content_words(text) - _WISH_WORDS:
        return Form.PLAIN
    plain = " ".join(units)
    return next((form for form, pattern in _WISHES.items() if pattern.search(plain)), Form.PLAIN)


def parts(question: str) -> list[str]:
    """Return the parts of a question that asks several things, each with a subject of its own; at least two, or none."""
    found = [part for part in _PARTS.split(question) if len(content_words(part)) >= _PART_WORDS]
    return found if len(found) > 1 else []


def asking_part(question: str) -> str:
    """Return a question without its subject: "Làm hộ chiếu mất bao nhiêu tiền?" → "làm mất bao nhiêu tiền"."""
    return " ".join(unit for unit in syllables(question) if fold(unit) in _ASKS)


def _opens_leaning(text: str) -> bool:
    if is_marked(text):
        return _LEANING_MARKED.match(text.lower()) is not None
    return _LEANING_FOLDED.match(fold(text)) is not None
