import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from evals import bench_ingest
from evals.bench_ingest import Result, missed_bars, read_rival
from evals.documents import crowd, generate
from evals.documents.crowd import Look
from evals.documents.generate import Expected
from evals.documents.scoring import Counts
from evals.memory import held_mib
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


@pytest.mark.slow
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


def test_memory_that_grows_in_the_second_half_is_told_and_a_high_start_is_not():
    def looks(*all_mib):
        return [Look(done, done / 10, 50, mib) for done, mib in zip((10, 50, 60, 100), all_mib, strict=True)]

    assert crowd.missed_bars(looks(200, 150, 219, 150), 100) == []
    assert crowd.missed_bars(looks(90, 100, 111, 100), 100) == [
        "memory: peak of 111 MiB in the second half, 100 in the first, at most 1.1 of it"
    ]


@pytest.mark.slow
def test_a_small_collection_is_taken_in_and_its_memory_seen(tmp_path, capsys):
    files = tmp_path / "many-6"
    files.mkdir()
    for n in range(6):
        (files / f"{n}.md").write_text(f"Điều {n}. Mức thu\n\n1. Cấp đổi thẻ: {n}0.000 đồng.\n", encoding="utf-8")
    assert [line for line in crowd.run(6, tmp_path) if not line.startswith("memory")] == []
    last = capsys.readouterr().out.splitlines()[-1]
    assert int(re.search(r"peak +(\d+) MiB", last)[1]) > int(re.search(r"itself +(\d+)", last)[1]) > 20
    (files / "5.md").write_bytes(b"")
    assert "5 of 6 documents were taken in: {'added': 5, 'refused': 1}" in crowd.run(6, tmp_path)


def test_memory_that_a_fork_shares_counts_once_and_that_of_files_not_at_all():
    much = Path(find_spec("torch").origin).parent / "lib" / "libtorch_cpu.so"  # on a disk, wherever /tmp is
    script = f"""
import mmap, os, sys
own = bytearray(os.urandom(2**20) * 40)
mapped = mmap.mmap(os.open({str(much)!r}, os.O_RDONLY), 40 * 2**20, prot=mmap.PROT_READ)
read = sum(mapped[::4096])
if child := os.fork():
    print(child, flush=True)
sys.stdin.read()
"""
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        child = int(parent.stdout.readline())
        whole = held_mib(parent.pid) + held_mib(child)
        parent.stdin.close()
    assert 40 < whole < 65
    assert held_mib(parent.pid) == 0.0
