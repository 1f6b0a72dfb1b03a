import shutil
from collections import Counter

import pytest
from conftest import copy_small_corpus

from evals import shelf
from evals.shelf import Asked, Outcome, curve, load_questions, quotations, report, shelve
from rag.documents.limits import Limits
from rag.documents.readers import markdown
from rag.documents.structure import units_of
from rag.errors import CaseError
from rag.serving import ensure_index, open_assistant
from rag.settings import PROJECT

UNIT = "901:dieu-4/khoan-1"


def outcome(*quoted, kind="shelf", units=(UNIT,), sure=0.9, guide="", **more):
    asked = Asked("x", "fitting", kind, "hỏi", units if kind == "shelf" else (), **more)
    return Outcome(asked, "partial" if quoted else "declined_no_source", guide, quoted, sure, 0.02)


def figures(*outcomes):
    return {row[:44].strip(): row[44:].split()[0] for row in report(outcomes)}


def test_an_article_is_hit_by_any_of_its_clauses_and_a_clause_by_its_points():
    assert outcome("901:dieu-4/khoan-2").is_hit
    assert not outcome("901:dieu-4/khoan-2").is_exact
    assert outcome("901:dieu-4/khoan-1/diem-a").is_exact
    assert not outcome("901:dieu-40").is_hit
    assert not outcome("902:dieu-4/khoan-1").is_hit
    assert not outcome("901:dieu-4/khoan-10").is_exact


def test_a_later_right_quotation_is_no_hit_and_does_not_mislead():
    late = outcome("902:dieu-1", UNIT)
    assert (late.is_hit, late.has_article, late.has_clause, late.misleads, late.strays) == (
        False,
        True,
        True,
        False,
        True,
    )
    assert outcome("901:dieu-5").misleads
    assert not outcome("901:dieu-5").strays
    assert not outcome().misleads


def test_the_report_counts_what_must_not_be_quoted():
    rows = figures(
        outcome(UNIT), outcome(), outcome("901:dieu-1", kind="unanswered", near="901"), outcome("902:dieu-1", kind="unanswered", near="901"),
        outcome(kind="guide", guide="can-cuoc", guides=("can-cuoc",)), outcome("901:dieu-1", kind="guide", guides=("can-cuoc",)),
    )  # fmt: skip
    assert rows["right article first (hit@1)"] == rows["nothing quoted"] == "0.5000"
    assert rows["unanswerable: something quoted"] == "1.0000"
    assert rows["unanswerable: of another subject"] == "0.5000"
    assert rows["guide questions: lost to the shelf"] == rows["guide questions: the right guide first"] == "0.5000"


def test_the_curve_counts_what_reaches_a_threshold():
    rows = list(
        curve([outcome(UNIT, sure=0.52), outcome("901:dieu-9", sure=0.9), outcome(UNIT, kind="unanswered", sure=0.3)])
    )
    counts = {row.split()[0]: row.split()[1:] for row in rows[1:]}
    assert counts["0.30"] == ["1", "1", "1", "1", "0"]
    assert counts["0.50"] == ["1", "1", "1", "0", "0"]
    assert counts["0.55"] == ["0", "0", "1", "0", "0"]


def test_every_question_names_units_and_guides_that_there_are():
    units = {}
    for path in shelf.DOCUMENTS.glob("*.md"):
        read = units_of(markdown.read(path, Limits()).blocks)
        units |= {f"{path.stem}:{unit.id}": unit for unit in read}
        articles = {unit.path[0] for unit in read if unit.path[0].startswith("Điều")}
        assert 8 <= len(articles) <= 15, path.name
    guides = {path.stem for path in (PROJECT / "corpus" / "guides").glob("*/*.md")}
    rows = load_questions()
    assert {unit for row in rows for unit in row.units} <= units.keys()
    assert {guide for row in rows for guide in row.guides} <= guides
    assert {row.near for row in rows if row.near} <= {unit.partition(":")[0] for unit in units}
    assert len({row.id for row in rows}) == len({row.question for row in rows}) == len(rows)


def test_both_halves_ask_enough_of_each_kind():
    counts = Counter((row.kind, row.half) for row in load_questions())
    for kind, least in (("shelf", 40), ("unanswered", 20), ("guide", 10)):
        assert all(counts[kind, half] >= least for half in shelf.HALVES), kind


def test_a_row_that_cannot_be_read_is_named_by_its_line(tmp_path):
    path = tmp_path / "q.jsonl"
    path.write_text('{"id": "a", "half": "fitting", "kind": "shelf", "question": "x"}\n{"id": 1}\n', encoding="utf-8")
    with pytest.raises(CaseError, match=r"q\.jsonl:2: "):
        load_questions(path)


@pytest.mark.slow
def test_a_document_goes_the_whole_way_and_its_clause_is_quoted(settings, tmp_path):
    documents = tmp_path / "documents"
    documents.mkdir()
    shutil.copy(next(shelf.DOCUMENTS.glob("907-*.md")), documents)
    shelved = shelve(tmp_path / "try", settings.model_copy(update={"today": shelf.DAY}), documents)
    ensure_index(shelved, lambda _: None)
    assistant = open_assistant(shelved)
    answer = assistant.ask("Thẻ bạn đọc của thư viện xã có giá trị mấy năm?")
    assert next(iter(quotations(assistant, answer))) == "907-2099-tt-bvh:dieu-4/khoan-3"
    assert not list(quotations(assistant, assistant.ask("Làm định danh mức 2 mấy ngày có kết quả?")))


def test_a_document_of_which_no_day_was_read_is_not_confirmed(settings, tmp_path):
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "thu.md").write_text(
        "Điều 1. Giờ mở cửa\n\nMở cửa từ 7 giờ.\n\nĐiều 2. Nghỉ\n\nNghỉ chủ nhật.\n", encoding="utf-8"
    )
    own = settings.model_copy(update={"corpus": copy_small_corpus(tmp_path / "own")})
    with pytest.raises(CaseError, match=r"thu\.md:1: number, title, issuer or day was not read"):
        shelve(tmp_path / "try", own, documents)
