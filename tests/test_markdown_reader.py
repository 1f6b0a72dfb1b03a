import unicodedata
from pathlib import Path

import pytest

from evals.documents.legacy import tcvn3, vni
from rag.documents.limits import DocumentError, Limits, Refusal
from rag.documents.pages import Fault, Reading
from rag.documents.readers.markdown import read


def reading(folder: Path, text: str | bytes, name: str = "a.md") -> Reading:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(path, Limits())


def texts(folder: Path, text: str | bytes, name: str = "a.md") -> list[str]:
    return [block.text for block in reading(folder, text, name).blocks]


def test_headings_lists_and_tables_keep_level_numbers_and_header(tmp_path):
    text = """---
title: không đọc
---
# Lệ phí

Mức thu **50.000** đồng,
theo `Thông tư`.

3. Ba
   - gạch
   - gạch nữa
4. Bốn

2) Hai

| Việc | Mức |
| --- | --- |
| Cấp đổi | 50.000 |
| Cấp lại | |
"""
    blocks = reading(tmp_path, text).blocks
    assert [(b.kind.value, b.level, b.text) for b in blocks[:2]] == [
        ("heading", 1, "Lệ phí"),
        ("paragraph", 0, "Mức thu 50.000 đồng, theo Thông tư."),
    ]
    assert [b.text for b in blocks[2:-1]] == ["3. Ba", "- gạch", "- gạch nữa", "4. Bốn", "2) Hai"]
    assert (blocks[-1].rows, blocks[-1].header) == ((("Việc", "Mức"), ("Cấp đổi", "50.000"), ("Cấp lại", "")), 1)


def test_raw_html_is_not_read(tmp_path):
    text = "<div style='display:none'>ẩn</div>\n\nHiện <!-- ẩn --> rõ <b>đậm</b>\n\n<script>ẩn</script>\n"
    assert texts(tmp_path, text) == ["Hiện rõ đậm"]


def test_a_rule_at_the_top_is_no_front_matter(tmp_path):
    assert texts(tmp_path, "---\n\nĐiều 1\n") == ["Điều 1"]


def test_plain_text_is_parted_at_empty_lines_and_where_a_clause_begins(tmp_path):
    text = (
        "NGHỊ ĐỊNH\nVề thẻ mẫu\n\nĐiều 1. Phạm vi\n1. Nghị định này quy định về việc cấp, đổi, cấp lại thẻ mẫu cho\n"
        "người dân.\na) Thẻ mới;\nđ) Thẻ cũ.\n* không phải Markdown\n\fTrang hai"
    )
    blocks = reading(tmp_path, text, "a.txt").blocks
    assert [(b.text, b.page) for b in blocks] == [
        ("NGHỊ ĐỊNH\nVề thẻ mẫu", 1),
        ("Điều 1. Phạm vi", 1),
        ("1. Nghị định này quy định về việc cấp, đổi, cấp lại thẻ mẫu cho người dân.", 1),
        ("a) Thẻ mới;", 1),
        ("đ) Thẻ cũ.", 1),
        ("* không phải Markdown", 1),
        ("Trang hai", 2),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("name", ["a.txt", "a.md"])
def test_unicode_in_any_form_is_nfc(tmp_path, encoding, name):
    text = unicodedata.normalize("NFD", "Điều 1. Người dân được cấp thẻ")
    read_back = reading(tmp_path, text.encode(encoding), name)
    assert read_back.blocks[0].text == "Điều 1. Người dân được cấp thẻ"
    assert read_back.pages[0].faults == (Fault.NFD,)


def test_windows_letters_are_read(tmp_path):
    data = "Lệ phí của người dân".translate(
        {ord("ệ"): "ê\u0323", ord("í"): "i\u0301", ord("ủ"): "u\u0309", ord("ờ"): "ơ\u0300"}
    ).encode("cp1258")
    assert texts(tmp_path, data, "a.txt") == ["Lệ phí của người dân"]


@pytest.mark.parametrize("old", ["Thñ tôc cña ng\xadêi d©n ®­îc cÊp sè", "Thuû tuïc cuûa ngöôøi daân ñöôïc caáp soá"])
def test_old_fonts_are_read_as_their_letters(tmp_path, old):
    assert texts(tmp_path, old.encode("cp1252"), "a.txt") == ["Thủ tục của người dân được cấp số"]


def test_text_without_text_is_refused(tmp_path):
    with pytest.raises(DocumentError) as caught:
        reading(tmp_path, " \n\n")
    assert caught.value.refusal is Refusal.NO_TEXT
    with pytest.raises(DocumentError):
        reading(tmp_path, "---\ntitle: x\n---\n")


def test_deep_nesting_does_not_crash(tmp_path):
    with pytest.raises(DocumentError):
        reading(tmp_path, "> " * 5000 + "Điều 1")
    assert reading(tmp_path, "[" * 20_000 + "Điều 1").blocks


OLD = (
    "Điều 5. Lệ phí cấp thẻ\n1. Công dân được cấp thẻ lần đầu không phải nộp lệ phí.\n2. Mức thu: 50.000 đồng.\n3. Thẻ"
)


@pytest.mark.parametrize(("spelt", "fault"), [(tcvn3, Fault.LEGACY_TCVN3), (vni, Fault.LEGACY_VNI)])
def test_a_text_in_old_letters_is_read_as_a_whole(tmp_path, spelt, fault):
    found = reading(tmp_path, spelt(OLD).encode("latin-1"), "a.txt")
    assert [block.text for block in found.blocks] == OLD.split("\n")
    assert found.pages[0].faults == (fault,)


@pytest.mark.parametrize("data", [bytes(range(0xA1, 0xFF)) * 3, "L'été à la plage, garçon".encode("latin-1")])
def test_a_text_in_letters_that_nobody_can_tell_is_refused_with_what_to_do(tmp_path, data):
    with pytest.raises(DocumentError, match="save it as UTF-8") as caught:
        reading(tmp_path, data, "a.txt")
    assert caught.value.refusal is Refusal.UNKNOWN_FORMAT


def test_a_text_that_was_cut_off_within_a_letter_is_read_up_to_it(tmp_path):
    assert texts(tmp_path, "Lệ phí thẻ".encode()[:-1], "a.txt") == ["Lệ phí th"]


def test_a_digit_that_was_guessed_lowers_the_score_of_its_page(tmp_path):
    (page,) = reading(tmp_path, "Mức thu lệ phí là 1O.000 đồng.", "a.txt").pages
    assert page.lines[0].text == "Mức thu lệ phí là 10.000 đồng."
    assert page.faults == (Fault.GUESSED_DIGITS,)
    assert page.score < 0.8
