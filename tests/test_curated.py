"""Approved answers: served to the same question only, only while what they cite stands, and never over danger."""

import threading
import unicodedata
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from test_assistant import check

from rag.answers import Turn
from rag.curated import CuratedAnswer, CuratedCitation, CuratedMatcher, citations_of, lapses
from rag.routing import Route
from rag.serving import open_assistant
from ui.rendering import turn_html
from ui.wording import as_plain_text, checked_line

DAY = date(2026, 11, 25)
QUESTION = "Làm định danh mức 2 ở đâu, có mất tiền không?"
PLACE = "vneid-dang-ky-muc-2#noi-lam"
FEE = "vneid-dang-ky-muc-2#le-phi"


@pytest.fixture(scope="module")
def served(built):
    """An assistant of this module's own, whose approved answers may change."""
    return open_assistant(built)


def approved(assistant, question=QUESTION, also=(), id="c1", by="Lan", passages=(PLACE, FEE)):
    """Return an answer made of the first line of each passage."""
    found = [assistant.passages[p] for p in passages]
    citations = [CuratedCitation(n, p.id, p.digest, p.lines[0].text) for n, p in enumerate(found, 1)]
    text = "\n".join(f"- {c.quote} [{c.number}]" for c in citations)
    return CuratedAnswer(id, question, also, text, None, tuple(citations), by, datetime(2026, 11, 24, 20, tzinfo=UTC))


def matcher(assistant, *questions):
    answers = [approved(assistant, question, id=str(n)) for n, question in enumerate(questions)]
    return CuratedMatcher(answers, assistant.index, assistant.reader)


def test_an_approved_answer_is_served_with_its_sources_and_who_approved_it(served):
    served.use_curated([approved(served)])
    answer = served.ask(QUESTION)
    check(replace(answer, level="documented"))
    assert (answer.mode, answer.level, answer.status, answer.confidence) == ("curated", "verified", "answered", 1.0)
    assert (answer.curated_id, answer.checked_by) == ("c1", "Lan, 25/11/2026")  # it was past midnight in Vietnam
    assert answer.guide_ids[0] == "vneid-dang-ky-muc-2"
    assert len(answer.guide_ids) > 1
    assert answer.as_of == min(served.passages[p].as_of for p in (PLACE, FEE))
    assert answer.suggestions
    assert [c.quote for c in answer.citations] == [served.passages[p].lines[0].text for p in (PLACE, FEE)]


@pytest.mark.parametrize(
    "typed",
    [
        "lam dinh danh muc 2 o dau, co mat tien khong",
        "lafm ddinhj danh muwcs 2 owr ddaau, cos maats tieenf khoong",
        unicodedata.normalize("NFD", QUESTION),
        "Làm định danh mức 2 ở đâu, có mất tiền ko ạ",
        "Dạ cho cháu hỏi làm định danh mức 2 ở chỗ nào, có mất tiền không vậy?",
        "Làm định dnah mức 2 ở đâu, có mất tiền không?",
        "Tôi muốn làm định danh mức 2 thì ở đâu, có mất tiền không",
    ],
)
def test_the_same_question_typed_otherwise_is_served(served, typed):
    served.use_curated([approved(served)])
    assert served.ask(typed).curated_id == "c1"


def test_a_moved_tone_is_the_same_letter(served):
    assert matcher(served, "Xóa đăng ký thường trú ở đâu?").find("Xoá đăng ký thường trú ở đâu?")


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("Đăng ký tạm trú mất bao nhiêu tiền?", "Đăng ký thường trú mất bao nhiêu tiền?"),
        ("Đăng ký tạm trú mất bao nhiêu tiền?", "dang ky thuong tru mat bao nhieu tien"),
        ("Đăng ký tạm trú mất bao nhiêu tiền?", "Đăng ký tạm trú mất bao nhiêu ngày?"),
        ("Đăng ký thường trú cho tôi cần giấy tờ gì?", "Đăng ký thường trú cho con cần giấy tờ gì?"),
        ("Làm định danh mức 2 ở đâu?", "Làm định danh mức 1 ở đâu?"),
        ("Mất thẻ căn cước thì làm sao?", "Hết hạn thẻ căn cước thì làm sao?"),
        ("Đăng ký tạm trú có bị phạt không?", "Không đăng ký tạm trú có bị phạt không?"),
        ("Đăng ký tạm trú có bị phạt không?", "dang ky tam tru muon co bi phat khong"),
        ("Chuyển nhầm tiền cho người lạ thì làm sao?", "chuyen nham tien cho nguoi nha thi lam sao"),
        ("Quên mật khẩu VNeID thì làm sao?", "Quên mật khẩu VssID thì làm sao?"),
        ("Từ mức 1 lên mức 2 thế nào?", "Từ mức 2 lên mức 1 thế nào?"),
        ("Ai cấp sổ bảo hiểm xã hội?", "Ai được cấp sổ bảo hiểm xã hội?"),
        ("Trẻ dưới 6 tuổi có làm căn cước được không?", "Trẻ trên 6 tuổi có làm căn cước được không?"),
    ],
)
def test_a_question_that_differs_in_one_thing_is_not(served, question, asked):
    assert matcher(served, question).find(question)
    assert matcher(served, question).find(asked) is None


def test_three_slips_are_too_many(served):
    known = matcher(served, "Cài VNeID, VssID, nTrust ở đâu?")
    assert known.find("Cài VNeIDq, VssIDq, nTrust ở đâu?")
    assert known.find("Cài VNeIDq, VssIDq, nTrustq ở đâu?") is None


def test_another_question_held_to_be_the_same_is_served_too(served):
    served.use_curated([approved(served, also=("Xin cấp mức 2 tại đâu?",))])
    assert served.ask("xin cap muc 2 tai dau").curated_id == "c1"


def changed(passage, **update):
    return replace(passage, lines=(replace(passage.lines[0], **update), *passage.lines[1:]))


def test_an_answer_that_holds_has_no_reason_against_it(served):
    assert lapses(approved(served), served.passages, DAY) == []


def test_each_way_to_lapse_has_its_reason(served):
    curated, fee = approved(served), served.passages[FEE]
    title = f"{fee.guide_title} – {fee.heading}"
    reasons = {
        "gone": lapses(curated, {PLACE: served.passages[PLACE]}, DAY),
        "other line": lapses(curated, {**served.passages, FEE: replace(fee, lines=(*fee.lines, fee.lines[0]))}, DAY),
        "edited": lapses(curated, {**served.passages, FEE: changed(fee, text="Khác.")}, DAY),
    }
    assert reasons["gone"] == [f"Đoạn “{FEE}” không còn trong tài liệu."]
    assert reasons["other line"] == [f"Đoạn “{title}” đã sửa sau khi duyệt."]
    assert f"Đoạn “{title}” không có câu “{fee.lines[0].text}”." in reasons["edited"]


def test_a_quoted_line_that_expires_ends_the_answer_on_the_next_day(served):
    passage = changed(served.passages[FEE], valid_until=DAY)
    passages = {**served.passages, FEE: passage}
    curated = approved(served)
    bound = replace(curated, citations=(curated.citations[0], replace(curated.citations[1], digest=passage.digest)))
    assert lapses(bound, passages, DAY) == []
    (reason,) = lapses(bound, passages, date(2026, 11, 26))
    assert reason.endswith("không có hiệu lực vào ngày 26/11/2026.")


def test_a_fact_that_no_quote_has_ends_the_answer(served):
    curated = approved(served)
    (reason,) = lapses(replace(curated, more="Lệ phí là 50.000 đồng. [2]"), served.passages, DAY)
    assert "50.000 đồng" in reason
    assert lapses(replace(curated, text="Bạn làm được."), served.passages, DAY) == ["Câu trả lời không dẫn nguồn nào."]


def test_an_answer_that_lapsed_is_not_served_and_the_one_that_replaces_it_is(served):
    holds = approved(served, id="new")
    stale = replace(holds, id="old", citations=(replace(holds.citations[0], digest="0" * 64), holds.citations[1]))
    served.use_curated([stale])
    assert served.ask(QUESTION).mode == "composed"
    served.use_curated([stale, holds])
    assert served.ask(QUESTION).curated_id == "new"


def test_the_newest_of_two_answers_is_served(served):
    first = approved(served, id="a-first")
    second = replace(first, id="second", approved_at=datetime(2026, 11, 25, 1, tzinfo=UTC))
    served.use_curated([first, second])
    assert served.ask(QUESTION).curated_id == "second"


@pytest.mark.parametrize(
    ("question", "route"),
    [
        ("Nhà tôi đang cháy", Route.EMERGENCY),
        ("Tôi lỡ đọc mã OTP cho người lạ", Route.SCAM),
        ("Đau đầu nên uống thuốc gì", Route.MEDICAL),
        ("Thời tiết hôm nay thế nào", Route.OUT_OF_SCOPE),
        ("Tra giúp tôi hồ sơ của tôi đến đâu rồi", Route.OWN_RECORD),
    ],
)
def test_nothing_approved_stands_before_a_card_or_a_refusal(served, question, route):
    served.use_curated([])
    before = served.ask(question)
    served.use_curated([approved(served, question)])
    after = served.ask(question)
    assert served.router.route(question, question) is route
    assert (after.curated_id, after.status, after.text) == (None, before.status, before.text)


def test_only_a_question_that_stands_alone_as_it_is_read_is_served(served):
    served.use_curated([approved(served), approved(served, "thế có mất tiền không?", id="c2")])
    history = [Turn("Làm hộ chiếu ở đâu?", "…", "ho-chieu-cap-trong-nuoc")]
    assert served.ask(f"“{QUESTION}”").curated_id is None
    assert served.ask("thế có mất tiền không?", history).curated_id is None
    assert served.ask(QUESTION, history).curated_id == "c1"
    turn = Turn(QUESTION, "…", "vneid-dang-ky-muc-2")
    assert served.ask("Nói kỹ hơn", [turn]).mode == "composed"


def test_answers_can_be_swapped_while_questions_are_asked(served):
    one, other = [approved(served, id="one")], [approved(served, id="other")]
    served.use_curated(one)
    seen, stop = set(), threading.Event()

    def ask():
        while not stop.is_set():
            seen.add(served.ask(QUESTION).curated_id)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for n in range(40):
        served.use_curated((other, one)[n % 2])
    served.use_curated([])
    stop.set()
    for thread in threads:
        thread.join(10)
    assert seen <= {"one", "other", None}
    assert {"one", "other"} & seen
    assert served.ask(QUESTION).curated_id is None


def test_the_page_and_the_terminal_show_who_approved_it(served, glossary):
    served.use_curated([approved(served, by="<b>Lan</b>")])
    answer = served.ask(QUESTION)
    html = turn_html(answer, served.passages, glossary, masked=False, can_rate=False)
    assert 'class="answer answered curated"' in html
    assert "Đã kiểm chứng bởi &lt;b&gt;Lan&lt;/b&gt;, 25/11/2026" in html
    assert checked_line(answer) in as_plain_text(answer)


def test_a_quote_brings_only_the_sources_of_its_own_lines(served):
    passage = served.passages[FEE]
    (citation,) = citations_of(approved(served, passages=(FEE,)), served.passages)
    assert citation.sources == passage.lines[0].sources
