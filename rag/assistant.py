"""`Assistant.ask(question, history) -> Answer`: mask, route, retrieve, decide (approved or composed), verify, finish.

Each step takes values and returns new ones. A refusal is a status, never an exception; nothing here writes
to disk. The caller stores the answer (`rag.records`).
"""

import logging
import math
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from time import perf_counter

from rag.answers import Answer, AnswerStatus, Citation, Seconds, Turn
from rag.cards import load_cards
from rag.compose import MUST_HAVE, Draft, Form, Statement, cited, compose, lines_for
from rag.curated import CuratedAnswer, CuratedMatcher, citations_of, lapses
from rag.dialogue import ASKING_WORDS, asking_part, context, parts
from rag.errors import ModelError
from rag.factlock import lock
from rag.guides import TOPICS, Guide
from rag.index import Index
from rag.kinds import KindClassifier
from rag.premises import Premises
from rag.privacy import mask
from rag.questions import QuestionKind, Reader, as_typed
from rag.quotation import THRESHOLD as SHELF_THRESHOLD
from rag.quotation import Quotation, Shelf
from rag.retrieval import NOTHING, Found, Retriever, content_words
from rag.routing import MAX_QUESTION_CHARS, Route, Router
from rag.settings import Settings
from rag.text import syllables
from rag.writing import Shown, Writer

log = logging.getLogger(__name__)

# Logistic weights on 1 and the evidence (see `evidence`), fitted by
# `python -m evals.retrieval --calibrate`; the default of `Settings.answer_threshold` is a point of the table it prints.
CONFIDENCE_WEIGHTS = (-9.53, 1.71, 1.84, 8.05, 0.09, 2.93, 0.17)
# A question with a word from outside the subject is answered only when the guides are this sure.
OUT_OF_SCOPE_THRESHOLD = 0.8
# Below this an answer offers the other guides found, in case the question was about one of those.
SURE_THRESHOLD = 0.75
# A question that leans on the turn before has few words of its own; its subject is known from that turn.
FOLLOW_UP_CONFIDENCE = 0.6
# Another part of a question is answered from another guide only if that one is among the first for the whole question.
_BESIDE = 4
_SUGGESTIONS = 3
_CHOICES = 4
# A question in quotation marks is searched as it was typed.
_QUOTED = re.compile(r"[\"“”](.+)[\"“”]")

_TEXTS = {
    Route.EMPTY: "Bạn chưa gõ câu hỏi. Bạn muốn hỏi việc gì, ví dụ: “Làm định danh mức 2 ở đâu?”",
    Route.TOO_LONG: f"Câu hỏi dài quá. Bạn rút gọn còn tối đa {MAX_QUESTION_CHARS:,} chữ cái giúp mình nhé, chỉ cần nói việc chính.".replace(",", ".", 1),
    Route.UNREADABLE: "Mình chưa đọc được câu này. Bạn gõ lại bằng tiếng Việt giúp mình nhé, có dấu hay không dấu đều được.",
    Route.GREETING: "Chào bạn. Mình giúp bạn học dùng VNeID, dịch vụ công, thanh toán và giữ an toàn trên mạng. Bạn muốn hỏi việc gì?",
    Route.OUT_OF_SCOPE: "Việc này nằm ngoài những gì mình biết. Mình chỉ trả lời về VNeID, giấy tờ, dịch vụ công, bảo hiểm, thanh toán, an toàn trên mạng và cách dùng AI.",
    Route.OWN_RECORD: "Mình không xem được hồ sơ, giấy tờ của riêng bạn và không làm thay bạn được. Bạn hỏi nơi bạn đã nộp hồ sơ nhé, và đừng gửi số giấy tờ vào đây.",
    Route.MEDICAL: "Mình không phải bác sĩ nên không đoán bệnh và không chỉ thuốc được. Bạn hỏi bác sĩ hoặc đến cơ sở y tế gần nhà; thấy nặng thì đi ngay, đừng chờ. Việc mình giúp được: thẻ bảo hiểm y tế, đặt lịch khám, sổ sức khỏe điện tử.",
    Route.LEGAL: "Mình không phải luật sư nên không nói được trong việc của bạn ai đúng ai sai, hay nên kiện thế nào. Bạn hỏi luật sư hoặc Trung tâm trợ giúp pháp lý nhà nước nơi bạn ở. Việc mình giúp được: giấy tờ và thủ tục.",
    Route.POLITICS: "Chuyện chính trị thì mình xin không bàn và không có ý kiến. Việc mình giúp được: giấy tờ, dịch vụ công, bảo hiểm, thanh toán và an toàn trên mạng. Bạn cần hỏi việc nào?",
    Route.PERSON: "Được bạn nhé. Người hướng dẫn sẽ đọc câu hỏi và trả lời bạn. Ở trang hỏi đáp, bạn bấm “Hỏi người hướng dẫn” ngay dưới câu này rồi giữ mã để xem trả lời. Việc gấp thì bạn ra trụ sở xã, phường hỏi trực tiếp.",
}  # fmt: skip
_DECLINED = {
    Route.MEDICAL: AnswerStatus.DECLINED_MEDICAL,
    Route.LEGAL: AnswerStatus.DECLINED_LEGAL,
    Route.PERSON: AnswerStatus.DECLINED_PERSON,
    Route.POLITICS: AnswerStatus.DECLINED_POLITICS,
}
_SAFETY = {
    Route.EMERGENCY: AnswerStatus.SAFETY_EMERGENCY,
    Route.DISTRESS: AnswerStatus.SAFETY_DISTRESS,
    Route.SCAM: AnswerStatus.SAFETY_SCAM,
}
_NO_SOURCE = (
    "Tài liệu mình có chưa nói đến việc này, nên mình không đoán. "
    "Bạn hỏi trực tiếp cán bộ ở Công an hoặc Ủy ban nhân dân xã, phường, hoặc nhờ Tổ công nghệ số nơi bạn ở."
)
_VAGUE = "Bạn nói rõ thêm một chút nhé. Bạn đang muốn hỏi việc nào dưới đây?"
_FROM_SHELF = "Mình chưa có hướng dẫn về việc này. Văn bản dưới đây có nói đến, bạn đọc và hỏi lại nơi làm nhé:"
_OWN_RECORD = (
    "Mình không xem được hồ sơ, giấy tờ của riêng bạn và không làm thay bạn được. "
    "Bạn cũng đừng gửi số giấy tờ vào đây. Cách để bạn tự làm:"
)
_FORM_LEADS = {
    Form.SIMPLER: "Mình nói gọn lại nhé:",
    Form.DETAILED: "Mình nói kỹ hơn nhé:",
    Form.STEPS: "Bạn làm lần lượt từng bước:",
}
_NO_STEPS = "Tài liệu mình có không chia việc này thành từng bước. Điều đã biết:"


@dataclass(frozen=True, slots=True)
class _Composed:
    """An answer that is composed and may yet be worded by a model, and how sure it is."""

    draft: Draft
    sure: float


@dataclass(frozen=True, slots=True)
class Understanding:
    """The question as it is understood: masked, its spelling mended, with what it takes from the turns before; the query read
    from it; how that reads to the learner where it differs; kinds; the guide it goes on from; the form that is wanted; and
    whether it is `whole`: it takes nothing from the turns before and may be read in other words than it was typed.
    """

    question: str
    query: str
    shown: str | None
    kinds: tuple[QuestionKind, ...]
    follows: str | None = None
    form: Form = Form.PLAIN
    whole: bool = False


class Assistant:
    """Answers questions from one open index; safe to call from several threads."""

    def __init__(
        self,
        index: Index,
        reader: Reader,
        kinds: KindClassifier,
        router: Router,
        premises: Premises,
        settings: Settings,
        writer: Writer | None = None,
    ) -> None:
        self.index = index
        self.retriever = Retriever(index, settings.retrieved)
        self._shelf = Shelf(index.shelf, index, settings.retrieved) if index.shelf else None
        self.guides = {**index.guides, **(index.shelf.guides if index.shelf else {})}
        self.reader = reader
        self._kinds = kinds
        self.router = router
        self.premises = premises
        self._cards = load_cards(settings.corpus, index.guides)
        self.writer = writer
        self._threshold = settings.answer_threshold
        self.shelf_threshold = SHELF_THRESHOLD
        self._today = settings.today
        replaced = {old for guide in index.guides.values() for old in guide.replaces}
        shelved = index.shelf.passages if index.shelf else []
        self.passages = {p.id: p for p in (*index.passages, *shelved) if p.guide_id not in replaced}
        self._curated = CuratedMatcher((), index, reader)

    def use_curated(self, answers: Sequence[CuratedAnswer]) -> None:
        """Serve these approved answers first, in place of all before; a question that is being answered keeps the old ones."""
        self._curated = CuratedMatcher(answers, self.index, self.reader)

    def ask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        answer_id: str | None = None,
        visitor: str = "",
        on_text: Shown = lambda _: None,
    ) -> Answer:
        """Answer one question, given the earlier turns of the same conversation (oldest first).

        While a model writes, `on_text` gets the text that is already locked ("" at first); `visitor` is whose budget it is
        charged to.
        """
        return self.trace(question, history, answer_id, None, visitor, on_text)[0]

    def trace(
        self,
        question: str,
        history: Sequence[Turn] = (),
        answer_id: str | None = None,
        day: date | None = None,
        visitor: str = "",
        on_text: Shown = lambda _: None,
    ) -> tuple[Answer, Found]:
        """Answer as `ask` does, on `day` if given, and tell what retrieval found (nothing where it was not asked)."""
        started = perf_counter()
        day = day or self.today()
        masked = mask(question[: 20 * MAX_QUESTION_CHARS])
        answer = Answer(answer_id or uuid.uuid4().hex, masked[:MAX_QUESTION_CHARS], AnswerStatus.ERROR_INTERNAL, "")
        understood = self.understand(answer.question, history)
        route = self.router.route(masked, understood.question)
        found = NOTHING
        if route in (Route.EMPTY, Route.TOO_LONG, Route.UNREADABLE, Route.GREETING):
            answer = self._fixed(answer, route)
        else:
            found = self.retriever.search(understood.query, day)
            found = self._prefer(found, understood.follows)
            retrieved = perf_counter() - started
            served = self._served(answer, found, day) if understood.whole and route is Route.SEARCH else None
            decided = served or self._decide(answer, route, understood, found, day)
            if isinstance(decided, _Composed):
                decided = self._worded(answer, decided, understood, visitor, on_text)
            answer = self._finish(decided, found)
            answer = replace(answer, searched_as=understood.shown, seconds=Seconds(retrieve=round(retrieved, 4)))
        total = perf_counter() - started
        seconds = Seconds(answer.seconds.retrieve, round(total - answer.seconds.retrieve, 4), round(total, 4))
        return replace(answer, seconds=seconds), found

    def today(self) -> date:
        """Return the day that answers are of."""
        return self._today or date.today()

    def starters(self) -> dict[str, list[str]]:
        """Return up to three starter questions by topic title, taken from the guides."""
        starters: dict[str, list[str]] = {}
        for guide in self.index.guides.values():
            rows = starters.setdefault(TOPICS[guide.topic], [])
            question = next((q for q in guide.questions if q.endswith("?") and len(q) < 60), None)
            if question and len(rows) < 3:
                rows.append(question)
        return {title: rows for title in TOPICS.values() if (rows := starters.get(title))}

    def understand(self, masked: str, history: Sequence[Turn] = ()) -> Understanding:
        """Return a masked question as it is understood after the turns before."""
        quoted = _QUOTED.fullmatch(masked)
        reading = as_typed(quoted[1]) if quoted else self.reader.read(masked)
        said = context(reading.text, history, lambda question: self.reader.read(mask(question)).text)
        if not said.before:
            kinds = self._kinds.kinds(reading.query)
            return Understanding(reading.text, reading.query, reading.shown, kinds, whole=quoted is None)
        if said.corrects:
            return self._read(f"{said.own} {asking_part(said.before)}")
        before = self.reader.read(said.before)
        if said.form is not Form.PLAIN:
            kinds = self._kinds.kinds(before.query)
            return Understanding(before.text, before.query, before.shown, kinds, said.guide_id, said.form)
        query = f"{reading.query} {before.query}"
        kinds = self._kinds.kinds(reading.query)
        return Understanding(f"{before.text} {reading.text}", query, reading.shown, kinds, said.guide_id)

    def _read(self, question: str) -> Understanding:
        reading = self.reader.read(question)
        return Understanding(reading.text, reading.query, reading.text, self._kinds.kinds(reading.query))

    @staticmethod
    def _prefer(found: Found, guide_id: str | None) -> Found:
        """Put the guide of the turn before first for a question that leans on it, if it was found at all."""
        if guide_id not in found.guide_ids:
            return found
        scores = dict(zip(found.guide_ids, found.scores, strict=True))
        top = max(found.scores, default=1.0)
        order = (guide_id, *(g for g in found.guide_ids if g != guide_id))
        return replace(found, guide_ids=order, scores=tuple(top if g == guide_id else scores[g] for g in order))

    def _fixed(self, answer: Answer, route: Route) -> Answer:
        status = {
            Route.EMPTY: AnswerStatus.CLARIFY_EMPTY,
            Route.TOO_LONG: AnswerStatus.CLARIFY_TOO_LONG,
            Route.UNREADABLE: AnswerStatus.CLARIFY_UNREADABLE,
            Route.GREETING: AnswerStatus.CLARIFY_GREETING,
        }[route]
        return replace(answer, status=status, text=_TEXTS[route], suggestions=self._openers(), confidence=1.0)

    def _served(self, answer: Answer, found: Found, day: date) -> Answer | None:
        """Return the approved answer to this question that holds on `day`, None where there is none."""
        matches = self._curated.matches(answer.question)
        curated = next((c for c in matches if not lapses(c, self.passages, day)), None)
        if curated is None:
            return None
        text, more = _within_limit(curated.text, curated.more)
        citations = _used(citations_of(curated, self.passages), f"{text}\n{more or ''}")
        return replace(
            answer, status=AnswerStatus.ANSWERED, text=text, more=more, citations=citations, mode="curated", level="verified",
            as_of=min(self.passages[c.passage_id].as_of for c in curated.citations), confidence=1.0,
            guide_ids=tuple(dict.fromkeys((*(c.guide_id for c in citations), *found.guide_ids))), curated_id=curated.id, checked_by=curated.checked_by,
        )  # fmt: skip

    def _decide(
        self, answer: Answer, route: Route, understood: Understanding, found: Found, day: date
    ) -> "Answer | _Composed":
        sure = confidence(found)
        if understood.follows in found.guide_ids:
            sure = max(sure, FOLLOW_UP_CONFIDENCE)
        if route in _SAFETY:
            return self._safety(answer, route, understood, found, day)
        if route in _DECLINED:
            return replace(answer, status=_DECLINED[route], text=_TEXTS[route], confidence=1.0)
        if route is Route.OUT_OF_SCOPE and sure < OUT_OF_SCOPE_THRESHOLD:
            return replace(answer, status=AnswerStatus.DECLINED_OUT_OF_SCOPE, text=_TEXTS[route], confidence=sure)
        if choices := self._choices(understood, found):
            return replace(answer, status=AnswerStatus.CLARIFY_VAGUE, text=_VAGUE, suggestions=choices, confidence=sure)
        if sure < self._threshold and route is Route.OWN_RECORD:
            return replace(answer, status=AnswerStatus.DECLINED_OWN_RECORD, text=_TEXTS[route], confidence=sure)
        correction = self.premises.correction(understood.query, found.guide_ids, day)
        if correction:
            sure = 1 - (1 - sure) * (1 - correction.chance)  # either may be what was asked for
        if sure < self._threshold:
            declined = replace(answer, status=AnswerStatus.DECLINED_NO_SOURCE, text=_NO_SOURCE, confidence=sure)
            return self._from_shelf(answer, understood, day) or declined
        guide = self.index.guides[found.guide_ids[0]]
        beside = self._beside(understood, found, day)
        encode = self.index.embedder.encode
        opening = [Statement(correction.passage, correction.line, "opening")] if correction else []
        draft = compose(understood.query, understood.kinds, guide, day, encode, understood.form, beside, opening)
        if route is Route.OWN_RECORD:
            return self._written(answer, AnswerStatus.DECLINED_OWN_RECORD, draft, sure, lead=_OWN_RECORD)
        return _Composed(draft, sure)

    def on_shelf(self, understood: Understanding, day: date) -> Quotation | None:
        """Return what an official document could be quoted with, however unsure; None where there is nothing."""
        if self._shelf is None:
            return None
        return self._shelf.find(understood.question, understood.query, understood.kinds, day)

    def _from_shelf(self, answer: Answer, understood: Understanding, day: date) -> Answer | None:
        """Return what an official document says where no guide answers; None when none of its passages fits the question."""
        quotation = self.on_shelf(understood, day)
        if quotation is None or quotation.sure <= self.shelf_threshold:
            return None
        whole = self.guides[quotation.passages[0].guide_id]
        guide = replace(whole, passages=tuple(p for p in whole.passages if p in quotation.passages))
        draft = compose(understood.query, understood.kinds, guide, day, self.index.embedder.encode, understood.form)
        draft = replace(draft, unanswered=())
        written = self._written(answer, AnswerStatus.PARTIAL, draft, quotation.sure, lead=_FROM_SHELF)
        return replace(written, guide_ids=tuple(dict.fromkeys((guide.id, *quotation.found.guide_ids))))

    def _beside(self, understood: Understanding, found: Found, day: date) -> list[Statement]:
        """Return a lead from each other guide that answers another part of the question."""
        if understood.follows or understood.form is not Form.PLAIN:
            return []
        leads: dict[str, Statement] = {}
        for part in parts(understood.question):
            query = self.reader.read(part).query
            other = self.retriever.search(query, day)
            best = next(iter(other.guide_ids), "")
            if best in found.guide_ids[1:_BESIDE] and confidence(other) >= SURE_THRESHOLD:
                guide = self.index.guides[best]
                leads[best] = lines_for(query, self._kinds.kinds(query), guide, day, self.index.embedder.encode)[0]
        return list(leads.values())

    def _worded(
        self, answer: Answer, composed: "_Composed", understood: Understanding, visitor: str, on_text: Shown
    ) -> Answer:
        """Return the answer in the model's words where there is one and it wrote in time, in the guide's words otherwise."""
        draft, sure = composed.draft, composed.sure
        status = AnswerStatus.PARTIAL if draft.unanswered else AnswerStatus.ANSWERED
        lead = _form_lead(understood.form, draft)
        if self.writer is None or understood.form is Form.STEPS:
            return self._written(answer, status, draft, sure, lead)
        name = self.writer.model.name
        try:
            written = self.writer.write(understood.question, draft, understood.form, visitor, on_text)
        except ModelError as error:
            log.warning("%s; the composed answer is used", error)
            written = None
        if written is None:
            return replace(self._written(answer, status, draft, sure, lead), model=name)
        worded = self._written(answer, status, replace(draft, text=written.text, more=written.more), sure, lead)
        return replace(worded, mode="written", model=name, dropped=(*worded.dropped, *written.dropped))

    def _safety(self, answer: Answer, route: Route, understood: Understanding, found: Found, day: date) -> Answer:
        """Answer with the fixed card of the route: guides' lines, under a first sentence that states no fact. What a sure
        search found goes behind "xem thêm", for a question that only sounded like danger.
        """
        card = self._cards[route]
        shown = [Statement(passage, line, "item") for passage, line in card.lines if line.valid_on(day)]
        beside: list[Statement] = []
        if route is Route.SCAM and confidence(found) >= self._threshold:
            guide = self.index.guides[found.guide_ids[0]]
            beside = lines_for(understood.query, understood.kinds, guide, day, self.index.embedder.encode)
        written = self._written(answer, _SAFETY[route], cited(shown, beside), 1.0, lead=card.lead)
        return replace(written, guide_ids=tuple(dict.fromkeys((*found.guide_ids, *card.guide_ids))))

    def _choices(self, understood: Understanding, found: Found) -> tuple[str, ...]:
        """Return what to choose from when the question is too vague to answer, else nothing.

        "bao nhiêu tiền" names no subject: starter questions. "hộ chiếu" names one but asks nothing: its guides.
        """
        if understood.follows is not None:
            return ()
        subject = content_words(understood.question) - ASKING_WORDS
        if not subject and self._kinds.is_asking(understood.query):
            return self._openers()
        short = len(subject) <= 2 and len(syllables(understood.question)) <= 3
        if short and not self._kinds.is_asking(understood.query):
            return tuple(self.index.guides[g].title for g in found.guide_ids[:_CHOICES]) or self._openers()
        return ()

    def _openers(self) -> tuple[str, ...]:
        return tuple(rows[0] for rows in self.starters().values())[:_CHOICES]

    def _written(self, answer: Answer, status: AnswerStatus, draft: Draft, sure: float, lead: str = "") -> Answer:
        """Lock the draft's facts; put a fixed lead first, after a correction, and say what the guide does not state."""
        locked, rest = lock(draft.text, draft.citations), lock(draft.more or "", draft.citations)
        text, more = locked.text, rest.text or None
        answer = replace(answer, dropped=(*locked.dropped, *rest.dropped))
        if draft.unanswered:
            missing = " và ".join(MUST_HAVE[kind] for kind in draft.unanswered)
            lead = f"Tài liệu mình có chưa ghi {missing} của việc này, bạn hỏi lại nơi làm. Điều đã biết:"
        if not text:
            return replace(answer, status=AnswerStatus.DECLINED_NO_SOURCE, text=_NO_SOURCE, confidence=sure)
        opening, text = text.split("\n", 1) if draft.opens and "\n" in text else ("", text)
        shown = "\n\n".join(part for part in (opening, lead, text.strip()) if part)
        text, more = _within_limit(shown, more)
        dates = [self.guides[c.guide_id].as_of for c in draft.citations]
        reviewed = all(self.guides[c.guide_id].reviewed for c in draft.citations)
        return replace(
            answer, status=status, text=text, more=more or None, citations=_used(draft.citations, f"{text}\n{more or ''}"),
            confidence=sure, level="verified" if reviewed else "documented", as_of=min(dates, default=None),
        )  # fmt: skip

    def _finish(self, answer: Answer, found: Found) -> Answer:
        guide_ids = answer.guide_ids or found.guide_ids
        sheets = dict.fromkeys(s for g in guide_ids for s in self.guides[g].covers)
        suggestions = answer.suggestions or self._suggestions(answer, guide_ids)
        return replace(
            answer, guide_ids=guide_ids[:10], sheet_ids=tuple(sheets), suggestions=suggestions,
            confidence=round(answer.confidence, 4),
        )  # fmt: skip

    def _suggestions(self, answer: Answer, guide_ids: tuple[str, ...]) -> tuple[str, ...]:
        """Return what learners ask next: of each related guide, or of the next best found when unsure or declined. Nobody is
        led away from a card, or from the one to ask.
        """
        guides = self.guides
        if answer.status.group == "safety" or answer.status in _DECLINED.values():
            return ()
        if answer.status.group == "declined" or not guide_ids:
            return tuple(_first_question(guides[g]) for g in guide_ids[:_SUGGESTIONS])
        nearest = () if answer.confidence < SURE_THRESHOLD else guides[guide_ids[0]].related
        related = [g for g in (*nearest, *guide_ids[1:]) if g in guides and g != guide_ids[0]]
        return tuple(dict.fromkeys(_first_question(guides[g]) for g in related))[:_SUGGESTIONS]


def evidence(found: Found) -> tuple[float, ...]:
    """Return what the confidence is computed from: three shares in [0, 1], the logarithm of the question's length, and
    the keyword strengths in tens. A long question shares less with every guide, but matches the right one harder.
    """
    shares = (found.coverage, found.question_match, found.similarity)
    return *shares, math.log1p(found.length), *(strength / 10 for strength in found.strengths)


def confidence(found: Found) -> float:
    """Return the probability in [0, 1] that the best guide answers the question (logistic, see the weights)."""
    if not found.guide_ids:
        return 0.0
    features = (1.0, *evidence(found))
    return 1 / (1 + math.exp(-sum(w * x for w, x in zip(CONFIDENCE_WEIGHTS, features, strict=True))))


def _form_lead(form: Form, draft: Draft) -> str:
    """Return the words before an answer in another form; they state no fact."""
    has_steps = draft.text.startswith("1. ")
    return _NO_STEPS if form is Form.STEPS and not has_steps else _FORM_LEADS.get(form, "")


def _first_question(guide: Guide) -> str:
    return next((q for q in guide.questions if q.endswith("?")), guide.title)


def _within_limit(text: str, more: str | None) -> tuple[str, str | None]:
    """Move last lines behind "xem thêm" until what is seen first has at most 900 characters."""
    lines, moved = text.split("\n"), []
    while len("\n".join(lines)) > 900 and len(lines) > 1:
        moved.insert(0, lines.pop())
    behind = "\n".join([*filter(None, moved), *([more] if more else [])])
    return "\n".join(lines).strip(), behind or None


def _used(citations: tuple[Citation, ...], text: str) -> tuple[Citation, ...]:
    """Return the citations whose mark stands in the text."""
    return tuple(c for c in citations if f"[{c.number}]" in text)
