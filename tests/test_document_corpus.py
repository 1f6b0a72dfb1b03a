import shutil
import zipfile

import pytest
from pypdf import PdfReader

from evals.documents import generate
from evals.documents.generate import load_expected, make_corpus, make_many
from evals.documents.legacy import tcvn3_runs, vni
from evals.documents.texts import Role, load_texts, parse

FAULTS = {
    "two-columns", "header", "page-number", "hyphenated", "nfd", "split-letters", "legacy-tcvn3", "legacy-vni", "merged-cells",
    "table-across-pages", "landscape", "rotated", "stamp", "hidden-text", "form", "no-unicode", "letters-behind-picture",
    "text-and-scan", "noise", "skew", "shadow", "jpeg", "faded", "120-dpi", "perspective", "60-dpi", "blur", "ruled-table",
    "automatic-numbers", "tracked-changes", "footnotes", "text-box", "portal", "windows-1258", "number-formats",
}  # fmt: skip


def _text(body: str):
    return parse("x", f"---\ntitle: Thử\n---\n{body}")


def test_a_unit_has_its_own_words_with_what_follows_it():
    text = _text("Đ 4 | Hồ sơ\nK 1 | Gồm:\nM đ | Tờ khai;\nK 2 | Nộp\nthêm ảnh.\n## Khác\nHết.")
    assert text.structure() == [
        (("Điều 4",), "Hồ sơ"),
        (("Điều 4", "khoản 1"), "Gồm:"),
        (("Điều 4", "khoản 1", "điểm đ"), "Tờ khai;"),
        (("Điều 4", "khoản 2"), "Nộp thêm ảnh."),
    ]
    assert text.plain() == ["Điều 4. Hồ sơ\n1. Gồm:\nđ) Tờ khai;\n2. Nộp\nthêm ảnh.\nKhác\nHết."]


def test_what_a_quote_replaces_is_a_unit_without_its_number():
    text = _text("Đ 1 | Sửa\nQ Điều 6 | Điều 6. Thời hạn\nq Là 15 năm.")
    assert (text.structure() or [])[1] == (("sửa", "Điều 6"), "Thời hạn Là 15 năm.")
    assert text.plain() == ["Điều 1. Sửa\n“Điều 6. Thời hạn\nLà 15 năm.”"]


def test_halves_and_footnotes_have_all_their_right_orders():
    text = _text("< Trái\n< Dưới\n> Phải\nMức thu\x02 là\nHết")
    assert set(text.plain(["Chú"])) == {
        f"{pair}\nMức thu là\n{order}"
        for pair in ("Trái\nDưới\nPhải", "Trái Phải\nDưới ")
        for order in ("Chú\nHết", "Hết\nChú")
    }


def test_a_beginning_does_not_know_what_only_the_end_says():
    cut = load_texts()["nghi-dinh"].cut(2)
    assert cut.articles() == ["Điều 1", "Điều 2"]
    assert "number" in cut.known
    assert "in_force" not in cut.known


def test_texts_are_two_to_six_pages_of_law_and_less_of_others_and_every_table_is_rectangular():
    texts = load_texts()
    assert len(texts) >= 8
    assert all(len(text.plain()[0]) > 1000 for text in texts.values())
    tables = [part.rows for text in texts.values() for part in text.parts if part.role is Role.TABLE]
    assert tables
    assert all(len({len(row) for row in rows}) == 1 for rows in tables)


def test_legacy_letters_are_those_that_old_files_have():
    assert "".join(run for _, run in tcvn3_runs("Điều 1. đồng bào được hưởng")) == "§iÒu 1. ®ång bµo ®\xadîc h\xadëng"
    assert list(tcvn3_runs("CHÍNH phủ")) == [(".VnTimeH", "chÝnh "), (".VnTime", "phñ")]
    assert vni("Điều 1. đồng bào được hưởng NGHỊ") == "Ñieàu 1. ñoàng baøo ñöôïc höôûng NGHÒ"


def test_missing_fonts_are_named_in_one_line(monkeypatch):
    monkeypatch.setitem(generate._FAMILIES, "liberation", ("none/Nowhere-Regular.ttf", "none/Nowhere-Bold.ttf"))
    with pytest.raises(
        generate.ToolsMissing, match=r"^font Nowhere-Regular\.ttf is not there; run: apt install [^\n]*$"
    ):
        generate.fonts("liberation")


def test_many_small_files_all_differ_and_are_the_same_again(tmp_path):
    assert make_many(tmp_path / "one", 40) == make_many(tmp_path / "two", 40) == 40
    first, second = (sorted((tmp_path / name).iterdir()) for name in ("one", "two"))
    assert [path.name for path in first] == [path.name for path in second]
    assert len({path.read_bytes() for path in first}) == 40
    assert {path.suffix for path in first} == {".docx", ".html", ".md", ".pdf"}
    pdfs = [
        [PdfReader(path).pages[0].extract_text() for path in paths if path.suffix == ".pdf"]
        for paths in (first, second)
    ]
    assert pdfs[0] == pdfs[1]
    assert len(set(pdfs[0])) == 10
    others = [[path.read_bytes() for path in paths if path.suffix != ".pdf"] for paths in (first, second)]
    assert others[0] == others[1]


@pytest.mark.slow
@pytest.mark.skipif(not (shutil.which("soffice") and shutil.which("chromium")), reason="no LibreOffice or Chromium")
def test_the_proof_has_every_class_and_fault_and_is_the_same_again(tmp_path):
    rows = make_corpus(tmp_path / "one")
    assert len(rows) >= 60
    assert {fault for row in rows for fault in row.faults} >= FAULTS
    assert {row.group for row in rows} == set(generate.GROUPS)
    assert {row.format for row in rows} == set("pdf docx doc rtf html md xlsx zip jpg png tiff".split())
    assert all(row.members or all(text.strip() for text in row.texts) for row in rows)
    assert all((tmp_path / "one" / row.file).stat().st_size for row in rows)
    make_corpus(tmp_path / "two")
    one, two = ((tmp_path / name / generate.EXPECTED).read_bytes() for name in ("one", "two"))
    assert one == two
    assert [row.file for row in load_expected(tmp_path / "one")] == [row.file for row in rows]
    with zipfile.ZipFile(tmp_path / "one" / "zip-bo-van-ban.zip") as archive:
        assert len(archive.namelist()) == 4
    same = [row.file for row in rows if row.file.startswith(("pdf-", "scan-", "anh-", "web-", "word-"))]
    changed = [
        file for file in same if (tmp_path / "one" / file).read_bytes() != (tmp_path / "two" / file).read_bytes()
    ]
    assert not changed
