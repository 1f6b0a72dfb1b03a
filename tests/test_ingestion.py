"""Taking files in: what becomes of each, alone, together, again, and killed on the way."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from evals.documents.generate import ToolsMissing, make_many
from rag.documents.library import Library, file_digest
from rag.documents.limits import Limits, Refusal
from rag.documents.units import Description
from rag.ingestion import Found, Ingestion, Result, _side_by_side
from rag.records import Records
from rag.records.documents import DocumentState, NewDocument
from rag.settings import PROJECT

ADDED, KNOWN, REFUSED = Result
WORDS = (
    "Điều {n}. Mức thu\n\n1. Cấp đổi thẻ khi bị hỏng: {n}0.000 đồng một thẻ.\n\n2. Người cao tuổi được miễn lệ phí.\n"
)
BROKEN = b"%PDF-1.7\nnothing of it is left"
# What a scanner with the wrong language leaves of Vietnamese.
GARBLED = "Ðicu 5 Cäc trurmg hqp duqc mi6n le phi\n\nC6ng dãn tu du 14 tu6i tr0 len lãm thu tuc cap th€ lan dãu\n"


class Desk:
    """A library and records in a folder, and files that are brought to them."""

    def __init__(self, folder, records=None):
        self.files = folder / "files"
        self.files.mkdir(parents=True)
        self.library = Library(folder / "documents")
        self.records = records or Records.open(f"sqlite:///{folder / 'records.sqlite3'}")
        self.ingestion = Ingestion(self.library, self.records.documents, "operator", workers=2)

    def write(self, name, content=None, n=1):
        path = self.files / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if content is not None else WORDS.format(n=n).encode())
        return path

    def pack(self, name, **members):
        path = self.files / name
        with zipfile.ZipFile(path, "w") as archive:
            for member, content in members.items():
                archive.writestr(f"{member}.md", content)
        return path

    def take(self, *paths, **fields):
        return list(replace(self.ingestion, **fields).files(paths or [self.files]))

    def results(self, *paths, **fields):
        return {outcome.name: outcome.result for outcome in self.take(*paths, **fields)}

    def state(self):
        """What is there, whatever the order in which it came: content, text and refusal."""
        return {(one.new.file, one.new.reading, one.state, one.refusal) for one in self.records.documents.all()}


@pytest.fixture
def desk(tmp_path):
    desk = Desk(tmp_path / "desk")
    yield desk
    desk.records.close()


@pytest.fixture
def shared(store, tmp_path):
    """A desk on each kind of database."""
    return Desk(tmp_path / "desk", store)


def bring_a_mixed_batch(desk):
    desk.write("a.md")
    desk.write("trang.html", "<h1>Lệ phí</h1><p>Cấp lại thẻ: 20.000 đồng.</p>".encode())
    desk.write("hỏng.pdf", BROKEN)
    desk.write("rỗng.md", b"")
    desk.write("bản-sao.md")
    desk.pack("bộ.zip", mot=WORDS.format(n=2), hai=WORDS.format(n=3), ba=WORDS.format(n=1), hong=b"\0")


def test_in_a_batch_each_file_gets_its_own_end(desk):
    bring_a_mixed_batch(desk)
    results = desk.results()
    twins = [results.pop(name) for name in ("a.md", "bản-sao.md", "bộ.zip/ba.md")]
    assert sorted(twins) == [ADDED, KNOWN, KNOWN]
    assert results == {
        "trang.html": ADDED, "hỏng.pdf": REFUSED, "rỗng.md": REFUSED,
        "bộ.zip/mot.md": ADDED, "bộ.zip/hai.md": ADDED, "bộ.zip/hong.md": REFUSED,
    }  # fmt: skip
    kept = [one for one in desk.records.documents.all() if one.state is DocumentState.WAITING]
    assert len(kept) == 4
    for one in kept:
        assert file_digest(desk.library.original(one.new.file)) == one.new.file
        assert "đồng" in " ".join(unit.text for unit in desk.library.units(one.new.file, one.new.reading))


def test_a_file_says_where_it_came_from_and_what_rules_read_of_it(desk):
    desk.pack("bộ.zip", mot="# Quyết định\n\n" + WORDS.format(n=2))
    (outcome,) = desk.take()
    document = desk.records.documents.get(outcome.number)
    assert (document.new.name, document.new.origin) == ("bộ.zip/mot.md", f"{desk.files / 'bộ.zip'}#mot.md")
    assert (document.added_by, document.new.format, document.new.pages) == ("operator", "markdown", outcome.pages)


def test_nothing_of_a_refused_file_is_in_the_library(desk):
    bring_a_mixed_batch(desk)
    desk.take()
    waiting = {one.new.file for one in desk.records.documents.all(DocumentState.WAITING)}
    assert {path.name for path in desk.library.folder.iterdir()} == waiting


def test_the_order_in_which_files_come_changes_nothing(desk, tmp_path):
    bring_a_mixed_batch(desk)
    desk.take()
    found = [Found(path, path.name, str(path)) for path in sorted(desk.files.iterdir())]
    for n, order in enumerate((found[::-1], [*found[3:], *found[:3]], [*found, *found])):
        other = Desk(tmp_path / str(n))
        for _ in replace(other.ingestion, workers=1 + n).take(order):
            pass
        assert other.state() == desk.state()
        other.records.close()


@pytest.mark.parametrize("names", [("sai.pdf", "đúng.md"), ("đúng.md", "sai.pdf")])
def test_a_file_that_was_refused_for_its_name_is_taken_under_its_right_one(desk, names):
    paths = [desk.write(name) for name in names]
    results = [desk.results(path) for path in paths]
    assert {"đúng.md": ADDED} in results
    assert [one.state for one in desk.records.documents.all()] == [DocumentState.WAITING]


def test_a_run_that_was_left_goes_on_where_it_stopped(desk):
    for n in range(12):
        desk.write(f"{n:02}.md", n=n)
    with closing(desk.ingestion.files([desk.files])) as run:
        first = [next(run) for _ in range(3)]
    begun = {one.new.name for one in desk.records.documents.all()}
    assert len(begun) < 12
    assert {outcome.name for outcome in first} <= begun
    results = desk.results()
    assert {name for name, result in results.items() if result is KNOWN} == begun
    assert len(results) == 12
    assert len(desk.records.documents.all()) == 12


def test_what_has_not_begun_when_a_run_is_left_never_begins():
    begun, go_on = [], threading.Event()

    def work(item):
        begun.append(item)
        yield item
        go_on.wait(10)

    with closing(_side_by_side(work, range(9), 2)) as run:
        next(run)
        assert wait_until(lambda: len(begun) == 2, 5)
        threading.Timer(0.2, go_on.set).start()
    assert sorted(begun) == [0, 1]


def test_what_was_refused_is_read_again_only_when_asked(desk):
    path = desk.write("dài.md")
    (refused,) = desk.take(limits=Limits(text_chars=10))
    assert (refused.result, refused.reason.startswith(Refusal.TOO_LARGE.value)) == (REFUSED, True)
    assert desk.take() == [refused]
    (taken,) = desk.take(path, again=True)
    assert (taken.result, taken.name) == (ADDED, "dài.md")
    assert [(one.state, one.refusal) for one in desk.records.documents.all()] == [(DocumentState.WAITING, "")]
    assert desk.results(again=True) == {"dài.md": KNOWN}


def test_what_another_day_may_read_is_not_noted_as_refused(desk):
    desk.write("a.md")
    (outcome,) = desk.take(limits=Limits(wall_s=0, recognised_page_s=0))
    assert (outcome.result, outcome.reason) == (REFUSED, Refusal.TOO_SLOW.value)
    assert desk.records.documents.all() == []
    assert desk.results() == {"a.md": ADDED}


def test_what_the_library_lost_is_read_again_and_never_replaced_by_another_text(desk):
    path = desk.write("a.md")
    (outcome,) = desk.take()
    (document,) = desk.records.documents.all()
    kept = desk.library.folder / document.new.file
    for lost in (kept / f"{document.new.reading}.json", desk.library.original(document.new.file)):
        lost.unlink()
        assert desk.results() == {"a.md": KNOWN}
        assert desk.library.is_whole(document.new.file, document.new.reading)
    corrected = desk.library.revise(
        document.new.file, replace(desk.library.text(document.new.file, document.new.reading), units=())
    )
    desk.records.documents.remove("operator", outcome.number)
    desk.records.documents.add("operator", replace(document.new, reading=corrected))
    (kept / f"{corrected}.json").unlink()
    (refused,) = desk.take(path)
    assert (refused.result, "whose text is lost" in refused.reason) == (REFUSED, True)
    assert [one.new.reading for one in desk.records.documents.all()] == [corrected]


def test_pages_that_are_hard_to_read_wait_for_a_person(desk):
    desk.write("rõ.txt")
    desk.write("mờ.txt", GARBLED.encode())
    outcomes = {outcome.name: outcome for outcome in desk.take()}
    assert (outcomes["rõ.txt"].doubtful, outcomes["mờ.txt"].doubtful) == (0, 1)
    (page,) = desk.records.documents.get(outcomes["mờ.txt"].number).open_pages
    assert (page.number, page.score < 0.8, page.faults != ()) == (1, True, True)


def test_an_archive_says_how_many_files_are_in_it_and_they_end_one_by_one(desk):
    desk.write("a.md")
    desk.pack("bộ.zip", **{f"m{n}": WORDS.format(n=n) for n in range(2, 6)})
    opened = []
    with closing(replace(desk.ingestion, opened=opened.append).files([desk.files / "bộ.zip"])) as run:
        next(run)
        assert opened == [4]
        assert len(desk.records.documents.all()) < 4
    assert len(desk.take()) == 5


def test_an_archive_that_cannot_be_opened_says_nothing_of_its_files(desk):
    (desk.files / "bộ.zip").write_bytes(b"PK\x03\x04" + bytes(40))
    opened = []
    assert desk.results(opened=opened.append) == {"bộ.zip": REFUSED}
    assert opened == []


def test_a_name_in_an_old_encoding_is_reported_in_letters_that_every_report_takes(desk):
    Path(os.fsdecode(os.fsencode(desk.files) + b"/th\xf4ng t\xb0.md")).write_text(WORDS.format(n=7), encoding="utf-8")
    (outcome,) = desk.take()
    assert (outcome.result, outcome.name) == (ADDED, "th\ufffdng t\ufffd.md")
    json.dumps(outcome.name, ensure_ascii=False).encode()


def test_a_path_longer_than_its_column_stops_nothing(shared):
    folder = "/".join(f"{n}-{'thông tư ' * 9}"[:80] for n in range(8))
    shared.pack("bộ.zip", **{f"{folder}/a": WORDS.format(n=1), f"{folder}/b": b"\0", "c": WORDS.format(n=2)})
    assert sorted(outcome.result for outcome in shared.take()) == [ADDED, ADDED, REFUSED]
    assert max(len(one.new.name) for one in shared.records.documents.all()) == 300


def test_the_same_file_added_by_many_at_once_is_there_once(shared):
    documents, start = shared.records.documents, threading.Barrier(8)
    for n in range(5):
        new = NewDocument(f"{n:064}", "a.md", "markdown", "/a.md", "", "1" * 64, "2" * 64, 1, Description())

        def add(who, new=new):
            start.wait()
            if who == "5":
                return documents.refuse(who, new.file, "a.pdf", "/a.pdf", "is damaged")
            return documents.add(who, new)

        with ThreadPoolExecutor(8) as pool:
            made = [done for done in pool.map(add, map(str, range(8))) if done]
        assert [is_new for _, is_new in made].count(True) == 1
        assert len({document.id for document, _ in made}) == 1
    assert [one.state for one in documents.all()] == [DocumentState.WAITING] * 5


KILLS = {"sqlite": 20, "postgresql": 6}
MOST_GROWN = 5  # documents until a kill


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    """A folder of files that differ, a ZIP of others, a copy and a broken one, and what an undisturbed run makes of them."""
    folder = tmp_path_factory.mktemp("crowd")
    files, home = folder / "files", folder / "home"
    try:
        make_many(files, KILLS["sqlite"] * MOST_GROWN + 40)
    except ToolsMissing as error:
        pytest.skip(str(error))
    made = sorted(files.iterdir())
    with zipfile.ZipFile(files / "050-bộ.zip", "w") as archive:
        for path in made[50:80]:
            archive.write(path, path.name)
            path.unlink()
    (files / "bản-sao.md").write_bytes((files / "00002.md").read_bytes())
    (files / "hỏng.pdf").write_bytes(BROKEN)
    environment = {**os.environ, "BINHDAN_DATABASE_URL": ""}
    run = subprocess.run(
        command(files, home), cwd=PROJECT, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert (run.returncode, run.stdout) == (2, f"{len(made)} added, 1 known, 1 refused\n"), run.stderr
    records = Records.open(f"sqlite:///{home / 'records.sqlite3'}")
    yield files, texts_of(records, Library(home / "documents"))
    records.close()


def command(files, home, *more):
    return [sys.executable, "-m", "ui.cli", "ingest", str(files), "--home", str(home), *more]


def texts_of(records, library):
    """Return the text of every document by its file's digest, all read and checked; no half document gets through."""
    found = {}
    for one in records.documents.all(DocumentState.WAITING, limit=10**6):
        assert one.new.file not in found
        assert file_digest(library.original(one.new.file)) == one.new.file
        found[one.new.file] = library.text(one.new.file, one.new.reading)
    return found


def check_whole(records, library):
    """Check what a kill left: documents are whole, and what nobody wrote down is a whole one, too, or marked as rubbish."""
    texts_of(records, library)
    for folder in library.folder.iterdir():
        if folder.suffix == ".making":
            continue
        original, texts = library.original(folder.name), list(folder.glob("*.json"))
        assert file_digest(original) == folder.name
        assert [library.text(folder.name, path.stem) for path in texts]
        assert len(list(folder.iterdir())) == 1 + len(texts)


def family(mark):
    """Return all processes whose PATH has a folder that nobody else has: the run and all that it started."""
    found = []
    for process in psutil.process_iter():
        try:
            if str(mark) in process.environ().get("PATH", "") and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def wait_until(true, seconds):
    until = time.monotonic() + seconds
    while not true() and time.monotonic() < until:
        time.sleep(0.005)
    return true()


@pytest.mark.slow
def test_kills_at_any_moment_leave_no_half_document_and_none_twice(crowd, store, tmp_path):
    """Only the command is killed, as an operator would; what it started must end by itself."""
    files, expected = crowd
    seed = random.randrange(10**6)
    print(f"seed {seed}")  # shown when the test fails
    chance, library = random.Random(seed), Library(tmp_path / "documents")
    (tmp_path / "tmp").mkdir()
    environment = {
        **os.environ, "BINHDAN_DATABASE_URL": store.url, "TMPDIR": str(tmp_path / "tmp"),
        "PATH": f"{os.environ['PATH']}:{tmp_path}",
    }  # fmt: skip
    kills, interrupted = KILLS["postgresql" if "postgresql" in store.url else "sqlite"], 0
    for _ in range(kills):
        there = store.documents.counts().get(DocumentState.WAITING, 0)
        wanted = there + chance.randint(1, MOST_GROWN)
        with subprocess.Popen(
            command(files, tmp_path), cwd=PROJECT, env=environment, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ) as run:  # fmt: skip
            assert wait_until(lambda run=run, wanted=wanted: run.poll() is not None or grown(store) >= wanted, 60)
            time.sleep(chance.uniform(0, 0.1))
            run.kill()
        assert wait_until(lambda: not family(tmp_path), 10), family(tmp_path)
        check_whole(store, library)
        interrupted += run.returncode == -signal.SIGKILL and grown(store) < len(expected)
    assert interrupted >= kills * 3 / 4
    report = tmp_path / "report.jsonl"
    done = subprocess.run(command(files, tmp_path, "--report", str(report)), cwd=PROJECT, env=environment, check=False, timeout=300)  # fmt: skip
    assert done.returncode == 2  # of the broken file
    assert texts_of(store, library) == expected
    outcomes = [json.loads(line) for line in report.read_text(encoding="utf-8").splitlines()]
    assert [outcome["name"] for outcome in outcomes if outcome["result"] == "refused"] == ["hỏng.pdf"]
    assert len(outcomes) == len({outcome["name"] for outcome in outcomes}) == len(expected) + 2
    assert {path.name for path in library.folder.iterdir()} == set(expected)
    (sandbox,) = (tmp_path / "tmp").iterdir()
    assert [path.name for path in sandbox.iterdir()] == ["lock"]
    assert not family(tmp_path)


def grown(store):
    return store.documents.counts().get(DocumentState.WAITING, 0)
