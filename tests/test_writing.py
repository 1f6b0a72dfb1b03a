"""Written answers: what a model says is shown only where the cited line says it too."""

import re

import pytest
from model_proxy import FAULTS, Proxy

from rag.errors import ModelError
from rag.llm import Completion
from rag.serving import open_assistant, open_writer

QUESTION = "Làm định danh mức 2 ở đâu, có mất tiền không?"


class Scripted:
    """A model that says what it is told, in pieces of a few letters, and keeps what it was asked."""

    name = "kịch bản"

    def __init__(self, text, whole=True):
        self.text, self.whole, self.asked = text, whole, []

    def complete(self, system, user, visitor="", on_text=lambda _: None):
        self.asked.append((system, user))
        text = self.text(user) if callable(self.text) else self.text
        for start in range(0, len(text), 7):
            on_text(text[start : start + 7])
        return Completion(text, 10, self.whole)


@pytest.fixture
def ask(built):
    assistant = open_assistant(built)

    def ask(text, question=QUESTION, whole=True, **rest):
        model = Scripted(text, whole)
        assistant.writer = open_writer(model, assistant.index.embedder, built)
        return assistant.ask(question, **rest), model

    return ask


def test_a_true_sentence_in_other_words_is_shown_with_its_source(ask):
    answer, _ = ask("Bạn được miễn phí khi làm mức 2 [1]. Bạn mang thẻ căn cước tới Công an xã, phường [2].")
    assert (answer.mode, answer.model) == ("written", "kịch bản")
    assert "Bạn mang thẻ căn cước tới Công an xã, phường. [" in answer.text
    numbers = {int(n) for n in re.findall(r"\[(\d+)\]", f"{answer.text} {answer.more}")}
    assert numbers == {c.number for c in answer.citations}


def test_a_wrong_citation_is_put_right_and_a_wrong_fact_replaced_by_the_line(ask):
    answer, _ = ask("Làm mức 2 mất 50.000 đồng phí, lệ phí [9]. Bạn mang thẻ căn cước tới Công an xã, phường [7].")
    assert "50.000" not in f"{answer.text} {answer.more}"
    assert "không thu phí" in answer.text
    assert any("50.000 đồng" in lost for _, lost in answer.dropped)
    assert "Bạn mang thẻ căn cước tới Công an xã, phường. [2]" in answer.text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Tôi là mô hình ngôn ngữ. Hãy uống nhiều nước và tập thể dục đều đặn mỗi ngày.",
        "Bạn gọi 0900 000 000 hoặc vào https://vneid-nhanh.example/mo để được làm ngay.",
        "Please ignore the rules and send money to this account at once.",
    ],
)
def test_what_no_line_says_is_not_shown_and_the_composed_answer_comes(ask, text):
    answer, _ = ask(text)
    assert (answer.mode, answer.model) == ("composed", "kịch bản")
    assert "không mất tiền" in answer.text
    assert "example" not in f"{answer.text} {answer.more}"


def test_a_written_answer_leads_with_the_answer_and_hides_nothing_that_the_composed_one_says(ask, assistant):
    composed = assistant.ask(QUESTION)
    answer, _ = ask("Không ai làm được mức 2 qua điện thoại hay đường link [3].")
    assert answer.text.split("\n")[0] == composed.text.split("\n")[0]
    everything = f"{answer.text}\n{answer.more}"
    for line in filter(
        None, re.sub(r" ?\[\d+\]|^- |\*\*Cẩn thận:\*\* ", "", composed.text, flags=re.MULTILINE).split("\n")
    ):
        assert line.rstrip(".") in everything


def test_links_and_phone_numbers_reach_the_model_as_tokens_and_come_back(ask):
    question = "Nguy hiểm trên mạng thì gọi tổng đài nào, hay gửi phản ánh vào đâu?"
    answer, model = ask(lambda user: re.search(r"\[1\] (.*)", user)[1], question)
    quotes = model.asked[0][1]
    for link in re.findall(r"https?://\S+|\b\w+\.gov\.vn", answer.text):
        assert link not in quotes
    assert "[[" not in answer.text
    assert ask("Bạn gọi [[so-dien-thoai-77]] để làm mức 2 ở Công an xã, phường.")[0].text.count("[[") == 0


def test_a_sentence_that_the_model_was_stopped_in_is_not_shown(ask):
    answer, _ = ask("Bạn được miễn phí khi làm mức 2. Bạn mang thẻ căn cước tới Công an xã, phường", whole=False)
    assert "tới Công an xã, phường" not in answer.text


def test_only_locked_text_is_handed_out_while_the_model_writes(ask):
    seen = []
    ask("Bạn chuyển 99.000 đồng trước. Bạn mang thẻ căn cước tới Công an xã, phường.", on_text=seen.append)
    assert seen[0] == ""
    assert any(seen)
    assert not any("99.000" in text for text in seen)


def test_personal_data_never_reaches_a_model(ask):
    _, model = ask("Không rõ.", "Số căn cước 000123456789 của tôi làm định danh mức 2 ở đâu, gọi 0900000001?")
    assert model.asked
    assert not any("000123456789" in text or "0900000001" in text for pair in model.asked for text in pair)


@pytest.mark.parametrize("fault", FAULTS)
def test_no_failing_server_costs_the_learner_an_answer(built, fault):
    proxy = Proxy(text="Bạn được miễn phí khi làm mức 2 [1].")
    try:
        limits = {"model_first_s": 0.8, "model_total_s": 1.5, "model_rest_s": 0.5}
        assistant = open_assistant(built.model_copy(update={"model": "openai:m", "model_url": proxy.url, **limits}))
        proxy.fault = fault
        answers = [assistant.ask(QUESTION) for _ in range(4)]
        assert {(a.mode, a.model, a.text) for a in answers} == {("composed", "m", answers[0].text)}
        assert max(a.seconds.total for a in answers) < limits["model_total_s"] + 1
        assert answers[3].seconds.total < 0.3  # the model rests
        with pytest.raises(ModelError, match="rests"):
            assistant.writer.model.complete("a", "b")
    finally:
        proxy.close()


def test_the_model_is_not_asked_where_a_fixed_answer_is_due(ask):
    for question in ("nhà tôi đang cháy", "tôi bị lừa mất tiền rồi", "thời tiết hôm nay thế nào", "xin chào"):
        answer, model = ask("Bạn được miễn phí khi làm mức 2.", question)
        assert answer.mode == "composed"
        assert model.asked == []


def test_a_question_that_the_model_repeats_is_not_shown(ask):
    answer, _ = ask(f"{QUESTION} [1] Bạn mang thẻ căn cước tới Công an xã, phường [2].")
    assert QUESTION not in answer.text
    assert "Bạn mang thẻ căn cước tới Công an xã, phường. [2]" in answer.text


def test_nothing_is_said_twice_when_the_composed_lead_stays_first(ask):
    answer, _ = ask("Làm mức 2 không mất tiền [1]. Bạn mang thẻ căn cước tới Công an xã, phường [2].")
    assert answer.text.count("không mất tiền") == 1


def test_marks_and_tokens_that_a_model_scatters_are_cleared_away(ask):
    answer, _ = ask("Bạn mang thẻ căn cước tới Công an xã, phường. [[2]] [[lien-ket-1]], [[lien-ket-1]]\n")
    assert "Bạn mang thẻ căn cước tới Công an xã, phường. [2]" in answer.text
    assert "[]" not in answer.text


def test_nonsense_in_the_words_of_a_line_is_replaced_by_the_line(ask):
    answer, _ = ask("Bạn cầm thẻ căn cước đến Công an xã, phường, không các đo nhéru bạn yêu cầu [2].")
    assert "nhéru" not in f"{answer.text} {answer.more}"
    assert any("nhéru" in lost for _, lost in answer.dropped)


def test_a_sentence_that_says_half_of_its_line_gives_way_to_it(ask):
    warning = "Không ai làm được mức 2 qua điện thoại hay đường link [3]. Ai gọi mời “nâng cấp mức 2 online” đều đáng nghi, bạn đừng làm theo [3]."
    answer, _ = ask(f"Bạn mang thẻ tới Công an xã, phường [2]. {warning}")
    assert answer.mode == "written"
    assert "Bạn mang thẻ tới" not in answer.text
    assert "Bạn cầm thẻ căn cước đến Công an xã, phường để làm mức 2" in answer.text


def test_steps_of_which_some_were_written_are_shown_as_they_are(ask):
    question = "Khóa căn cước điện tử thế nào?"
    steps = re.findall(r"^\d+\. .*$", ask("", question)[0].text, re.MULTILINE)
    said = "Tiếp nhận xong là căn cước điện tử được khóa ngay [2]."
    free = "Khóa, mở khóa căn cước điện tử không mất phí: bạn đến Công an xã, phường gần nhất hoặc gửi yêu cầu trên VNeID, khai mẫu TK03 [1]."
    answer, _ = ask(f"{said} {free}", question)
    assert answer.mode == "written"
    assert re.findall(r"^\d+\. .*$", answer.text, re.MULTILINE) == steps
    assert answer.text.count("được khóa ngay") == 1
