"""Approved answers on their page and in spreadsheets: served at once, gone at once, and nothing in a file runs."""

import io

import openpyxl
import pytest
from people import client, person

from rag.curated import CuratedCitation
from rag.serving import Serving
from ui.app import create_app
from ui.curation import approve, make_case, refresh

QUESTION = "làm định danh mức 2 mất mấy ngày"
PREFIX = "/huong-dan-vien"


@pytest.fixture
def desk(assistant, store, glossary, built):
    app = create_app(Serving(assistant), store, glossary, built)
    with client(app, store, person(store)) as trainer:
        yield trainer
    assistant.use_curated(())


@pytest.fixture
def cited(assistant):
    passage = assistant.passages["vneid-dang-ky-muc-2#thoi-han"]
    line = next(line.text for line in passage.lines if "03 ngày làm việc" in line.text)
    return CuratedCitation(1, passage.id, passage.digest, line)


def approved(store, assistant, cited, question=QUESTION, text="Không quá 03 ngày làm việc. [1]"):
    problems = approve(store, assistant, person(store), question, text, [cited])
    refresh(store, assistant)
    return problems


def test_an_approved_answer_is_served_and_counted_until_it_is_withdrawn(desk, store, assistant, cited):
    assert approved(store, assistant, cited) == []
    answer = assistant.ask("Lam dinh danh muc 2 mat may ngay?")
    assert (answer.mode, answer.checked_by.partition(",")[0]) == ("curated", "Trainer-1")
    page = desk.get(f"{PREFIX}/cau-tra-loi").text
    assert QUESTION in page
    assert "đang dùng" in page
    assert desk.post(f"{PREFIX}/cau-tra-loi/{answer.curated_id}/go", data={"token": desk.token}).status_code == 303
    assert assistant.ask(QUESTION).mode != "curated"
    assert desk.post(f"{PREFIX}/cau-tra-loi/99/go", data={"token": desk.token}).status_code == 404


def test_an_answer_that_its_sources_do_not_back_is_not_approved(store, assistant, cited):
    assert approved(store, assistant, cited, text="Không quá 20 ngày làm việc. [1]")
    assert approve(store, assistant, person(store), QUESTION, "Không mất tiền.", [])
    assert store.curated.all() == []


def test_the_badge_goes_as_soon_as_the_passage_has_changed(store, assistant, cited, monkeypatch):
    approved(store, assistant, cited)
    changed = CuratedCitation(1, cited.passage_id, "0" * 64, cited.quote)
    number = store.curated.approve(person(store), "mức 2 mấy ngày có", "Không quá 03 ngày làm việc. [1]", [changed])
    assert refresh(store, assistant) == 1
    assert assistant.ask("mức 2 mấy ngày có").mode != "curated"
    assert assistant.ask(QUESTION).mode == "curated"
    row = next(row for row in store.curated.all() if row.answer.id == number)
    assert (row.state, len(row.lapses)) == ("lapsed", 1)
    assistant.use_curated(())


def test_what_is_exported_can_be_imported_and_runs_nothing(desk, store, assistant, cited):
    formula = '=HYPERLINK("http://evil.example","x")'
    store.curated.approve(person(store), formula, "Không quá 03 ngày làm việc. [1]", [cited], also=["@SUM(1)", "+1+1"])
    book = desk.get(f"{PREFIX}/cau-tra-loi/tai/xlsx").content
    cells = [cell.value for row in openpyxl.load_workbook(io.BytesIO(book)).active.iter_rows() for cell in row]
    assert f"'{formula}" in cells
    assert not [c for c in cells if str(c)[:1] in "=+-@"]
    assert b"'=HYPERLINK" in desk.get(f"{PREFIX}/cau-tra-loi/tai/csv").content
    reply = desk.post(f"{PREFIX}/cau-tra-loi/nhap", data={"token": desk.token}, files={"file": ("a.xlsx", book)})
    assert (reply.status_code, "Đã nhập 1 câu" in reply.text) == (200, True)
    (again,) = store.curated.live()
    assert (again.question, again.also, again.citations) == (formula, ("@SUM(1)", "+1+1"), (cited,))
    assert desk.get(f"{PREFIX}/cau-tra-loi/tai/exe").status_code == 404


def test_a_row_that_cannot_be_approved_is_named_and_the_others_are_kept(desk, store, cited):
    header = "câu hỏi,cách hỏi khác,câu trả lời,xem thêm,nguồn\n"
    good = f'mức 2 mấy ngày có,,Không quá 03 ngày làm việc. [1],,"{cited.passage_id}: {cited.quote}"\n'
    bad = 'mức 2 mất tiền không,,Mất 50.000 đồng. [1],,"khong-co#le-phi: Mất 50.000 đồng."\n'
    files = {"file": ("a.csv", (header + bad + good).encode())}
    reply = desk.post(f"{PREFIX}/cau-tra-loi/nhap", data={"token": desk.token}, files=files)
    assert reply.status_code == 422
    assert "Dòng 2: " in reply.text
    assert "Dòng 3: " not in reply.text
    assert [answer.question for answer in store.curated.live()] == ["mức 2 mấy ngày có"]
    reply = desk.post(
        f"{PREFIX}/cau-tra-loi/nhap", data={"token": desk.token}, files={"file": ("a.csv", b"x,y\n1,2\n")}
    )
    assert reply.status_code == 422
    assert 'role="alert"' in reply.text


def test_a_file_is_taken_from_those_who_are_signed_in_only(desk, store):
    big = {"file": ("a.csv", b"x" * 200_000)}
    assert desk.post(f"{PREFIX}/cau-tra-loi/nhap", data={"token": desk.token}, files=big).status_code == 422
    desk.cookies.clear()
    assert desk.post(f"{PREFIX}/cau-tra-loi/nhap", data={"token": desk.token}, files=big).status_code == 413


def test_texts_of_learners_and_trainers_are_shown_as_text(desk, store, cited):
    script = "<script>alert(1)</script>"
    store.curated.approve(person(store), script, f"{script} [1]", [cited])
    store.cases.add(person(store), {"id": "sua-1", "question": script, "must_say": [{"text": script}]})
    for page in ("cau-tra-loi", "ca"):
        text = desk.get(f"{PREFIX}/{page}").text
        assert script not in text
        assert "&lt;script&gt;" in text


def test_a_case_made_of_a_correction_is_exported_as_a_set_and_taken_back_for_a_reason(desk, store, assistant, cited):
    made = make_case(
        store, assistant, person(store), "a" * 32, QUESTION, "Không quá 03 ngày làm việc. [1]", [cited], ""
    )
    assert made == []
    assert '"id": "sua-aaaaaaaaaaaa"' in desk.get(f"{PREFIX}/ca/tai").text
    wrong = make_case(store, assistant, person(store), "b" * 32, QUESTION, "Mất 20 ngày. [1]", [cited], "")
    assert wrong
    form = {"token": desk.token, "reason": " "}
    assert desk.post(f"{PREFIX}/ca/sua-aaaaaaaaaaaa/go", data=form).status_code == 422
    assert desk.post(f"{PREFIX}/ca/sua-aaaaaaaaaaaa/go", data=form | {"reason": "thừa"}).status_code == 303
    assert store.cases.live() == []
