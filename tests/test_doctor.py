"""`binhdan doctor` about documents: what reading them needs, tried on this machine, and the way out when it is missing."""

import shutil

import pytest

from rag.documents import sandbox
from rag.documents.readers import ocr
from rag.settings import Settings
from ui.doctor import checks

ROWS = ("sandbox", "recognition", "office")


@pytest.fixture
def findings(tmp_path):
    """Return what the doctor says of documents, by row, as the machine is at that moment."""
    ocr.is_installed.cache_clear()
    sandbox._keeper.close()
    yield lambda: {row.name: row for row in checks(Settings(home=tmp_path / "home")) if row.name in ROWS}
    ocr.is_installed.cache_clear()
    sandbox._keeper.close()


@pytest.mark.office
@pytest.mark.ocr
def test_where_everything_is_there_every_row_is_good(findings, tesseract):
    if shutil.which("soffice") is None or not sandbox.confinement().namespaces:
        pytest.skip("LibreOffice is missing, or the kernel grants no namespaces")
    rows = findings()
    assert tuple(rows) == ROWS
    assert [row.finding for row in rows.values() if not row.ok] == []


def test_programs_that_are_missing_are_named_with_what_installs_them(findings, monkeypatch):
    monkeypatch.setenv("PATH", "")
    rows = findings()
    assert (
        rows["recognition"].finding == "scans and photos are refused; apt-get install tesseract-ocr tesseract-ocr-vie"
    )
    assert "is an old Word file, and LibreOffice is not installed" in rows["office"].finding
    assert "apt-get install libreoffice-writer" in rows["office"].finding
    assert [rows[name].mark for name in ("recognition", "office")] == ["note", "note"]  # questions are answered without


@pytest.mark.slow
def test_tesseract_without_vietnamese_is_not_enough(findings, monkeypatch, tmp_path):
    (tmp_path / "tesseract").write_text(
        "#!/bin/sh\necho 'List of available languages (1):'\necho eng\n", encoding="utf-8"
    )
    (tmp_path / "tesseract").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    row = findings()["recognition"]
    assert not row.ok
    assert "tesseract-ocr-vie" in row.finding


@pytest.mark.slow
@pytest.mark.parametrize(
    ("refused", "said"),
    [
        ("confinement.namespaces_work = lambda: False", "kernel.apparmor_restrict_unprivileged_userns=0"),
        ("confinement._lock_files = lambda *_: False", "Linux 5.13 or newer with landlock"),
    ],
)
def test_what_the_kernel_does_not_grant_is_said_with_the_way_out(findings, monkeypatch, refused, said):
    patched = f"from rag.documents import confinement; {refused}; from"
    monkeypatch.setattr(sandbox, "_START", sandbox._START.replace("from", patched, 1))
    row = findings()["sandbox"]
    assert not row.ok
    assert said in row.finding


def test_a_sandbox_that_does_not_start_is_said_and_stops_no_other_row(findings, monkeypatch):
    monkeypatch.setattr(sandbox, "_START", "raise SystemExit({}, {})")
    rows = findings()
    assert rows["sandbox"].finding.startswith("no document can be read: makes the reader crash")
    assert not rows["office"].ok
