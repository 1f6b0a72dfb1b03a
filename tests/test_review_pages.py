import json
import re

import pytest
import sqlalchemy as sa
from people import client, person

from rag.answers import Answer, AnswerStatus, Citation
from rag.records import Records, tables
from rag.records.answers import Context, Feedback
from rag.records.reviews import ReviewDraft, Verdict
from rag.serving import Serving
from ui.app import create_app

DESK = "/huong-dan-vien/kiem-tra"
QUESTION = "làm định danh mức 2 có mất tiền không"
NASTY = "<script>alert(1)</script> & <img src=x onerror=alert(2)>"


@pytest.fixture
def records(tmp_path):
    records = Records.open(f"sqlite:///{tmp_path / 'records.sqlite3'}", double_review=1)
    yield records
    records.close()


@pytest.fixture
def app(assistant, records, glossary, built):
    return create_app(Serving(assistant), records, glossary, built)


@pytest.fixture
def asked(assistant, records):
    """Ask and store a question; return its answer."""

    def asked(question=QUESTION, **context):
        answer, found = assistant.trace(question)
        records.answers.save(answer, Context(found.hits, **context))
        return answer

    return asked


@pytest.fixture
def lan(app, records):
    return client(app, records, person(records, name="lan"))


@pytest.fixture
def mai(app, records):
    return client(app, records, person(records, name="mai"))


def take(browser):
    """Take the next item; return its address."""
    reply = browser.post(f"{DESK}/tiep", data={"token": browser.token})
    assert reply.status_code == 303
    return reply.headers["location"].partition("?")[0]


def decide(browser, at, **form):
    return browser.post(at, data={"token": browser.token, **form})


def free_of_charge(assistant):
    """Return a citation for the editor whose line says that level 2 costs nothing, and a line that it backs."""
    passage = next(p for p in assistant.index.passages if p.id == "vneid-dang-ky-muc-2#le-phi")
    row = {"number": 1, "passage_id": passage.id, "digest": passage.digest, "rows": [0]}
    return row, passage.lines[0].text


def test_a_trainer_sees_what_the_learner_saw_and_what_it_rested_on(asked, lan, records):
    answer = asked()
    records.answers.give_feedback(Feedback(answer.id, False, ("Khó hiểu",), "chưa rõ"))
    assert QUESTION in lan.get(DESK).text
    page = lan.get(take(lan)).text
    assert answer.citations[0].title.rpartition(" – ")[2] in page
    assert "không mất tiền" in page
    assert re.search(r"<small>\d\.\d\d</small>", page)
    for shown in ("Khó hiểu", "chưa rõ", "Người học thấy chưa ổn", "Sửa từ câu trả lời này"):
        assert shown in page
    for button in ("data-ask", 'data-do="helpful"', "Chép câu trả lời"):
        assert button not in page


def test_a_passage_that_has_changed_or_gone_is_told(assistant, records, lan):
    passage = assistant.index.passages[0]
    gone = Citation(1, "mat#gi", "mat#gi", "Đã mất – Lệ phí", "Lệ phí là 1.000 đồng.", ())
    answer = Answer("a" * 32, "hỏi", AnswerStatus.ANSWERED, "Lệ phí là 1.000 đồng. [1]", citations=(gone,))
    records.answers.save(answer)
    hits = [
        {"passage_id": passage.id, "digest": "0", "score": 0.5},
        {"passage_id": "mat#gi", "digest": "0", "score": 0.4},
    ]
    with records.database.writing() as connection:
        connection.execute(sa.update(tables.contexts).values(hits=hits))
    page = lan.get(take(lan)).text
    assert "Đoạn này đã được sửa sau khi trả lời" in page
    assert "Đoạn này không còn trong tài liệu" in page
    assert "<mark>Lệ phí là 1.000 đồng.</mark>" in page


def test_two_sessions_cannot_open_the_same_item(asked, lan, mai):
    asked()
    at = take(lan)
    assert lan.get(at).status_code == 200
    assert mai.get(at).status_code == 409
    assert "đang có người khác" in mai.get(at).text
    assert mai.post(f"{at}/nhan", data={"token": mai.token}).status_code == 409
    assert mai.post(f"{at}/giu", data={"token": mai.token}).status_code == 409
    assert lan.post(f"{at}/giu", data={"token": lan.token}).status_code == 204
    assert lan.post(f"{at}/tra", data={"token": lan.token}).status_code == 303
    assert mai.post(f"{at}/nhan", data={"token": mai.token}).headers["location"] == at


def test_a_verdict_leads_to_the_next_item_and_the_last_one_to_an_empty_queue(asked, lan, records):
    answer = asked()
    asked("mất thẻ căn cước thì làm lại ở đâu")
    first = take(lan)
    reply = decide(lan, first, verdict="right")
    assert reply.status_code == 303
    second = reply.headers["location"]
    assert "Đã lưu" in lan.get(second).text
    reply = decide(lan, second.partition("?")[0], verdict="out-of-scope")
    assert "Đã hết câu" in lan.get(reply.headers["location"]).text
    assert records.reviews.history(answer.id)[0].verdict is Verdict.RIGHT
    assert decide(lan, first, verdict="right").status_code == 409


def test_skipping_gives_the_item_back(asked, lan, mai):
    asked()
    asked("mất thẻ căn cước thì làm lại ở đâu")
    first = take(lan)
    skip = {"token": lan.token, "after": first.rpartition("/")[2]}
    second = lan.post(f"{DESK}/tiep", data=skip).headers["location"]
    assert second != first
    assert take(mai) == first
    page = lan.post(f"{DESK}/tiep", data={"token": lan.token, "after": second.rpartition("/")[2]})
    assert "Không còn câu nào khác" in page.text


def test_filters_stay_from_the_form_to_the_next_item(asked, lan):
    asked()
    asked("mất thẻ căn cước thì làm lại ở đâu")
    query = "?status=answered&topic=vneid&text=muc+2&least=1&below=100&since=2026-01-01&until=&classroom=&model=-"
    page = lan.get(f"{DESK}{query}").text
    assert "<b>1</b> câu" in page
    assert QUESTION in page
    reply = lan.post(f"{DESK}/tiep{query}", data={"token": lan.token})
    assert "text=muc+2" in reply.headers["location"]
    at = reply.headers["location"]
    reply = decide(lan, at, verdict="right")
    assert reply.headers["location"].startswith(f"{DESK}?")
    assert "text=muc+2" in reply.headers["location"]
    assert "Không có câu nào hợp" in lan.get(f"{DESK}?text=khong+co+cau+nay").text


def test_a_verdict_that_finds_fault_wants_a_reason(asked, lan):
    asked()
    at = take(lan)
    assert "Bạn chọn một kết luận" in decide(lan, at, note="ghi chú của tôi").text
    reply = decide(lan, at, verdict="wrong")
    assert reply.status_code == 422
    assert "ít nhất một lý do" in reply.text
    assert decide(lan, at, verdict="wrong", reasons="false").status_code == 303


def test_a_correction_that_the_lock_does_not_keep_is_refused_and_nothing_typed_is_lost(asked, lan, assistant, records):
    answer = asked()
    at = take(lan)
    cited, line = free_of_charge(assistant)
    form = {
        "verdict": "wrong",
        "reasons": ["false", "missing"],
        "marked": "câu sai đây",
        "note": "ghi chú đây",
        "serve": "true",
    }
    wrong = {**form, "correction": f"{line} [1]\nPhí là 12.345 đồng. [1]", "citations": json.dumps([cited])}
    reply = decide(lan, at, **wrong)
    assert reply.status_code == 422
    assert "nguồn [1] không nói “12.345 đồng”" in reply.text
    for kept in ("Phí là 12.345 đồng. [1]", "câu sai đây", "ghi chú đây", line):
        assert kept in reply.text
    assert len(re.findall(r"<input[^>]* checked", reply.text)) == 4
    assert records.reviews.history(answer.id) == []
    reply = decide(lan, at, **{**wrong, "correction": f"{line} [1]"})
    assert reply.status_code == 303
    stored = records.reviews.history(answer.id)[0]
    assert stored.correction == f"{line} [1]"
    assert [(c.number, c.passage_id, c.digest, c.quote) for c in stored.citations] == [
        (1, cited["passage_id"], cited["digest"], line)
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"digest": "0"}, "vừa được sửa"),
        ({"rows": [999]}, "vừa được sửa"),
        ({"passage_id": "khong#co"}, "vừa được sửa"),
        ({"rows": []}, "không đọc được"),
        ({"number": 7}, "Nguồn [7] chưa được dùng"),
    ],
)
def test_a_citation_that_is_not_of_the_open_index_is_refused(asked, lan, assistant, change, said):
    asked()
    at = take(lan)
    cited, line = free_of_charge(assistant)
    form = {"verdict": "incomplete", "correction": f"{line} [1]", "citations": json.dumps([cited | change])}
    reply = decide(lan, at, **form)
    assert reply.status_code == 422
    assert said in reply.text


def test_the_live_check_says_line_by_line_what_is_missing(lan, assistant):
    cited, line = free_of_charge(assistant)
    text = f"{line} [1]\nPhí là 12.345 đồng. [1]\nPhí là 12.345 đồng.\nXem thêm nhé. [2]\nGọi số 0900000000 nhé."
    form = {"token": lan.token, "correction": text, "citations": json.dumps([cited])}
    found = lan.post(f"{DESK}/soat", data=form).json()
    problems = [row["problem"] for row in found["lines"]]
    assert problems[0] == problems[4] == ""
    assert "không nói “12.345 đồng”" in problems[1]
    assert "chưa ghi nguồn" in problems[2]
    assert "chưa có nguồn [2]" in problems[3]
    assert found["problems"] == []
    assert "được che" in found["notice"]


def test_the_picker_finds_passages_with_their_lines(lan):
    found = lan.get(f"{DESK}/tim", params={"q": "lệ phí làm định danh mức 2"}).json()
    assert any("không mất tiền" in text for row in found for _, text in row["lines"])
    assert lan.get(f"{DESK}/tim", params={"q": " "}).json() == []


def test_personal_data_in_what_a_trainer_writes_is_masked(asked, lan, assistant, records):
    answer = asked()
    cited, line = free_of_charge(assistant)
    form = {"verdict": "wrong", "note": "gọi 0900000000", "correction": f"{line} [1]\nGọi số 0900000000 nhé.", "citations": json.dumps([cited])}  # fmt: skip
    assert decide(lan, take(lan), **form).status_code == 303
    stored = records.reviews.history(answer.id)[0]
    assert "0900000000" not in stored.note + stored.correction
    assert "[số điện thoại]" in stored.correction


def test_what_people_typed_is_never_markup(records, lan, mai, app):
    answer = Answer("b" * 32, NASTY, AnswerStatus.ANSWERED, NASTY)
    records.answers.save(answer)
    records.answers.give_feedback(Feedback(answer.id, False, (), NASTY))
    pages = [lan.get(DESK).text]
    at = take(lan)
    pages += [lan.get(at).text, decide(lan, at, correction=NASTY, note=NASTY, marked=NASTY, citations=NASTY).text]
    item = records.reviews.held(person(records, name="lan"), int(at.rpartition("/")[2]))
    records.reviews.decide(
        person(records, name="lan"), item.task_id, ReviewDraft(Verdict.WRONG, (), NASTY, NASTY, (), NASTY)
    )
    assert decide(mai, take(mai), verdict="right").status_code == 303
    na = client(app, records, person(records, name="na"))
    pages.append(na.get(take(na)).text)
    pages.append(na.get(f"{DESK}?text={NASTY}").text)
    for page in pages:
        assert "&lt;script&gt;alert(1)" in page
        assert "<script>alert" not in page
        assert "<img" not in page


def test_a_second_reviewer_sees_no_first_verdict_and_a_third_sees_both(asked, lan, mai, app, records):
    asked()
    decide(lan, take(lan), verdict="right", note="lần một")
    page = mai.get(take(mai)).text
    assert "lần một" not in page
    assert "Hai người trước" not in page
    decide(mai, take_again(mai, page), verdict="wrong", note="lần hai")
    na = client(app, records, person(records, name="na"))
    page = na.get(take(na)).text
    assert "lần một" in page
    assert "lần hai" in page
    assert "Hai người trước chưa thống nhất" in page
    assert "0 %" in na.get(f"{DESK}/do-dong-thuan").text
    assert "cần ít nhất 20" in na.get(f"{DESK}/do-dong-thuan").text


def take_again(browser, page):
    return re.search(rf'action="({DESK}/\d+)"', page)[1]


def test_what_is_out_of_a_trainers_reach_cannot_be_opened(asked, app, records, lan):
    records.localities.put("admin", "Xã B")
    records.localities.put("admin", "Xã C")
    asked(locality_id="xa-b")
    at = take(lan)
    lan.post(f"{at}/tra", data={"token": lan.token})
    other = client(app, records, person(records, name="o-c", locality_id="xa-c"))
    assert QUESTION not in other.get(DESK).text
    for path in (at, f"{at}/nhan"):
        reply = other.get(path) if path == at else other.post(path, data={"token": other.token})
        assert reply.status_code in {404, 409}
        assert QUESTION not in reply.text
    assert "Xã B" not in other.get(DESK).text


def test_what_follows_from_a_verdict_is_told_after_it_is_stored(asked, app, lan, records):
    answer = asked()
    called = []

    def after(user, review, item, ticked):
        called.append((user.name, review.answer_id, item.question, ticked))
        return ["Chưa dùng được câu này."]

    app._app.state.after_review = after
    reply = decide(lan, take(lan), verdict="right", serve="true", case="true")
    assert called == [("lan", answer.id, QUESTION, frozenset({"serve", "case"}))]
    assert "Chưa dùng được câu này." in reply.text
    assert len(records.reviews.history(answer.id)) == 1
    asked("mất thẻ căn cước thì làm lại ở đâu")
    decide(lan, take(lan), verdict="wrong", reasons="false", serve="true")
    assert called[-1][3] == frozenset()


def test_a_hold_that_is_lost_gives_back_what_was_typed(asked, lan, mai, records):
    asked()
    at = take(lan)
    records.reviews.give_back(person(records, name="lan"), int(at.rpartition("/")[2]))
    take(mai)
    reply = decide(lan, at, verdict="wrong", correction="câu tôi đã viết", note="ghi chú của tôi")
    assert reply.status_code == 409
    assert "câu tôi đã viết" in reply.text
    assert "ghi chú của tôi" in reply.text
