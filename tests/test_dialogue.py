"""What a turn wants of the turns before it."""

import pytest

from rag.answers import Turn
from rag.compose import Form
from rag.dialogue import asking_part, context, parts, wish

HISTORY = [
    Turn("Làm hộ chiếu mất bao nhiêu tiền?", "…", "xnc-ho-chieu-pho-thong"),
    Turn("Nói dễ hơn", "…", "xnc-ho-chieu-pho-thong"),
]


def read(question):
    return question


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Nói dễ hơn", Form.SIMPLER),
        ("noi de hieu hon di", Form.SIMPLER),
        ("Không hiểu gì", Form.SIMPLER),
        ("Nói kỹ hơn", Form.DETAILED),
        ("nói chi tiết hơn được không", Form.DETAILED),
        ("Đọc từng bước", Form.STEPS),
        ("chỉ từng bước đi", Form.STEPS),
        ("Hộ chiếu làm từng bước thế nào?", Form.PLAIN),
        ("Nói rõ hơn về tạm trú", Form.PLAIN),
        ("Bao nhiêu tiền?", Form.PLAIN),
    ],
)
def test_a_wish_for_another_form_is_told_from_a_question(text, form):
    assert wish(text) is form


def test_a_wish_goes_back_to_the_question_that_was_asked():
    found = context("Nói kỹ hơn", HISTORY, read)
    assert (found.form, found.before) == (Form.DETAILED, HISTORY[0].question)
    assert context("Nói kỹ hơn", [], read).form is Form.PLAIN


@pytest.mark.parametrize(
    "text", ["ý tôi là căn cước", "Không phải, ý mình hỏi căn cước", "Nhầm, ý em muốn hỏi căn cước"]
)
def test_a_correction_keeps_what_was_asked_and_changes_the_subject(text):
    found = context(text, HISTORY, read)
    assert (found.own, found.corrects, found.guide_id) == ("căn cước", True, None)
    assert asking_part(found.before) == "làm mất bao nhiêu tiền"


def test_a_new_subject_takes_nothing_from_the_turns_before():
    assert context("Đăng ký tạm trú ở đâu?", HISTORY, read).before == ""


def test_only_the_last_turns_are_looked_at():
    old = [HISTORY[0], *([Turn("Nói dễ hơn", "…")] * 6)]
    assert context("thế ở đâu?", old, read).before == ""


def test_a_question_of_several_things_falls_into_its_parts():
    assert parts("Làm hộ chiếu online ở đâu, rồi thẻ căn cước hết hạn đổi chỗ nào?") == [
        "Làm hộ chiếu online ở đâu",
        "thẻ căn cước hết hạn đổi chỗ nào?",
    ]
    assert parts("Làm hộ chiếu ở đâu?") == []
