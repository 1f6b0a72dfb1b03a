import json

import pytest

from evals.cases import Case, load_cases, pinned, save_cases, split_of, stale
from evals.leaks import find_leaks, grams
from evals.meaning import canonical, red_vectors, same, states
from evals.variants import VARIANTS, expand_cases, no_diacritics, telex, tone_placement, vni
from rag.errors import CaseError

ROW = {
    "id": "muc-2-phi", "question": "lên mức 2 có phải đóng tiền không", "topic": "vneid", "kind": "answerable",
    "expected": ["answered"], "guides": ["vneid-dang-ky-muc-2"], "passages": ["vneid-dang-ky-muc-2#le-phi"],
    "must_say": [{"text": "Làm mức 2 không mất tiền", "fact": "0 đồng"}], "author": "ban biên soạn", "created": "2026-11-25",
}  # fmt: skip


@pytest.fixture(scope="module")
def guides(assistant):
    return assistant.index.guides


def write(path, *rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def test_the_comparison_passes_its_own_vectors(tmp_path):
    assert red_vectors() == []
    wrong = tmp_path / "vectors.yaml"
    wrong.write_text(
        'same: [["thẻ", "the"]]\ndifferent: [["30k", "30.000 đồng"]]\nfacts: [{text: "7 ngày", fact: "7 ngày", states: false}]',
        encoding="utf-8",
    )
    assert len(red_vectors(wrong)) == 3


def test_canonical_replaces_facts_by_their_values():
    assert canonical("Lệ phí 30k [1]") == ("lệ", "phí", "money:30000 đồng")
    assert not same("thẻ", "the")


def test_pattern_and_fact_must_stand_in_one_line():
    text = "Nộp trực tiếp mất 15.000 đồng.\nNộp qua mạng mất 7.000 đồng."
    assert states(text, "qua mạng", "7.000 đồng")
    assert not states(text, "trực tiếp", "7.000 đồng")


def test_a_good_set_is_read_and_written_the_same(tmp_path, guides):
    cases = load_cases(write(tmp_path / "set.jsonl", ROW), guides)
    save_cases(tmp_path / "again.jsonl", cases)
    assert load_cases(tmp_path / "again.jsonl", guides) == cases


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"must_say": [{"text": "abc", "pattern": "(a"}]}, "must_say.0.pattern: not a regular expression"),
        ({"guides": ["khong-co"]}, "guide 'khong-co' does not exist"),
        ({"passages": ["vneid-dang-ky-muc-2#khong-co"]}, "passage 'vneid-dang-ky-muc-2#khong-co' does not exist"),
        ({"topic": "khac-nua"}, "topic: 'khac-nua' is none of"),
        ({"expected": ["tra-loi"]}, "neither a status nor one of the groups"),
        ({"must_say": [{"text": "abc", "fact": "không số"}]}, "has no number, date, fee, phone or link"),
        ({"must_say": [{"text": "mất 50.000 đồng", "fact": "50.000 đồng"}]}, "is not in the case's passages"),
        (
            {"must_not_say": [{"text": "không thu phí", "fact": "0 đồng"}]},
            "is forbidden, but the case's passages say it",
        ),
        ({"guides": []}, "needs guides"),
        ({"kindd": "x"}, "kindd: Extra inputs are not permitted"),
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path, guides, change, said):
    path = write(tmp_path / "set.jsonl", ROW, {**ROW, "id": "second", **change})
    with pytest.raises(CaseError) as error:
        load_cases(path, guides)
    assert f"{path}:2: " in str(error.value)
    assert said in str(error.value)


def test_every_fault_of_a_set_is_reported_at_once(tmp_path, guides):
    path = write(
        tmp_path / "set.jsonl", ROW, ROW, {**ROW, "id": "b", "guides": ["x"], "passages": []}, {**ROW, "id": "!"}
    )
    with pytest.raises(CaseError) as error:
        load_cases(path, guides)
    assert [line.split(":")[1] for line in str(error.value).split("\n")] == ["2", "3", "4"]


def test_a_set_in_another_encoding_is_refused_with_its_line(tmp_path):
    path = tmp_path / "set.jsonl"
    path.write_bytes(json.dumps(ROW, ensure_ascii=False).encode() + b"\n" + "thẻ".encode("utf-16-le") + b"\xff\xfe\n")
    with pytest.raises(CaseError, match=r":2: not UTF-8"):
        load_cases(path)


def test_a_changed_guide_makes_its_cases_stale(guides):
    case = pinned(Case.model_validate_json(json.dumps(ROW)), guides)
    assert stale([case], guides) == []
    assert stale([case.model_copy(update={"pins": {"vneid-dang-ky-muc-2": "0" * 12}})], guides)[0][1] == [
        "vneid-dang-ky-muc-2"
    ]


def test_a_procedure_is_never_in_both_halves():
    one = Case.model_validate_json(json.dumps(ROW))
    other = one.model_copy(update={"id": "khac", "question": "phí?"})
    assert split_of(one) == split_of(other)


def test_variants_write_as_people_do():
    assert no_diacritics("Đường đi") == "duong di"
    assert tone_placement("hòa thúy quý khoẻ") == "hoà thuý quý khoẻ"
    assert telex("Đường") == "dduwowngf"
    assert vni("đường") == "d9u7o7ng2"


def test_expansion_is_seeded_labelled_and_tied_to_its_base():
    case = Case.model_validate_json(json.dumps(ROW))
    rows = expand_cases([case], seed=1)
    assert rows == expand_cases([case], seed=1)
    assert rows != expand_cases([case], seed=2)
    assert rows[0] == case
    assert {row.variant for row in rows[1:]} <= set(VARIANTS)
    assert all(
        row.base == case.id and row.cluster == case.cluster and row.must_say == case.must_say for row in rows[1:]
    )
    assert len({row.question for row in rows}) == len(rows)


def test_near_duplicates_are_found_without_diacritics():
    case = Case.model_validate_json(json.dumps(ROW))
    assert grams("Ábcdef!") == {"abcde", "bcdef"}
    # Of four grams in all, "abcde fg" and "abcde f" share "abcde", "bcde ", "cde f".
    near = find_leaks([case.model_copy(update={"question": "abcde fg"})], [("abcde f", "x")])
    assert near[0].likeness == 3 / 4
    assert find_leaks([case], [("len muc 2 co phai dong tien khong?", "x")])[0].where == "x"
    assert find_leaks([case], [("thời tiết hôm nay thế nào", "x")]) == []
