import random
from contextlib import suppress

import hostile
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.documents.legacy import tcvn3, vni
from rag.documents.formats import Format, sniff
from rag.documents.limits import DocumentError, Refusal

PDF, PNG, OLD = b"%PDF-1.7\n...", b"\x89PNG\r\n\x1a\n...", hostile.ole("WordDocument")
WORD, SHEET = hostile.docx(hostile.paragraph("a")), hostile.xlsx(hostile.row("a"))
ARCHIVE = hostile.packed(("a.txt", b"a"))


@pytest.mark.parametrize(
    ("name", "data", "found"),
    [
        ("a.pdf", PDF, Format.PDF),
        ("a", b"\n\n" + PDF, Format.PDF),
        ("a.docx", WORD, Format.DOCX),
        ("a.doc", WORD, Format.DOCX),
        ("a.doc", OLD, Format.DOC),
        ("a.docx", OLD, Format.DOC),
        ("a.rtf", rb"{\rtf1 a}", Format.DOC),
        ("a.doc", b"<html><body>a", Format.HTML),
        ("a.xlsx", SHEET, Format.XLSX),
        ("a.zip", ARCHIVE, Format.ZIP),
        ("a.bin", ARCHIVE, Format.ZIP),
        ("a.png", PNG, Format.IMAGE),
        ("a.jpg", PNG, Format.IMAGE),
        ("a.tif", b"II*\0....", Format.IMAGE),
        ("a.htm", "Lệ phí".encode(), Format.HTML),
        ("a.html", b"<P>L\xff", Format.HTML),
        ("a.html", "<p>Lệ phí".encode("utf-16"), Format.HTML),
        ("a", b"<!DOCTYPE html><title>a", Format.HTML),
        ("A.TXT", "Lệ phí".encode(), Format.TEXT),
        ("a.txt", "Lệ phí".encode("utf-16"), Format.TEXT),
        ("a.txt", ("ề" * 60_000).encode(), Format.TEXT),
        ("a.txt", b"<b>1</b>", Format.TEXT),
        ("a.txt", tcvn3("Điều khoản").encode("latin-1"), Format.TEXT),
        ("a.md", vni("Điều khoản").encode("latin-1"), Format.MARKDOWN),
        ("a.txt", "Lê\u0323 phi\u0301".encode("cp1258"), Format.TEXT),
        ("a.md", "# Lệ phí".encode(), Format.MARKDOWN),
        ("readme", "Lệ phí".encode(), Format.TEXT),
    ],
)
def test_a_file_is_what_it_holds(name, data, found, tmp_path):
    (tmp_path / name).write_bytes(data)
    assert sniff(tmp_path / name) is found


@pytest.mark.parametrize(
    ("name", "data", "refusal"),
    [
        ("a.pdf", b"", Refusal.EMPTY),
        ("a.pdf", WORD, Refusal.WRONG_NAME),
        ("a.docx", PDF, Refusal.WRONG_NAME),
        ("a.docx", SHEET, Refusal.WRONG_NAME),
        ("a.docx", b"<html>", Refusal.WRONG_NAME),
        ("a.docx", ARCHIVE, Refusal.WRONG_NAME),
        ("a.zip", WORD, Refusal.WRONG_NAME),
        ("a.txt", PDF, Refusal.WRONG_NAME),
        ("a.md", PNG, Refusal.WRONG_NAME),
        ("a.html", PDF, Refusal.WRONG_NAME),
        ("a.png", PDF, Refusal.WRONG_NAME),
        ("a.pdf", b"a text", Refusal.WRONG_NAME),
        ("a.txt", b"L\xff ph\xed", Refusal.UNKNOWN_FORMAT),
        ("a.txt", b"<html><p>\xa7i\xd2u", Refusal.WRONG_NAME),
        ("a.txt", b"\xa7i\xd2u\x01", Refusal.UNKNOWN_FORMAT),
        ("a", b"\xa7i\xd2u", Refusal.UNKNOWN_FORMAT),
        ("a.exe", b"MZ\0\0", Refusal.UNKNOWN_FORMAT),
        ("a.xml", b"<?xml version='1.0'?><a/>", Refusal.UNKNOWN_FORMAT),
        ("a.svg", b"<svg/>", Refusal.UNKNOWN_FORMAT),
        ("a.odt", hostile.packed(("mimetype", b"a")), Refusal.UNKNOWN_FORMAT),
        ("a.ppt", hostile.ole("PowerPoint Document"), Refusal.UNKNOWN_FORMAT),
        ("a.xls", hostile.ole("Workbook"), Refusal.UNKNOWN_FORMAT),
        ("a.docx", hostile.ole("EncryptedPackage"), Refusal.ENCRYPTED),
        ("a.docx", WORD[:-50], Refusal.DAMAGED),
    ],
)
def test_what_is_not_taken_is_refused_with_its_reason(name, data, refusal, tmp_path):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DocumentError) as caught:
        sniff(tmp_path / name)
    assert caught.value.refusal is refusal


@given(st.sampled_from([PDF, PNG, OLD, WORD, SHEET, ARCHIVE, b""]), st.binary(max_size=40), st.integers(0, 2**32))
def test_whatever_stands_in_a_file_nothing_but_a_refusal_is_raised(tmp_path_factory, data, noise, seed):
    path = tmp_path_factory.getbasetemp() / "noise.bin"
    at = random.Random(seed).randrange(len(data) + 1)
    path.write_bytes(data[:at] + noise + data[at + len(noise) :])
    with suppress(DocumentError):
        assert sniff(path) in Format
