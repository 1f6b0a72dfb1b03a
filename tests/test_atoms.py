import pytest

from rag.atoms import AtomKind, atoms, missing


def read(text):
    return [(a.kind, a.value, a.unit) for a in atoms(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("15.000 đồng", (AtomKind.MONEY, "15000", "đồng")),
        ("1,5 triệu đồng", (AtomKind.MONEY, "1500000", "đồng")),
        ("30 nghìn", (AtomKind.MONEY, "30000", "đồng")),
        ("01/7/2026", (AtomKind.DATE, "2026-07-01", "")),
        ("ngày 1 tháng 7 năm 2026", (AtomKind.DATE, "2026-07-01", "")),
        ("03 ngày làm việc", (AtomKind.NUMBER, "3", "ngày làm việc")),
        ("hai ngày", (AtomKind.NUMBER, "2", "ngày")),
        ("1900 0368", (AtomKind.NUMBER, "19000368", "")),
        ("0692.196.666", (AtomKind.NUMBER, "0692196666", "")),
        ("69/2024/NĐ-CP", (AtomKind.DOCUMENT, "69/2024/NĐ-CP", "")),
        ("mẫu TK01", (AtomKind.FORM, "TK01", "")),
        ("https://dichvucong.gov.vn.", (AtomKind.URL, "dichvucong.gov.vn", "")),
        ("50%", (AtomKind.PERCENT, "50", "%")),
    ],
)
def test_atoms_read_each_kind(text, expected):
    assert read(text) == [expected]


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("3 ngày", "không quá 03 ngày làm việc"),
        ("25.000 đồng", "mức 15.000 đồng"),
        ("gọi 1900 0369", "tổng đài 1900 0368"),
        ("từ 02/7/2026", "từ 01/7/2026"),
        ("69/2024/NĐ-CP", "59/2024/NĐ-CP"),
        ("dichvucong.gov.vn.example.com", "dichvucong.gov.vn"),
        ("1,5 triệu đồng", "15 triệu đồng"),
        ("14 tuổi", "14 ngày"),
    ],
)
def test_missing_names_a_fact_that_differs(claim, evidence):
    assert missing(claim, [evidence])


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("30 nghìn đồng", "30.000 đồng"),
        ("tháng 7/2026", "từ ngày 01/7/2026"),
        ("năm 2026", "đến hết 31/12/2026"),
        ("ba ngày làm việc", "03 ngày làm việc"),
        ("Luật 26/2023", "Luật Căn cước số 26/2023/QH15"),
        ("không có số nào", ""),
    ],
)
def test_missing_accepts_the_same_fact_in_other_words(claim, evidence):
    assert not missing(claim, [evidence])


@pytest.mark.parametrize("text", ["1.0000.0000 đồng", "1,2,3 đồng", "1..5 triệu", "3.4.5 %", "1.500.000.00 đồng"])
def test_a_malformed_amount_is_read_without_an_error(text):
    assert len(atoms(text)) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hai mươi lăm ngày", [("25", "ngày")]),
        ("một triệu rưỡi đồng", [("1500000", "đồng")]),
        ("một trăm linh năm ngày", [("105", "ngày")]),
        ("từ 14 đến dưới 16 tuổi", [("14", "tuổi"), ("16", "tuổi")]),
        ("8–10 triệu đồng", [("8000000", "đồng"), ("10000000", "đồng")]),
        ("mức 2 hoặc mức độ 2", [("2", "mức"), ("2", "mức")]),
        ("mỗi ngày một lần, một số người, mươi ngày", []),
        ("hỏi hotro@example.gov.vn", [("hotro@example.gov.vn", "")]),
    ],
)
def test_numbers_in_words_ranges_and_prefixed_ones(text, expected):
    assert [(a.value, a.unit) for a in atoms(text)] == expected


def test_a_unit_needs_the_same_unit():
    assert missing("14 tuổi", ["theo Điều 14"])
    assert missing("mức 2", ["trong 2 ngày"])
    assert not missing("làm 3 việc", ["làm cùng lúc ba việc"])
