import shutil
import subprocess
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psutil
import pytest
from office_files import OFFICE_NS, abstract, cell, level, listed, paragraph, row, run, table, write_docx

from rag.documents.limits import DocumentError, Limits, Refusal
from rag.documents.readers.doc import read, to_pdf

LINKED_PICTURE = (
    '<w:r><w:drawing><wp:inline><wp:extent cx="900000" cy="900000"/><wp:docPr id="1" name="p"/>'
    '<a:graphic xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">'
    '<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture">'
    '<pic:pic xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture">'
    '<pic:nvPicPr><pic:cNvPr id="0" name="p"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:link="r9"/></pic:blipFill>'
    '<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="900000" cy="900000"/></a:xfrm><a:prstGeom prst="rect"/></pic:spPr>'
    "</pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
)
needs_office = pytest.mark.skipif(
    shutil.which("soffice") is None, reason="LibreOffice is not installed (libreoffice-writer)"
)


def refusal(path: Path, limits: Limits | None = None) -> Refusal:
    with pytest.raises(DocumentError) as caught:
        read(path, limits or Limits())
    return caught.value.refusal


@pytest.fixture(scope="module")
def old_word(tmp_path_factory) -> Path:
    """An article with generated numbers, a table and hidden words, saved as Word 97 does."""
    folder = tmp_path_factory.mktemp("doc")
    source = write_docx(
        folder / "source.docx",
        paragraph("Lệ phí cấp thẻ", list=(1, 0)),
        paragraph("Người dân nộp ", run("một tỷ", "<w:vanish/>"), "lệ phí:", list=(1, 1)),
        table(row("Việc", "Mức thu", "Ghi chú"), row(cell("Cấp đổi"), cell("50.000"), cell("x"))),
        paragraph("Mẫu", '<w:r><w:br w:type="page"/></w:r>'),
        paragraph("Trang hai"),
        numbering=abstract(0, level(0, "decimal", "Điều %1.", start=4), level(1, "decimal", "%2.")) + listed(1, 0),
    )
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    subprocess.run(
        ["soffice", profile, "--headless", "--convert-to", "doc:MS Word 97", "--outdir", str(folder), str(source)],
        check=True,
        capture_output=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder)},
    )
    return folder / "source.doc"


@pytest.mark.office
@needs_office
def test_an_old_file_reads_like_a_new_one(old_word):
    reading = read(old_word, Limits())
    assert reading.format == "doc"
    assert [block.text for block in reading.blocks] == [
        "Điều 4. Lệ phí cấp thẻ",
        "1. Người dân nộp lệ phí:",
        "Việc | Mức thu | Ghi chú\nCấp đổi | 50.000 | x",
        "Mẫu",
        "Trang hai",
    ]
    assert reading.blocks[-1].page == 2


@pytest.mark.office
@needs_office
def test_rtf_that_is_called_doc_is_read(tmp_path):
    path = tmp_path / "a.doc"
    path.write_text(r"{\rtf1\ansi\uc1 \u272?i\u7873?u 1. M\u7913?c thu\par {\v\u7849?n}50.000\par}", encoding="ascii")
    assert [block.text for block in read(path, Limits()).blocks] == ["Điều 1. Mức thu", "50.000"]


@pytest.mark.office
@needs_office
def test_pages_of_a_word_file_come_as_pdf(old_word):
    assert to_pdf(old_word).startswith(b"%PDF-")
    assert to_pdf(old_word.with_suffix(".docx")).startswith(b"%PDF-")


@pytest.mark.office
@needs_office
def test_libreoffice_ends_with_all_that_it_started_when_its_time_is_over(tmp_path, monkeypatch):
    path = tmp_path / "long.rtf"
    path.write_text(r"{\rtf1 " + r"x\par " * 1_000_000 + "}", encoding="ascii")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # its profile there tells our processes from others
    assert refusal(path, Limits(wall_s=2)) is Refusal.TOO_SLOW
    assert not [p.pid for p in psutil.process_iter(["cmdline"]) if str(tmp_path) in " ".join(p.info["cmdline"] or [])]


@pytest.mark.office
@needs_office
def test_nothing_that_a_file_links_to_is_fetched(tmp_path):
    asked = []

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_OPTIONS = do_PROPFIND = do_GET

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/x.png"
        link = f'<Relationship Id="r9" Type="{OFFICE_NS}/image" Target="{url}" TargetMode="External"/>'
        assert to_pdf(write_docx(tmp_path / "a.docx", paragraph("x", LINKED_PICTURE), relations=link))
        server.shutdown()
    assert not asked


def test_without_libreoffice_the_reason_says_what_to_do(tmp_path, monkeypatch):
    path = tmp_path / "a.doc"
    path.write_bytes(rb"{\rtf1 x}")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert refusal(path) is Refusal.NO_OFFICE


@pytest.mark.office
@needs_office
def test_a_cut_file_is_damaged(old_word, tmp_path):
    path = tmp_path / "a.doc"
    path.write_bytes(old_word.read_bytes()[:3000])
    assert refusal(path) is Refusal.DAMAGED


def test_what_is_no_old_word_file_is_not_given_to_libreoffice(tmp_path):
    path = tmp_path / "a.doc"
    path.write_text("<html>Điều 1</html>", encoding="utf-8")
    assert refusal(path) is Refusal.WRONG_NAME


@pytest.mark.office
@needs_office
def test_a_protected_file_is_told_from_a_broken_one(old_word, tmp_path):
    data = bytearray(old_word.read_bytes())
    at = data.index(b"\xec\xa5")  # the beginning of the file's own description
    data[at + 11] |= 1
    path = tmp_path / "a.doc"
    path.write_bytes(data)
    assert refusal(path) is Refusal.ENCRYPTED
