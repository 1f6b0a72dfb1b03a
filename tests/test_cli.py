import json
import os
import re
import subprocess
import sys

import pytest

from rag.settings import PROJECT


def binhdan(*args, home, **environment):
    return subprocess.run(
        [sys.executable, "-m", "ui.cli", *args],
        cwd=PROJECT, capture_output=True, text=True, check=False, timeout=120,
        env={**os.environ, "BINHDAN_HOME": str(home), **environment},
    )  # fmt: skip


def test_ask_json_prints_one_object_on_stdout(built):
    done = binhdan("ask", "gọi cấp cứu số mấy", "--json", home=built.home)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"].startswith(("answered", "safety"))


def test_a_bad_setting_is_one_line_and_exit_2(built):
    done = binhdan("ask", "x", home=built.home, BINHDAN_PORT="abc")
    assert done.returncode == 2
    assert "BINHDAN_PORT" in done.stderr
    assert len(done.stderr.strip().split("\n")) == 1


def test_a_home_that_cannot_be_written_is_one_line_and_exit_2():
    done = binhdan("ask", "x", home="/proc/nowhere")
    assert done.returncode == 2
    assert done.stderr.strip() == "cannot write in /proc/nowhere/index: No such file or directory; set BINHDAN_HOME"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("part", "old", "new", "said"),
    [
        ("guides/vneid/vneid-dang-ky-muc-2.md", "không thu phí, không thu lệ phí.", "mất 20.000 đồng.", "20.000 đồng"),
        ("guides/vneid/vneid-dang-ky-muc-2.md", "{f16}", "{f15}", "f16 is neither stated nor left out"),
        ("facts/vneid-dang-ky-muc-2.yaml", "sources: [s5]", "sources: [s55]", "cites s55"),
    ],
)
def test_corpus_check_fails_on_a_planted_fault(small_corpus, tmp_path, part, old, new, said):
    assert binhdan("corpus", "check", "--corpus", str(small_corpus), home=tmp_path).returncode == 0
    path = small_corpus / part
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    done = binhdan("corpus", "check", "--corpus", str(small_corpus), home=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr


def test_batch_goes_on_where_it_stopped(built, tmp_path):
    questions = tmp_path / "in.jsonl"
    rows = [{"id": f"q{n}", "question": q} for n, q in enumerate(["làm mức 2 ở đâu", "gọi cứu hỏa số mấy", "hello"])]
    questions.write_text("\n".join(json.dumps(r, ensure_ascii=False) for r in rows), encoding="utf-8")
    out = tmp_path / "out.jsonl"
    assert binhdan("ask", "--batch", str(questions), "--out", str(out), home=built.home).returncode == 0
    whole = out.read_text(encoding="utf-8").split("\n")
    out.write_text(whole[0] + "\n" + whole[1][:20], encoding="utf-8")
    assert binhdan("ask", "--batch", str(questions), "--out", str(out), home=built.home).returncode == 0
    assert [json.loads(line)["id"] for line in out.read_text(encoding="utf-8").strip().split("\n")] == [
        "q0",
        "q1",
        "q2",
    ]


@pytest.mark.parametrize(
    "bad", ['{"id": "a"}', "not json", '{"id": "a", "question": "x"}\n{"id": "a", "question": "y"}']
)
def test_a_bad_batch_line_is_named(built, tmp_path, bad):
    questions = tmp_path / "in.jsonl"
    questions.write_text(bad, encoding="utf-8")
    done = binhdan("ask", "--batch", str(questions), "--out", str(tmp_path / "out.jsonl"), home=built.home)
    assert done.returncode == 2
    assert "in.jsonl:" in done.stderr


@pytest.mark.slow
def test_index_commands(built):
    for command in ("status", "verify"):
        done = binhdan("index", command, home=built.home)
        assert done.returncode == 0, done.stderr
    assert re.fullmatch(
        r"000001  20\d\d-.{11}  the shipped guides  in use\n", binhdan("index", "list", home=built.home).stdout
    )
    assert binhdan("index", "use", "000001", home=built.home).stdout == "index generation 000001 is in use\n"
    done = binhdan("index", "use", "7", home=built.home)
    assert (done.returncode, done.stderr) == (2, "there is no index generation '7'; there are: 000001\n")


def test_the_command_line_starts_without_the_database_the_web_or_a_reader():
    heavy = ("sqlalchemy", "httpx2", "pydantic", "numpy", "lxml")
    asked = f"import sys, ui.cli; print([name for name in {heavy!r} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout == "[]\n"
