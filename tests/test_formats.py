import csv
import json

import openpyxl
import pytest

from evals.cases import Case
from evals.formats import (
    COLUMNS,
    export_beir,
    export_dataset,
    export_table,
    export_trec,
    import_beir,
    import_table,
    import_trec,
    read_trec_run,
)
from evals.runs import generate, start_run
from rag.errors import CaseError

CASE = Case.model_validate(
    {
        "id": "muc-2-phi", "question": "=lên mức 2 có mất tiền không", "topic": "vneid", "kind": "answerable", "style": "elderly",
        "expected": ("answered", "partial"), "guides": ("vneid-dang-ky-muc-2",), "passages": ("vneid-dang-ky-muc-2#le-phi",),
        "must_say": (
            {"text": "không mất tiền", "fact": "0 đồng"},
            {"text": "ở công an", "pattern": "công an (cấp )?xã", "importance": "okay"},
        ),
        "must_not_say": ({"text": "mất 50 nghìn", "fact": "50.000 đồng", "pattern": "mất"},),
        "author": "ban biên soạn", "created": "2026-11-25", "notes": "ghi chú",
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def guides(assistant):
    return assistant.index.guides


@pytest.mark.parametrize("name", ["set.csv", "set.xlsx"])
def test_a_table_comes_back_as_it_was(tmp_path, name):
    export_table(tmp_path / name, [CASE])
    assert import_table(tmp_path / name) == [CASE]


def test_a_cell_cannot_become_a_formula(tmp_path):
    export_table(tmp_path / "set.csv", [CASE])
    rows = list(csv.reader((tmp_path / "set.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert rows[1][1].startswith("'=")


def test_a_trainer_may_write_plain_words(tmp_path):
    path = tmp_path / "form.xlsx"
    book = openpyxl.Workbook()
    book.active.append(["Câu hỏi", "Chủ đề", "Loại", "Trả lời mong đợi", "Hướng dẫn", "Phải nói", "Người viết"])
    book.active.append(
        [
            "Đăng ký tạm trú mất mấy tiền?",
            "cu-tru",
            "answerable",
            "answered",
            "cu-tru-dang-ky-tam-tru",
            "15.000 đồng\nnộp ở xã",
            "Lan",
        ]
    )
    book.save(path)
    case = import_table(path)[0]
    assert case.id == "dang-ky-tam-tru-mat-may-tien"
    assert [(n.fact, n.pattern) for n in case.must_say] == [("15.000 đồng", None), (None, "nộp ở xã")]


def test_a_bad_table_names_its_rows(tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text("câu hỏi,chủ đề\nx,y\n", encoding="utf-8")
    with pytest.raises(CaseError, match=r"bad.csv:1: no column loại"):
        import_table(path)
    header = ",".join(COLUMNS)
    path.write_text(f"{header}\n,hỏi,standard,zzz,answerable,answered,g,,,a = b,,,,Lan,,\n", encoding="utf-8")
    with pytest.raises(CaseError, match=r"bad.csv:2: "):
        import_table(path)
    (tmp_path / "not.xlsx").write_bytes(b"PK nothing")
    with pytest.raises(CaseError, match=r"not.xlsx:1: not a CSV or Excel table"):
        import_table(tmp_path / "not.xlsx")


def test_beir_comes_back_with_the_same_gold(tmp_path, guides):
    export_beir(tmp_path, [CASE], guides)
    assert len((tmp_path / "corpus.jsonl").read_text(encoding="utf-8").splitlines()) > 900
    case = import_beir(tmp_path, guides, "x")[0]
    assert (case.question, case.guides, case.passages) == (CASE.question, CASE.guides, CASE.passages)


def test_trec_files_come_back_and_public_tools_can_read_them(tmp_path, guides, built):
    run = start_run(built, "small", [CASE], "trec")
    generate(run, built, workers=1)
    export_trec(tmp_path, run)
    ranked = read_trec_run(tmp_path / "guides.run")
    assert ranked["muc-2-phi"] == run.outputs()[0].answer["guide_ids"]
    (tmp_path / "queries.tsv").write_text("muc-2-phi\tlên mức 2 có mất tiền không\n", encoding="utf-8")
    case = import_trec(tmp_path / "passages.qrels", tmp_path / "queries.tsv", guides, "x")[0]
    assert case.passages == CASE.passages
    import ir_measures

    qrels = ir_measures.read_trec_qrels(str(tmp_path / "guides.qrels"))
    scored = ir_measures.calc_aggregate(
        [ir_measures.RR @ 10], qrels, ir_measures.read_trec_run(str(tmp_path / "guides.run"))
    )
    assert scored[ir_measures.RR @ 10] == 1.0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("q 0 khong-co 1\n", "neither a guide nor a passage"),
        ("q 0\n", "expected 4 fields"),
        ("q 0 g x\n", "not a whole number"),
    ],
)
def test_bad_qrels_are_named(tmp_path, guides, text, said):
    (tmp_path / "q.qrels").write_text(text, encoding="utf-8")
    (tmp_path / "q.tsv").write_text("q\tcâu hỏi\n", encoding="utf-8")
    with pytest.raises(CaseError, match=said):
        import_trec(tmp_path / "q.qrels", tmp_path / "q.tsv", guides, "x")


def test_datasets_have_the_columns_of_the_other_tools(tmp_path, guides, built):
    run = start_run(built, "small", [CASE], "datasets")
    generate(run, built, workers=1)
    wanted = {
        "ragas": {"user_input", "response", "reference", "retrieved_contexts", "reference_contexts"},
        "deepeval": {"input", "actual_output", "expected_output", "retrieval_context"},
    }
    for layout, columns in wanted.items():
        export_dataset(tmp_path / layout, run, guides, layout)
        row = json.loads((tmp_path / layout).read_text(encoding="utf-8"))
        assert columns <= set(row)
    export_dataset(tmp_path / "log.json", run, guides, "inspect")
    log = json.loads((tmp_path / "log.json").read_text(encoding="utf-8"))
    assert log["version"] == 2
    assert log["samples"][0]["id"] == CASE.id
