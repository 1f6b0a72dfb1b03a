"""`binhdan ingest` and `binhdan documents`: from addresses, lists and folders, with what they say and how they end."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from people import person
from web_server import reply, serving

import ui.cli
from rag.documents import fetching
from rag.documents.library import Library
from rag.records import Records
from rag.records.changes import Draft, Evidence
from rag.records.documents import DocumentState
from rag.settings import PROJECT

PAGE = "<h1>Lệ phí</h1><p>Cấp đổi thẻ khi bị hỏng: {n}0.000 đồng một thẻ.</p>"
CLAUSE = "Điều {n}. Mức thu\n\n1. Cấp đổi thẻ khi bị hỏng: {n}0.000 đồng một thẻ.\n"
HTML = {"Content_Type": "text/html; charset=utf-8"}
LIST = """\
hosts: [.gov.vn]
sources:
  - {id: le-phi, url: "http://xa.gov.vn/le-phi", title: "Lệ phí", publisher: "Xã", official: true}
  - {id: tam-tru, url: "http://xa.gov.vn/tam-tru", title: "Tạm trú", publisher: "Xã", official: true, every_days: 90}
"""


class Program:
    """The command line in this process, on a home and a corpus of its own."""

    def __init__(self, folder, monkeypatch, capfd):
        self.home, self.corpus, self.report = folder / "home", folder / "corpus", folder / "report.jsonl"
        self.corpus.mkdir()
        self._monkeypatch, self._capfd = monkeypatch, capfd
        monkeypatch.setenv("BINHDAN_HOME", str(self.home))
        monkeypatch.setenv("BINHDAN_DATABASE_URL", "")
        monkeypatch.setenv("BINHDAN_CORPUS", str(self.corpus))

    def run(self, *words):
        """Return exit code, what is on stdout and what is on stderr without the progress bar."""
        self._monkeypatch.setattr(sys, "argv", ["binhdan", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            ui.cli.main()
        out, err = self._capfd.readouterr()
        lines = [line for line in err.splitlines() if line.strip() and not line.startswith("reading ")]
        return ended.value.code or 0, out, "\n".join(lines)

    def ingest(self, *words):
        return self.run("ingest", "--report", self.report, *words)

    def reported(self):
        rows = [json.loads(line) for line in self.report.read_text(encoding="utf-8").splitlines()]
        return [(row["name"], row["result"], row["reason"]) for row in rows]

    def documents(self):
        """Return what the records have, oldest first."""
        records = Records.open(f"sqlite:///{self.home / 'records.sqlite3'}")
        try:
            return records.documents.all()[::-1]
        finally:
            records.close()

    def let_days_pass(self):
        """Make every page of the list due again."""
        path = self.home / "sources.json"
        state = json.loads(path.read_text(encoding="utf-8"))
        for seen in state.values():
            seen["next_at"] = "2026-01-01T00:00:00+00:00"
        path.write_text(json.dumps(state), encoding="utf-8")


@pytest.fixture
def program(tmp_path, monkeypatch, capfd):
    return Program(tmp_path, monkeypatch, capfd)


@pytest.fixture
def site(monkeypatch):
    """A server of this machine that stands for every host; the rules about hosts stay as the command has made them."""
    with serving() as site:

        class Local(fetching.Fetcher):
            def __init__(self, rules):
                here = replace(rules, ports=rules.ports | {site.port}, allow_private=True, pause_s=0, total_s=1)
                super().__init__(here, lambda host, port: ["127.0.0.1"])

            def fetch(self, url, into, known=None):
                return super().fetch(re.sub(r"^(http://[^/:]+)/", rf"\1:{site.port}/", url), into, known)

        monkeypatch.setattr(fetching, "Fetcher", Local)
        yield site


def test_an_address_is_fetched_read_and_waits_under_its_address(program, site):
    site.answers["/le-phi"] = reply(PAGE.format(n=5), **HTML)
    url = site.url("/le-phi")
    assert program.ingest(url) == (0, "1 added, 0 known, 0 refused\n", "")
    assert program.reported() == [(url, "added", "")]
    (document,) = program.documents()
    assert (document.new.name, document.new.origin, document.new.format) == (url, url, "html")
    assert (document.state, document.added_by, document.previous) == (DocumentState.WAITING, "operator", None)
    assert program.ingest(url)[1] == "0 added, 1 known, 0 refused\n"
    assert [path.name for path in (program.home / "documents").iterdir()] == [document.new.file]


def test_one_bad_address_stops_no_other_and_each_says_why(program, site):
    site.answers |= {
        "/le-phi": reply(PAGE.format(n=5), **HTML), "/dan-ra-ngoai": reply(status=302, Location="http://la.example.com/a"),
        "/dan-vao-trong": reply(status=302, Location="http://127.0.0.1/a"), "/noi-doi": reply(PAGE, length=10**6),
        "/treo": lambda connection, headers: time.sleep(3), "/tep": reply(b"MZ\0\0", Content_Type="application/pdf"),
    }  # fmt: skip
    paths = ("/dan-ra-ngoai", "/dan-vao-trong", "/noi-doi", "/treo", "/mat", "/tep", "/le-phi")
    began = time.monotonic()
    code, out, err = program.ingest(*map(site.url, paths), "http://xa.gov.vn:22/a", "ftp://xa.gov.vn/a", "http://[::1")
    assert time.monotonic() - began < 20
    assert (code, out) == (2, "1 added, 0 known, 9 refused\n")
    reasons = {name.removeprefix(site.url("")): reason for name, _, reason in program.reported()}
    assert reasons["/dan-ra-ngoai"].endswith(
        "xa.gov.vn redirects: la.example.com is not among the hosts that may be asked"
    )
    assert reasons["/dan-vao-trong"].endswith("127.0.0.1 is not among the hosts that may be asked")
    assert reasons["/noi-doi"].startswith("is damaged or cut off")
    assert reasons["/treo"].startswith("takes too long")
    assert reasons["/mat"] == "is gone from its server"
    assert reasons["/tep"].startswith("is of a format that is not read")
    assert reasons["http://xa.gov.vn:22/a"] == "is at an address that may not be fetched: port 22"
    assert reasons["ftp://xa.gov.vn/a"] == "is at an address that may not be fetched: ftp:, expected http or https"
    assert reasons["http://[::1"].startswith("is at an address that may not be fetched: 'http://[::1' is no address")
    assert reasons["/le-phi"] == ""
    assert [line.split(" ")[0] for line in err.splitlines()] == [name for name, result, _ in program.reported() if result == "refused"]  # fmt: skip
    assert "http://la.example.com" not in {headers["host"] for _, headers, _ in site.asked}


def test_a_redirect_may_lead_to_a_host_of_the_list_or_one_that_is_named(program, site):
    for name in ("bo", "so"):
        location = f"http://{name}.example.com:{site.port}/trang"
        site.answers[f"/{name}"] = reply(status=302, Location=location)
    site.answers["/trang"] = reply(PAGE.format(n=5), **HTML)
    (program.corpus / "sources.yaml").write_text(
        LIST.replace(".gov.vn", "bo.example.com, .gov.vn", 1), encoding="utf-8"
    )
    assert program.ingest(site.url("/bo"))[0] == 0
    assert program.ingest(site.url("/so"))[0] == 2
    assert program.ingest(site.url("/so"), "--host", "so.example.com")[0] == 0


def test_without_the_door_of_tests_this_machine_is_not_asked(program):
    with serving() as site:
        code, _, err = program.ingest(
            f"http://127.0.0.1:{site.port}/a", f"http://localhost:{site.port}/a", "http://127.0.0.1/a"
        )
        assert (code, site.asked) == (2, [])
    assert err.count("is at an address that may not be fetched") == 3
    assert "127.0.0.1, which is not public" in err


def test_a_changed_page_of_the_list_becomes_a_document_that_follows_the_first(program, site):
    (program.corpus / "sources.yaml").write_text(LIST, encoding="utf-8")
    site.answers |= {"/le-phi": reply(PAGE.format(n=5), **HTML), "/tam-tru": reply(PAGE.format(n=7), **HTML)}
    first = program.ingest("--sources")
    assert first == (0, "2 added, 0 known, 0 refused\n", "2 pages looked at, 0 unchanged")
    assert program.ingest("--sources") == (0, "0 added, 0 known, 0 refused\n", "0 pages looked at, 0 unchanged")
    program.let_days_pass()
    site.answers["/le-phi"] = reply(PAGE.format(n=6), **HTML)
    second = program.ingest("--sources")
    assert second == (0, "1 added, 0 known, 0 refused\n", "2 pages looked at, 1 unchanged")
    le_phi, tam_tru, newer = program.documents()
    assert (le_phi.new.source, tam_tru.new.source, newer.new.source) == ("le-phi", "tam-tru", "le-phi")
    assert (le_phi.previous, tam_tru.previous, newer.previous) == (None, None, le_phi.id)
    assert "60.000" in program.run("documents", "show", newer.id)[1]
    program.let_days_pass()
    third = program.ingest("--sources")
    assert third == (0, "0 added, 0 known, 0 refused\n", "2 pages looked at, 2 unchanged")
    assert program.reported() == []
    assert len(program.documents()) == 3


def test_a_page_of_the_list_that_is_gone_is_said_and_stops_no_other(program, site):
    (program.corpus / "sources.yaml").write_text(LIST, encoding="utf-8")
    site.answers["/tam-tru"] = reply(PAGE.format(n=7), **HTML)
    code, out, err = program.ingest("--sources")
    assert (code, out) == (2, "1 added, 0 known, 1 refused\n")
    assert "http://xa.gov.vn/le-phi the page is not there any more" in err


def test_a_document_is_listed_shown_and_removed(program, tmp_path):
    good, bad = tmp_path / "thông tư.md", tmp_path / "hỏng.pdf"
    good.write_text("# Thông tư\n\n" + CLAUSE.format(n=4), encoding="utf-8")
    bad.write_bytes(b"%PDF-1.7\n")
    code, out, _ = program.ingest(good, bad)
    assert (code, out) == (2, "1 added, 0 known, 1 refused\n")
    numbers = {one.new.name: one.id for one in program.documents()}
    lines = program.run("documents", "list")[1].splitlines()
    assert len(lines) == 2
    assert f"{numbers['thông tư.md']}\twaiting\t1\t0\t-\tthông tư.md" in lines
    assert program.run("documents", "list", "--state", "refused")[1].startswith(
        f"{numbers['hỏng.pdf']}\trefused\t0\t0\t-\thỏng.pdf\tis damaged"
    )
    code, out, _ = program.run("documents", "show", numbers["thông tư.md"])
    assert code == 0
    assert "title: Thông tư" in out
    assert "[1] Điều 4, khoản 1: Cấp đổi thẻ khi bị hỏng: 40.000 đồng một thẻ." in out
    assert "refused: is damaged" in program.run("documents", "show", numbers["hỏng.pdf"])[1]
    for name, number in numbers.items():
        assert program.run("documents", "remove", number) == (0, f"document {number} is deleted: {name}\n", "")
        assert program.run("documents", "show", number) == (2, "", f"there is no document {number}")
    assert program.documents() == []
    assert list((program.home / "documents").iterdir()) == []
    assert program.ingest(good)[1] == "1 added, 0 known, 0 refused\n"  # and may come again


def test_a_document_that_learners_are_answered_from_is_not_removed(program, tmp_path):
    path = tmp_path / "a.md"
    path.write_text(CLAUSE.format(n=4), encoding="utf-8")
    program.ingest(path)
    records = Records.open(f"sqlite:///{program.home / 'records.sqlite3'}")
    draft = Draft("documents/a.yaml", "", "id: a")
    records.documents.propose(person(records), 1, [draft], "Đưa vào dùng.", Evidence("Bộ", "Thông tư", "", "", True))
    records.close()
    code, out, err = program.run("documents", "remove", 1)
    assert (code, out) == (2, "")
    assert err == "document 1 is proposed or served; withdraw it on its page first"
    (document,) = program.documents()
    assert Library(program.home / "documents").has(document.new.file, document.new.reading)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "name files, folders or addresses"),
        (("--workers", "0", "."), "--workers"),
        (("--watch", "khong-co"), "does not exist"),
    ],
)
def test_what_cannot_be_done_is_said_with_exit_2(program, words, said):
    code, out, err = program.run("ingest", *words)
    assert (code, out) == (2, "")
    assert said in err


def test_the_bar_counts_what_is_in_archives(program, tmp_path, monkeypatch):
    import zipfile

    from rich.progress import Progress

    seen, update = [], Progress.update

    def watched(self, task, **fields):
        update(self, task, **fields)
        seen.append((self.tasks[0].completed, self.tasks[0].total))

    monkeypatch.setattr(Progress, "update", watched)
    for n in range(3):
        (tmp_path / "files").mkdir(exist_ok=True)
        (tmp_path / "files" / f"{n}.md").write_text(CLAUSE.format(n=n), encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "files" / "bộ.zip", "w") as archive:
        for n in range(3, 9):
            archive.writestr(f"{n}.md", CLAUSE.format(n=n))
    assert program.ingest(tmp_path / "files", "--workers", "1")[1] == "9 added, 0 known, 0 refused\n"
    done, total = zip(*seen, strict=True)
    assert done == tuple(range(1, 10))
    # The archive is opened while the files beside it are read.
    assert (set(total) | {4}, sorted(total)) == ({4, 9}, list(total))
    assert total[3:] == (9,) * 6


@pytest.mark.slow
@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_a_watched_folder_gives_its_files_until_the_command_is_asked_to_end(tmp_path, asked):
    folder, home, report = tmp_path / "thả vào", tmp_path / "home", tmp_path / "report.jsonl"
    folder.mkdir()
    (folder / "cũ.md").write_text(CLAUSE.format(n=1), encoding="utf-8")
    command = [sys.executable, "-m", "ui.cli", "ingest", "--watch", str(folder), "--home", str(home), "--report", str(report)]  # fmt: skip
    with subprocess.Popen(
        command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        env={**os.environ, "BINHDAN_DATABASE_URL": ""},
    ) as run:  # fmt: skip
        try:
            assert run.stderr.readline() == f"watching {folder}; Ctrl+C ends it\n"
            wait_for_lines(report, 1)
            part = folder / "mới.md.part"
            part.write_text(CLAUSE.format(n=2), encoding="utf-8")
            os.rename(part, folder / "mới.md")
            (folder / "hỏng.pdf").write_bytes(b"%PDF-1.7\n")
            rows = wait_for_lines(report, 3)
            run.send_signal(asked)
            out, err = run.communicate(timeout=30)
        finally:
            run.kill()
    assert sorted((row["name"], row["result"]) for row in rows) == [
        ("cũ.md", "added"),
        ("hỏng.pdf", "refused"),
        ("mới.md", "added"),
    ]
    assert (run.returncode, out) == (0, "2 added, 0 known, 1 refused\n")
    assert err.startswith("hỏng.pdf is damaged")
    assert len(err.splitlines()) == 1
    assert len(list((home / "documents").iterdir())) == 2


def wait_for_lines(path, count, seconds=60):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        if len(lines) >= count:
            return [json.loads(line) for line in lines]
        time.sleep(0.05)
    raise AssertionError(f"{lines} after {seconds} s")
