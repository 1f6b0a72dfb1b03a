"""Watching a folder: what is said of it, and what must not be said too early."""

import os
import threading
import time
from pathlib import Path

import pytest

from rag.documents.watching import FileChange, FileEvent, _Watched, watch_folder

NEW, CHANGED, MOVED, DELETED = FileEvent


class Days:
    """A folder that is looked at every second of a clock of its own."""

    def __init__(self, folder: Path, known=()):
        self.folder, self.now, self.watched = folder, 0.0, _Watched(folder, 2.0, known)

    def look(self, seconds=1):
        found = []
        for _ in range(seconds):
            found += self.watched.look(self.now)
            self.now += 1
        return [(change.event, str(change.path.relative_to(self.folder))) for change in found]


@pytest.fixture
def days(tmp_path):
    folder = tmp_path / "tha-vao"
    folder.mkdir()
    return Days(folder)


def test_what_is_there_at_the_start_is_said_once_it_stands_still(days):
    (days.folder / "nam-2026").mkdir()
    (days.folder / "nam-2026" / "Nghị định 58.pdf").write_bytes(b"1")
    (days.folder / "a.docx").write_bytes(b"1")
    assert days.look(2) == []
    assert days.look(1) == [(NEW, "a.docx"), (NEW, "nam-2026/Nghị định 58.pdf")]
    assert days.look(5) == []


def test_a_file_that_is_still_being_copied_is_not_said_before_it_is_whole(days):
    path = days.folder / "a.pdf"
    for n in range(6):
        with path.open("ab") as file:
            file.write(b"x" * 100)
        os.utime(path, ns=(n, n))
        assert days.look(1) == []
    assert days.look(3) == [(NEW, "a.pdf")]


def test_a_change_is_said_when_it_is_over(days):
    path = days.folder / "a.pdf"
    path.write_bytes(b"1")
    days.look(4)
    path.write_bytes(b"12")
    assert days.look(2) == []
    path.write_bytes(b"123")
    assert days.look(2) == []
    assert days.look(2) == [(CHANGED, "a.pdf")]
    path.write_bytes(b"1234")
    days.look(1)
    path.unlink()  # and back as it was, before anything was said
    path.write_bytes(b"1234")
    assert days.look(4) == [(CHANGED, "a.pdf")]


def test_a_deletion_is_said_only_when_the_file_stays_away(days):
    path = days.folder / "a.pdf"
    path.write_bytes(b"1")
    days.look(4)
    path.unlink()
    assert days.look(2) == []
    path.write_bytes(b"12")
    assert days.look(4) == [(CHANGED, "a.pdf")]
    path.unlink()
    assert days.look(4) == [(DELETED, "a.pdf")]
    assert days.look(4) == []


def test_a_file_that_came_and_went_before_it_settled_is_never_said(days):
    path = days.folder / "a.pdf"
    path.write_bytes(b"1")
    days.look(1)
    path.unlink()
    assert days.look(5) == []


def test_a_renamed_file_is_one_that_moved(days):
    (days.folder / "a.pdf").write_bytes(b"1")
    (days.folder / "b.pdf").write_bytes(b"22")
    days.look(4)
    (days.folder / "moi").mkdir()
    (days.folder / "a.pdf").rename(days.folder / "moi" / "c.pdf")
    changes = [*days.watched.look(days.now), *days.watched.look(days.now + 2)]
    assert changes == [FileChange(MOVED, days.folder / "moi/c.pdf", days.folder / "a.pdf")]
    days.now += 5
    (days.folder / "moi").rename(days.folder / "cu")
    assert days.look(4) == [(MOVED, "cu/c.pdf")]


def test_a_file_moved_over_another_is_a_change_of_that_one(days):
    for name, text in (("a.pdf", b"1"), ("b.pdf", b"22")):
        (days.folder / name).write_bytes(text)
    days.look(4)
    (days.folder / "b.pdf").replace(days.folder / "a.pdf")
    assert days.look(4) == [(DELETED, "b.pdf"), (CHANGED, "a.pdf")]


def test_a_download_is_said_under_its_final_name_only(days):
    for name in ("a.pdf.part", "b.pdf.crdownload", "~$c.docx", ".~lock.d.odt#", ".an", "e.tmp", "Thumbs.db", "a.pdf"):
        (days.folder / name).write_bytes(b"")
    (days.folder / ".git").mkdir()
    (days.folder / ".git" / "f.pdf").write_bytes(b"1")
    assert days.look(5) == []
    (days.folder / "a.pdf.part").replace(days.folder / "a.pdf")
    (days.folder / "b.pdf.crdownload").rename(days.folder / "b.pdf")
    assert days.look(4) == [(NEW, "a.pdf"), (NEW, "b.pdf")]


def test_links_are_not_followed_and_pipes_not_read(days, tmp_path):
    (tmp_path / "ngoai.pdf").write_bytes(b"1")
    (days.folder / "vong").symlink_to(days.folder)
    (days.folder / "ngoai.pdf").symlink_to(tmp_path / "ngoai.pdf")
    os.mkfifo(days.folder / "ong.pdf")
    assert days.look(5) == []


def test_nothing_is_deleted_while_the_folder_cannot_be_read(days, tmp_path, monkeypatch):
    (days.folder / "a.pdf").write_bytes(b"1")
    days.look(4)
    days.folder.rename(tmp_path / "khac")
    assert days.look(10) == []
    days.folder.mkdir()
    monkeypatch.setattr(days.watched, "_device", -1)  # as when nothing is mounted there: another drive, empty
    assert days.look(10) == []
    monkeypatch.undo()
    days.folder.rmdir()
    (tmp_path / "khac").rename(days.folder)
    assert days.look(5) == []
    (days.folder / "a.pdf").write_bytes(b"12")
    assert days.look(4) == [(CHANGED, "a.pdf")]


def test_a_part_of_the_folder_that_cannot_be_read_hides_nothing_else(days, monkeypatch):
    part, scan = days.folder / "nam-2026", os.scandir
    part.mkdir()
    (part / "a.pdf").write_bytes(b"1")
    days.look(4)

    def closed(path):
        if Path(path) == part:
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", closed)  # whoever runs the tests may be allowed to read everything
    (days.folder / "b.pdf").write_bytes(b"1")
    assert days.look(5) == [(NEW, "b.pdf")]
    monkeypatch.undo()
    (part / "a.pdf").unlink()
    assert days.look(5) == [(DELETED, "nam-2026/a.pdf")]


def test_what_was_known_before_and_is_not_there_any_more_is_deleted(days):
    there, gone = days.folder / "a.pdf", days.folder / "b.pdf"
    there.write_bytes(b"1")
    days = Days(days.folder, {there, gone})
    assert days.look(4) == [(DELETED, "b.pdf"), (NEW, "a.pdf")]


def test_a_real_folder_is_watched_until_it_is_stopped(tmp_path):
    stop, found = threading.Event(), []

    def watch():
        found.extend(watch_folder(tmp_path, stop, settled_s=0.15, look_s=0.03))

    thread = threading.Thread(target=watch)
    thread.start()
    path = tmp_path / "a.pdf"
    with path.open("wb") as file:  # a copy in small steps
        for _ in range(10):
            file.write(b"x" * 1000)
            file.flush()
            time.sleep(0.03)
    assert found == []
    deadline = time.monotonic() + 5
    while len(found) < 1 and time.monotonic() < deadline:
        time.sleep(0.02)
    path.rename(tmp_path / "b.pdf")
    while len(found) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    stop.set()
    thread.join(1)
    assert not thread.is_alive()
    assert found == [FileChange(NEW, path), FileChange(MOVED, tmp_path / "b.pdf", path)]


def test_thousands_of_files_are_looked_at_in_little_time(tmp_path):
    for n in range(2000):
        (tmp_path / f"{n}.pdf").touch()
    watched = _Watched(tmp_path, 0, ())
    assert len(watched.look(0.0)) == 2000
    begun = time.thread_time()
    assert watched.look(1.0) == []
    assert time.thread_time() - begun < 0.5
