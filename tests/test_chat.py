"""The page's steps while an answer is made, and what the finished turn says about who worded it."""

import asyncio
import re
import threading
from datetime import date
from types import SimpleNamespace
from uuid import uuid4

import pytest
from model_proxy import Proxy
from people import person
from shown import shown
from test_writing import QUESTION, Scripted

from rag.answers import Answer, AnswerStatus, Turn
from rag.errors import ModelError, RecordError
from rag.records.answers import Feedback
from rag.retrieval import NOTHING
from rag.serving import Serving, open_assistant, open_writer
from ui.chat import build_page
from ui.doctor import checks
from ui.wording import CLASS_OVER, FAILED, SEARCHING, WAYS_TO_SAY, WRITING, as_plain_text, writer_line

TWO = "Làm mức 2 không mất tiền [1]. Bạn mang thẻ căn cước tới Công an xã, phường [2]."
MARKUP = re.compile(r"<[^>]+>")


class Silent(Scripted):
    """A model that waits until it is let go, then fails."""

    def __init__(self):
        super().__init__("")
        self.begun, self.go = threading.Event(), threading.Event()

    def complete(self, *_, **__):
        self.begun.set()
        self.go.wait(10)
        raise ModelError("the model took too long")


@pytest.fixture
def page_of(built, records, glossary):
    """Return what starts a conversation on a page with the given model; its steps are (html, box, turns)."""
    assistant = open_assistant(built)

    def page_of(model=None, trace=None):
        assistant.writer = open_writer(model, assistant.index.embedder, built) if model else None
        assistant.trace = trace or type(assistant).trace.__get__(assistant)
        page = build_page(Serving(assistant), records, glossary)
        return next(f.fn for f in page.fns.values() if f.name == "respond")

    return page_of


def from_address(host, key=None, at=""):
    cookies = {"binhdan_lop": key} if key else {}
    return SimpleNamespace(
        client=SimpleNamespace(host=host), cookies=cookies, session_hash="phien", query_params={"ve": at}
    )


def steps_of(respond, question=QUESTION, turns=(), host="192.0.2.1", key=None, at=""):
    async def collect():
        return [step async for step in respond(question, list(turns), from_address(host, key, at))]

    return asyncio.run(asyncio.wait_for(collect(), 30))


def test_a_written_answer_comes_sentence_by_sentence_and_ends_labelled(page_of):
    first, *writing, last = [html for html, _, _ in steps_of(page_of(Scripted(TWO)))]
    assert SEARCHING in first
    assert all(WRITING in html for html in writing)
    assert ["Công an xã" in html for html in writing] == [False, False, True]
    assert ["không mất tiền" in html for html in writing] == [False, True, True]
    assert not re.search(r"\[\d\]|class=\"mark\"", "".join(writing))
    assert "Lời văn do máy viết" in last
    assert "Máy viết: kịch bản" in last
    assert all(f'data-ask="{question}"' in last for question in WAYS_TO_SAY.values())


def test_only_the_first_word_of_a_step_is_for_screen_readers(page_of):
    steps = [html for html, _, _ in steps_of(page_of(Scripted(TWO)))]
    assert ['class="doing" role="status"' in html for html in steps] == [True, True, False, False, False]
    assert ['aria-live="off"' in html for html in steps] == [False, False, True, True, False]


def test_without_a_model_there_are_two_steps_and_no_word_about_one(page_of):
    first, last = [html for html, _, _ in steps_of(page_of())]
    assert SEARCHING in first
    assert "máy viết" not in MARKUP.sub("", last).lower()


def test_the_box_is_emptied_once_and_what_is_typed_meanwhile_stays(page_of):
    boxes = [box for _, box, _ in steps_of(page_of(Scripted(TWO)))]
    assert boxes[:2] == [QUESTION, ""]
    assert all(isinstance(box, dict) and "value" not in box for box in boxes[2:])
    assert [box for _, box, _ in steps_of(page_of())] == [QUESTION, ""]


def test_a_model_that_fails_leaves_a_composed_answer_with_its_label(page_of):
    model = Silent()
    model.go.set()
    *_, (html, _, turns) = steps_of(page_of(model))
    assert "Lần này máy viết chưa giúp được" in html
    assert "không mất tiền" in html
    assert len(turns) == 1


def test_only_the_first_question_of_a_conversation_counts_somebody_as_reached(page_of, records):
    def counted():
        found = {row.measure: row.n for row in records.movement.counted()}
        return [found.get(measure, 0) for measure in ("people", "questions", "answered")]

    before = counted()
    *_, (_, _, turns) = steps_of(page_of())
    steps_of(page_of(), turns=turns)
    steps_of(page_of(), question="xin chào")
    assert [n - was for n, was in zip(counted(), before, strict=True)] == [1, 2, 2]


AT = "can-cuoc-tre-em-duoi-14.6"


def traced(seen):
    """Return what stands in for the assistant: it notes the turns that it is given and is greeted, or answers."""

    def trace(question, turns, visitor, on_text):
        seen.append(list(turns))
        status = AnswerStatus.CLARIFY_GREETING if question == "xin chào" else AnswerStatus.ANSWERED
        return Answer(uuid4().hex, question, status, "trả lời"), NOTHING

    return trace


def test_a_conversation_that_begins_at_a_step_is_told_it_until_it_has_a_turn_of_its_own(page_of):
    seen, turns = [], []
    respond = page_of(trace=traced(seen))
    for question in ("xin chào", "cần mang giấy tờ gì", "thế mất bao lâu"):
        *_, (_, _, turns) = steps_of(respond, question, turns, at=AT)
    step = seen[0]
    assert [(turn.guide_id, turn.answer[:15]) for turn in step] == [("can-cuoc-tre-em-duoi-14", "Đưa trẻ đến Côn")]
    assert step[0].question.startswith("Làm thẻ căn cước cho trẻ em dưới 14 tuổi: Đưa trẻ")
    assert seen[1] == step
    assert [turn.question for turn in seen[2]] == ["cần mang giấy tờ gì"]
    assert [turn.question for turn in turns] == ["cần mang giấy tờ gì", "thế mất bao lâu"]


@pytest.mark.parametrize("at", ["", "can-cuoc-tre-em-duoi-14", "can-cuoc-tre-em-duoi-14.99", "khong-co.1", "'; --.1"])
def test_what_names_no_step_begins_at_nothing(page_of, at):
    seen = []
    steps_of(page_of(trace=traced(seen)), at=at)
    assert seen == [[]]


def test_a_question_that_says_little_is_answered_from_the_step_it_was_asked_at(page_of):
    *_, (unsure, _, _) = steps_of(page_of(), "cần mang giấy tờ gì")
    *_, (_, _, turns) = steps_of(page_of(), "cần mang giấy tờ gì", at=AT)
    assert "Làm thẻ căn cước cho trẻ em dưới 14 tuổi" not in unsure
    assert [turn.guide_id for turn in turns] == ["can-cuoc-tre-em-duoi-14"]


def test_somebody_who_begins_at_a_step_is_counted_as_reached(page_of, records):
    def people():
        return {row.measure: row.n for row in records.movement.counted()}.get("people", 0)

    before = people()
    steps_of(page_of(), "cần mang giấy tờ gì", at=AT)
    assert people() == before + 1


def test_an_exception_reaches_the_learner_as_a_sentence_and_gives_the_question_back(page_of):
    def broken(question, turns, visitor, on_text):
        on_text("")
        raise ZeroDivisionError

    *_, (html, box, turns) = steps_of(page_of(trace=broken), turns=[Turn("a", "b")])
    assert FAILED in shown(html)
    assert box == QUESTION
    assert turns == [Turn("a", "b")]


def test_a_page_that_is_closed_while_the_model_is_silent_holds_nothing(page_of):
    model = Silent()

    async def leave():
        steps = page_of(model)(QUESTION, [], from_address("192.0.2.1"))
        await anext(steps)
        await anext(steps)  # "Đang viết"
        waiting = asyncio.ensure_future(anext(steps))
        await asyncio.to_thread(model.begun.wait, 10)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(waiting, 1)
        await asyncio.wait_for(steps.aclose(), 1)

    before = set(threading.enumerate())
    asyncio.run(leave())
    model.go.set()
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
        assert not thread.is_alive()


def test_a_visitor_is_an_address_that_is_not_handed_on(page_of):
    seen = []

    def trace(question, turns, visitor, on_text):
        seen.append(visitor)
        return Answer("a" * 32, question, AnswerStatus.CLARIFY_VAGUE, "x"), NOTHING

    for host in ("192.0.2.1", "192.0.2.1", "192.0.2.2"):
        steps_of(page_of(trace=trace), host=host)
    assert seen[0] == seen[1] != seen[2]
    assert not any("192" in visitor for visitor in seen)


@pytest.fixture
def room(records):
    return records.classrooms.open(person(records), None, "chung", date(2026, 11, 27))


def test_a_question_of_a_class_is_stored_as_its_members_and_charged_to_the_member(page_of, records, room):
    seen = []

    def trace(question, turns, visitor, on_text):
        seen.append(visitor)
        return Answer(f"{len(seen):032}", question, AnswerStatus.DECLINED_NO_SOURCE, "x"), NOTHING

    respond = page_of(trace=trace)
    for key in (records.classrooms.join(room.code)[0], records.classrooms.join(room.code)[0], None):
        steps_of(respond, key=key)
    assert [asked.number for asked in records.classrooms.wall(room.id).questions] == [2, 1]
    assert len(set(seen)) == 3
    records.classrooms.end(person(records), room.id)


def test_a_question_that_is_being_answered_while_the_class_ends_is_neither_stored_nor_shown(page_of, records, room):
    key, _ = records.classrooms.join(room.code)

    def trace(question, turns, visitor, on_text):
        records.classrooms.end(person(records), room.id)
        return Answer("e" * 32, question, AnswerStatus.ANSWERED, "x"), NOTHING

    *_, last = steps_of(page_of(trace=trace), turns=[Turn("a", "b")], key=key)
    assert (CLASS_OVER in last[0], QUESTION in last[0], last[1:]) == (True, False, ("", []))
    with pytest.raises(RecordError, match="no answer"):
        records.answers.give_feedback(Feedback("e" * 32, helpful=True))


def test_a_question_from_a_class_that_has_ended_is_not_answered(page_of, records, room):
    key, _ = records.classrooms.join(room.code)
    records.classrooms.end(person(records), room.id)
    *_, last = steps_of(page_of(trace=lambda *_, **__: pytest.fail("it was answered")), key=key)
    assert CLASS_OVER in last[0]


@pytest.mark.parametrize(
    ("status", "mode", "model", "said"),
    [
        (AnswerStatus.ANSWERED, "written", "m", "Lời văn do máy viết"),
        (AnswerStatus.PARTIAL, "composed", "m", "máy viết chưa giúp được"),
        (AnswerStatus.ANSWERED, "composed", None, ""),
        (AnswerStatus.DECLINED_NO_SOURCE, "composed", "m", ""),
    ],
)
def test_the_terminal_says_who_worded_an_answer_too(status, mode, model, said):
    answer = Answer("a" * 32, "hỏi", status, "đáp", mode=mode, model=model)
    assert said in writer_line(answer)
    assert bool(writer_line(answer)) == bool(said)
    assert writer_line(answer) in as_plain_text(answer)


def model_findings(settings):
    return [f for f in checks(settings, model=True) if f.name in ("model", "model answers", "fact lock")]


def test_the_doctor_has_the_model_word_an_answer(built):
    proxy = Proxy(text=f"{TWO} Phí là 50.000 đồng [1].")
    try:
        settings = built.model_copy(update={"model": "openai:m", "model_url": proxy.url, "model_first_s": 2.0})
        model, answers, locked = model_findings(settings)
        assert (model.ok, model.finding) == (True, f"openai:m at {proxy.url}")
        assert answers.ok
        assert re.fullmatch(r"first text after \d\.\d s, all after \d\.\d s, \d+ tokens", answers.finding)
        assert (locked.ok, locked.finding) == (True, "2 sentences of the model kept, 1 dropped")
        proxy.text = "Phí là 50.000 đồng [1]."
        assert not model_findings(settings)[2].ok
        proxy.fault = "500"
        *_, failed = model_findings(settings)
        assert (failed.name, failed.ok) == ("model answers", False)
        assert "BINHDAN_MODEL_URL" in failed.finding
    finally:
        proxy.close()


@pytest.mark.parametrize(("name", "said"), [("", "set BINHDAN_MODEL"), ("telepathy:x", "expected openai:NAME")])
def test_the_doctor_says_how_to_set_a_model(built, name, said):
    (found,) = model_findings(built.model_copy(update={"model": name}))
    assert not found.ok
    assert said in found.finding
