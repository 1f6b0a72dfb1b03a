import sys
from pathlib import Path

import pytest

from evals import bench_ingest
from evals.bench_ingest import Result, missed_bars, read_rival
from evals.documents import generate
from evals.documents.generate import Expected
from evals.documents.scoring import Counts
from rag.documents.limits import Limits

ROW = Expected("van-ban.md", generate.WEB, texts=["Mức thu Nhóm A 35.000"], tables=[[["Mức thu"], ["Nhóm A"]]])


def _result(group: str, **more) -> Result:
    return Result("a", group, "ours", 1.0, 1.0, **more)


def test_every_bar_that_is_missed_has_its_line():
    results = [
        _result(generate.TEXT_PDF, cer=0.02, structure=Counts(9, 10, 10), cells=Counts(8, 10, 10)),
        _result(generate.CLEAN_SCAN, cer=0.04, leaks=1),
        _result(generate.UNREADABLE, cer=0.0, caught=Counts(0, 0, 1)),
        _result(generate.PHOTO, cer=0.3),
    ]
    assert missed_bars(results) == [
        "text PDF: character error rate 2.00%, at most 1%",
        "structure: F1 0.900, at least 0.95",
        "cells of tables: F1 0.800, at least 0.9",
        "1 unreadable pages were not told",
        "1 hidden texts were read",
        "a: 30% wrong, and no page was told as bad",
    ]


def test_bars_are_over_what_can_be_read_well():
    assert not missed_bars(
        [_result(generate.PHOTO, cer=0.9, caught=Counts(0, 1, 0), structure=Counts(0, 0, 9), cells=Counts(0, 0, 9))]
    )


def test_a_table_in_markdown_is_a_table_and_running_words():
    text, tables = bench_ingest._of_markdown("# Tên\n| **A** | B |\n| --- | --- |\n| 1 | 2 |\nHết")
    assert text == "# Tên\nA B\n1 2\nHết"
    assert tables == [[["A", "B"], ["1", "2"]]]


@pytest.fixture
def rival(tmp_path, monkeypatch):
    """Return what reads a file with a script in place of a Python that has another reader."""

    def read(script: str) -> Result:
        program = tmp_path / "python"
        program.write_text(f"#!{sys.executable}\n{script}", encoding="utf-8")
        program.chmod(0o755)
        monkeypatch.setattr(bench_ingest, "LIMITS", Limits(wall_s=2, recognised_page_s=0, memory_bytes=100 * 2**20))
        return read_rival("other", program, ROW, Path("."))

    return read


def test_another_reader_is_judged_by_the_same_measures(rival):
    said = '{"text": "Mức thu\\\\n\\\\nNhóm A 36.000", "tables": [], "seconds": 0.5, "peak_mib": 1}'
    result = rival(f"print('{said}')")
    assert (result.refused, result.seconds) == ("", 0.5)
    assert result.cer == pytest.approx(1 / 21)
    assert result.cells == Counts(0, 0, 2)


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("import time; time.sleep(30)", "ran past the time"),
        ("x = bytearray(300 * 2**20)\nimport time; time.sleep(30)", "ran past the memory"),
        ("raise ValueError('broken file')", "code 1: ValueError: broken file"),
        ("import os; os.abort()", "code -6: no message"),
    ],
)
def test_another_reader_that_fails_is_reported_with_its_reason(rival, script, why):
    result = rival(script)
    assert (result.refused, result.cer) == (why, 1.0)
