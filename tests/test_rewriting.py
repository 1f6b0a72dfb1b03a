from dataclasses import replace
from datetime import date

import pytest
import small_home

from rag.documents.units import Unit, UnitKind
from rag.editions import EditedFile, file_digest, make_edition, problems_of
from rag.guides import load_guides
from rag.overtaking import Overtaking
from rag.records.changes import Evidence
from rag.serving import build_generation, open_assistant
from rag.sheets import load_sheets
from ui.rewriting import Rewrite, rewritten_guide, rewritten_sheet

pytestmark = pytest.mark.whole

SINCE = date(2027, 1, 1)
PAGE = "/van-ban/901-2099-tt-bca/trang/2?doan=dieu-3/khoan-1"
EVIDENCE = Evidence("Bộ Công an", "Thông tư 901/2099/TT-BCA, Điều 3, khoản 1", "", "2026-11-20", True)
UNIT = Unit(
    UnitKind.CLAUSE,
    ("Điều 3", "khoản 1"),
    "Thời hạn cấp tài khoản định danh điện tử mức độ 02 khi thẻ căn cước còn hạn: không quá 02 ngày làm việc.",
    2, 2,
)  # fmt: skip


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    return small_home.build_once(tmp_path_factory.mktemp("rewriting"))


@pytest.fixture
def settings(once, tmp_path):
    return small_home.settings_in(once, tmp_path / "home")


@pytest.fixture
def overtaken(settings):
    return overtaken_in(settings)


def overtaken_in(settings, old=small_home.OLD):
    guides = load_guides(settings.corpus, load_sheets(settings.corpus / "facts"))
    found = Overtaking(guides.values(), date(2026, 11, 27)).lines(
        [UNIT], "Thời hạn giải quyết thủ tục định danh điện tử"
    )
    return next(row for row in found if row.line.text == old)


def rewrite_of(overtaken, expires=None):
    return Rewrite(overtaken.guide, overtaken.line, overtaken.words, UNIT.text, SINCE, PAGE, expires)


def rewritten(settings, overtaken, expires=None):
    rewrite = rewrite_of(overtaken, expires)
    sheet, fact, ended = rewritten_sheet(small_home.served_text(settings, small_home.SHEET), rewrite, EVIDENCE)
    guide = rewritten_guide(small_home.served_text(settings), rewrite, fact, ended, EVIDENCE)
    return {small_home.SHEET: sheet, small_home.GUIDE: guide}


def test_the_edits_of_sheet_and_guide_leave_the_corpus_clean(settings, overtaken):
    assert problems_of(settings, rewritten(settings, overtaken)) == []


def put(settings, path, old, new):
    file = settings.corpus / path
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(("ends", "expires", "last"), [
    ("2027-06-30", None, "2027-06-30"),
    ("2027-06-30", date(2027, 3, 31), "2027-03-31"),
    ("", date(2027, 3, 31), "2027-03-31"),
])  # fmt: skip
def test_the_new_line_ends_with_the_document_and_with_the_line_that_it_takes_the_place_of(
    settings, ends, expires, last
):
    if ends:
        put(settings, small_home.SHEET, "không quá 03 ngày làm việc.", "không quá 03 ngày làm việc đến hết 30/06/2027.")
        put(settings, small_home.GUIDE, f"{small_home.OLD} {{f9}}", f"{small_home.OLD} {{f9; đến {ends}}}")
    found = overtaken_in(settings)
    texts = rewritten(settings, found, expires)
    assert f"; từ 2027-01-01; đến {last}}}" in texts[small_home.GUIDE]
    assert problems_of(settings, texts) == []


def test_a_step_stays_when_the_document_ends(overtaken):
    step = replace(overtaken, line=replace(overtaken.line, step=2))
    assert rewrite_of(step, date(2027, 3, 31)).until is None


def test_the_clause_is_no_source_of_what_the_sheet_leaves_open(settings, overtaken):
    put(settings, small_home.SHEET, "official: true", "official: false")
    before = load_sheets(settings.corpus / "facts")[overtaken.guide.covers[0]].items
    put(
        settings,
        small_home.SHEET,
        small_home.served_text(settings, small_home.SHEET),
        rewritten(settings, overtaken)[small_home.SHEET],
    )
    after = load_sheets(settings.corpus / "facts")[overtaken.guide.covers[0]].items
    assert {local: after[local] for local in before} == before
    assert PAGE in {source.page for source in after["f17"].sources}


def test_what_takes_the_place_of_an_open_conflict_is_a_fact(settings):
    old = "Theo một trang, làm mức 2 khi thẻ căn cước còn hạn: không quá 09 ngày làm việc."
    put(settings, small_home.SHEET, '{id: c2, text: "', '{id: c2, text: "Một trang ghi 09 ngày làm việc. ')
    put(settings, small_home.GUIDE, f"{small_home.OLD} {{f9}}", f"{small_home.OLD} {{f9}}\n- {old} {{c2}}")
    assert problems_of(settings, rewritten(settings, overtaken_in(settings, old))) == []


def test_from_its_first_day_on_the_answer_is_the_new_one_names_the_old_and_leads_to_the_page(settings, overtaken):
    texts = rewritten(settings, overtaken)
    edits = {path: EditedFile(text, file_digest(settings.corpus, path), "1") for path, text in texts.items()}
    build_generation(settings, make_edition(settings, edits).name)
    before, after = (
        open_assistant(settings.model_copy(update={"today": day})).ask(small_home.QUESTION)
        for day in (date(2026, 12, 31), SINCE)
    )
    assert "03 ngày làm việc" in before.text.split("\n")[0]
    assert "Trước ngày" not in before.text
    assert "02 ngày làm việc" in after.text.split("\n")[0]
    assert "Trước ngày 01/01/2027: " in after.text
    assert "không quá 03 ngày làm việc" in after.text
    assert PAGE in {source.page for citation in after.citations for source in citation.sources}


def test_lines_that_say_the_same_leave_one_changed_rule(settings, overtaken):
    once = rewritten_guide(small_home.served_text(settings), rewrite_of(overtaken), "f17", "x3", EVIDENCE)
    twice = rewritten_guide(once, rewrite_of(overtaken), "f17", "x3", EVIDENCE)
    assert [text.count("- Trước ngày 01/01/2027:") for text in (once, twice)] == [1, 1]
