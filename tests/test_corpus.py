import json
import unicodedata

import pytest

from rag.asked import load_asked
from rag.corpus import check_corpus
from rag.errors import CorpusError
from rag.guides import load_guide, load_guides
from rag.settings import PROJECT
from rag.sheets import load_sheet, load_sheets
from rag.text import fold, syllables

GUIDE = "guides/vneid/vneid-dang-ky-muc-2.md"
SHEET = "facts/vneid-dang-ky-muc-2.yaml"


def change(corpus, part, old, new):
    path = corpus / part
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8", newline="\n")
    return path, next((n for n, line in enumerate(text.split("\n"), 1) if old.split("\n")[0] in line), 1)


def test_a_good_corpus_has_no_problems(small_corpus):
    assert check_corpus(small_corpus).problems == ()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("không quá 03 ngày làm việc", "không quá 05 ngày làm việc", "'05 ngày làm việc'"),
        ("không thu phí, không thu lệ phí.", "chỉ thu 20.000 đồng.", "'20.000 đồng'"),
        ("là mẫu TK01", "là mẫu TK02", "'TK02'"),
        ("{f14}", "{f99}", "f99 does not exist"),
        ("{f14}", "", "cites nothing"),
        ("thì mang thẻ căn cước công dân", "thì mang cái smartcard", "smartcard: say it in Vietnamese"),
        ("## Lệ phí", "## Phí", "heading 'Phí'"),
        ("as_of: 2026-01-12", "as_of: 2026-02-30", "day is out of range"),
        ("as_of: 2026-01-12", "as_of: 2025-01-12", "expected 2026-01-12"),
        (
            "không quá 07 ngày làm việc. {f10}",
            "không quá 07 ngày làm việc. {f10; đến 2026-12-31}",
            "bounded by 2026-12-31",
        ),
    ],
)
def test_check_reports_a_planted_fault_with_its_line(small_corpus, old, new, said):
    path, line = change(small_corpus, GUIDE, old, new)
    problems = check_corpus(small_corpus).problems
    assert any(said in p and p.startswith(f"{path}:") for p in problems), problems
    if "as_of" not in old:
        assert any(p.startswith(f"{path}:{line}:") for p in problems), problems


LAST_DAY, FIRST_DAY = "; đến 2026-12-31", "; từ 2027-01-01"


@pytest.mark.parametrize(("rows", "said"), [
    (["- Một. {f11}", "- Hai. {f11}", "- Ba. {f11}"], "more than 2 lines"),
    ([f"- Một. {{f11{LAST_DAY}}}", "- Hai. {f11; từ 2026-12-31}", "- Ba. {f11}"], "more than 2 lines"),
    ([f"- Một. {{f11{LAST_DAY}}}", f"- Hai. {{f11{FIRST_DAY}}}", "- Ba. {f11}"], ""),
    ([f"1. Một. {{f11{LAST_DAY}}}", f"1. Hai. {{f11{FIRST_DAY}}}", "2. Ba. {f11}"], ""),
    ([f"1. Một. {{f11{LAST_DAY}}}", f"2. Hai. {{f11{FIRST_DAY}}}"], "steps are numbered [2]"),
])  # fmt: skip
def test_lines_and_steps_are_counted_on_each_day_on_which_they_are_true(small_corpus, rows, said):
    path = small_corpus / GUIDE
    head, rest = path.read_text(encoding="utf-8").split("## Trả lời ngắn\n")
    rest = rest[rest.index("## ") :]
    path.write_text(f"{head}## Trả lời ngắn\n" + "\n".join(rows) + f"\n\n{rest}", encoding="utf-8", newline="\n")
    counted = [p for p in check_corpus(small_corpus).problems if "more than 2" in p or "numbered" in p]
    assert len(counted) == bool(said)
    assert all(said in problem for problem in counted)


def test_check_reports_a_dropped_fact(small_corpus):
    change(
        small_corpus,
        GUIDE,
        "- Nơi làm mức 2 nhận hồ sơ trong giờ hành chính, từ thứ Hai đến thứ Sáu, trừ ngày lễ, Tết. {f16}\n",
        "",
    )
    assert any(
        "vneid-dang-ky-muc-2:f16 is neither stated nor left out" in p for p in check_corpus(small_corpus).problems
    )


def test_check_reports_a_dead_source_id(small_corpus):
    path, line = change(small_corpus, SHEET, "sources: [s5], confidence", "sources: [s55], confidence")
    assert [p for p in check_corpus(small_corpus).problems if p.startswith(f"{path}:{line}:") and "s55" in p]


def test_check_reports_an_nfd_file(small_corpus):
    path = small_corpus / GUIDE
    path.write_text(unicodedata.normalize("NFD", path.read_text(encoding="utf-8")), encoding="utf-8")
    assert any("NFC" in p and str(path) in p for p in check_corpus(small_corpus).problems)


def test_check_asks_for_care_with_a_doubtful_fact(small_corpus):
    change(small_corpus, GUIDE, "Theo trang LawNet, muốn", "Muốn")
    change(small_corpus, GUIDE, " Nên hỏi lại nơi làm. {f4}", " {f4}")
    change(
        small_corpus,
        SHEET,
        'hộ chiếu để đối chiếu.", sources: [s5], confidence: medium',
        'hộ chiếu để đối chiếu.", sources: [s5], confidence: low',
    )
    assert any("is not certain" in p for p in check_corpus(small_corpus).problems)


def test_a_sheet_without_a_guide_is_reported(small_corpus):
    (small_corpus / GUIDE).unlink()
    assert any("no guide covers" in p for p in check_corpus(small_corpus).problems)


def test_load_guide_raises_one_row_a_problem(small_corpus):
    sheet = load_sheet(small_corpus / SHEET)
    path, _ = change(small_corpus, GUIDE, "{f14}", "{f99}")
    with pytest.raises(CorpusError, match=r"f99"):
        load_guide(path, {sheet.id: sheet})


@pytest.mark.slow
def test_the_shipped_corpus_has_no_problems():
    report = check_corpus(PROJECT / "corpus")
    assert report.problems == ()
    assert report.sheets == 151
    assert 115 <= len(report.guides) <= 140


def test_no_guide_repeats_a_question_of_the_development_set():
    """Retrieval is measured on those questions; a guide that holds one would answer it by heart."""
    rows = (PROJECT / "evals/cases/learner_questions.jsonl").read_text(encoding="utf-8").splitlines()
    held_out = {key(json.loads(row)["question"]) for row in rows}
    guides = load_guides(PROJECT / "corpus", load_sheets(PROJECT / "corpus" / "facts"))
    assert [q for guide in guides.values() for q in guide.questions if key(q) in held_out] == []
    asked = load_asked(PROJECT / "corpus", {p.id for guide in guides.values() for p in guide.passages})
    assert [row.question for row in asked if key(row.question) in held_out] == []


def test_check_names_the_line_of_a_question_that_no_passage_answers(small_corpus):
    (small_corpus / "questions").mkdir()
    row = '{"passage": "vneid-dang-ky-muc-2#khong-co", "kind": "fee", "question": "tốn bao nhiêu"}'
    (small_corpus / "questions" / "vneid.jsonl").write_text(f"{row}\n{row.replace('fee', 'gia')}\n", encoding="utf-8")
    problems = "\n".join(check_corpus(small_corpus).problems)
    assert "vneid.jsonl:1: no passage 'vneid-dang-ky-muc-2#khong-co' in the guides" in problems
    assert "vneid.jsonl:2: " in problems


def key(question):
    return " ".join(syllables(fold(question)))
