import os
import random
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from rag.documents.archives import check_members, files_of, unpack
from rag.documents.limits import DocumentError, Limits, Refusal

LIMITS = Limits()


def packed(path, *files, **options):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return path


def refusal_of(call):
    with pytest.raises(DocumentError) as caught:
        call()
    return caught.value.refusal


def with_raw_name(path, name: bytes):
    """Write a ZIP whose only name is these bytes, not marked as UTF-8."""
    packed(path, ("x" * len(name), b"a"))
    path.write_bytes(path.read_bytes().replace(b"x" * len(name), name))
    return path


def test_files_come_back_in_the_order_and_under_the_names_of_the_archive(tmp_path):
    archive = packed(tmp_path / "a.zip", ("b/Quyết định 12.txt", b"1"), ("a.txt", b"2"), ("empty/", b""))
    files = unpack(archive, tmp_path / "out", LIMITS)
    assert [str(file.relative_to(tmp_path / "out")) for file in files] == ["b/Quyết định 12.txt", "a.txt"]
    assert [file.read_bytes() for file in files] == [b"1", b"2"]


@pytest.mark.parametrize(
    "raw",
    ["Quyết định.txt".encode(), "Quyê\u0301t đi\u0323nh.txt".encode("cp1258"), "Quyê\u0301t đi\u0323nh.txt".encode()],
)
def test_vietnamese_names_are_read_also_where_nothing_says_how_they_are_written(raw, tmp_path):
    archive = with_raw_name(tmp_path / "a.zip", raw)
    assert [file.name for file in unpack(archive, tmp_path / "out", LIMITS)] == ["Quyết định.txt"]


def test_an_archive_in_an_archive_becomes_a_folder_and_a_third_one_is_refused(tmp_path):
    inner = packed(tmp_path / "inner.zip", ("b.txt", b"b")).read_bytes()
    files = unpack(packed(tmp_path / "a.zip", ("inner.zip", inner), ("c.txt", b"c")), tmp_path / "out", LIMITS)
    assert [str(file.relative_to(tmp_path / "out")) for file in files] == ["inner.zip/b.txt", "c.txt"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["c.txt", "inner.zip"]
    middle = packed(tmp_path / "middle.zip", ("inner.zip", inner)).read_bytes()
    deep = packed(tmp_path / "deep.zip", ("middle.zip", middle))
    assert refusal_of(lambda: unpack(deep, tmp_path / "deep", LIMITS)) is Refusal.UNPACKS_TOO_LARGE


def test_an_office_document_in_an_archive_stays_whole(tmp_path):
    word = packed(tmp_path / "a.docx", ("[Content_Types].xml", b"<a/>"), ("word/document.xml", b"<a/>")).read_bytes()
    files = unpack(packed(tmp_path / "a.zip", ("a.docx", word)), tmp_path / "out", LIMITS)
    assert files[0].read_bytes() == word


def test_what_is_written_is_counted_over_all_files_and_archives_in_it(tmp_path):
    inner = packed(tmp_path / "inner.zip", ("b", os.urandom(600))).read_bytes()
    archive = packed(tmp_path / "a.zip", ("a", os.urandom(600)), ("inner.zip", inner))
    small = Limits(unpacked_bytes=1900)
    assert refusal_of(lambda: unpack(archive, tmp_path / "out", small)) is Refusal.UNPACKS_TOO_LARGE
    assert sum(path.stat().st_size for path in (tmp_path / "out").rglob("*") if path.is_file()) <= 1900


def test_no_more_is_written_than_the_ratio_allows(tmp_path):
    archive = packed(tmp_path / "a.zip", ("a", bytes(15 * 2**20)))
    assert refusal_of(lambda: unpack(archive, tmp_path / "out", LIMITS)) is Refusal.UNPACKS_TOO_LARGE
    assert refusal_of(lambda: check_members(archive, LIMITS)) is Refusal.UNPACKS_TOO_LARGE
    check_members(packed(tmp_path / "b.zip", ("a", bytes(9 * 2**20))), LIMITS)


def test_members_that_share_their_bytes_are_refused_however_little_they_are(tmp_path):
    archive = packed(tmp_path / "a.zip", ("a", b"1"), ("b", b"2"))
    data = bytearray(archive.read_bytes())
    second = data.find(b"PK\x01\x02", data.find(b"PK\x01\x02") + 1)
    data[second + 42 : second + 46] = bytes(4)
    archive.write_bytes(data)
    assert refusal_of(lambda: check_members(archive, LIMITS)) is Refusal.UNPACKS_TOO_LARGE


def test_members_are_counted_also_in_archives_inside(tmp_path):
    inner = packed(tmp_path / "inner.zip", ("b", b""), ("c", b"")).read_bytes()
    archive = packed(tmp_path / "a.zip", ("inner.zip", inner), ("a", b""))
    assert len(unpack(archive, tmp_path / "out", Limits(members=4))) == 3
    assert refusal_of(lambda: unpack(archive, tmp_path / "again", Limits(members=3))) is Refusal.TOO_LARGE


def test_damaged_archives_raise_nothing_but_a_refusal(tmp_path):
    chance, path = random.Random(1), tmp_path / "a.zip"
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for n in range(3):
            archive.writestr(f"{n}.txt", b"abc" * 50)
    for n in range(500):
        data = bytearray(out.getvalue())
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        path.write_bytes(data)
        try:
            check_members(path, LIMITS)
            unpack(path, tmp_path / str(n), LIMITS)
        except DocumentError:
            pass


def names_of(found, folder):
    return [
        (str(item[0].relative_to(folder)), item[1]) if isinstance(item, tuple) else str(item.relative_to(folder))
        for item in found
    ]


def test_folders_are_walked_in_order_without_hidden_files(tmp_path):
    for name in ("b/2.txt", "b/1.txt", "a.txt", "c.txt", ".git/config", "b/.hidden", "b-1.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert names_of(files_of([tmp_path], LIMITS), tmp_path) == ["a.txt", "b/1.txt", "b/2.txt", "b-1.txt", "c.txt"]


def test_each_file_is_found_once_however_it_is_named(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.txt").touch()
    (tmp_path / "a" / ".2.txt").touch()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    paths = [tmp_path / "a", tmp_path / "a" / "1.txt", tmp_path / "link", tmp_path, tmp_path / "a" / ".2.txt"]
    assert names_of(files_of(paths, LIMITS), tmp_path) == ["a/1.txt", "a/.2.txt"]
    assert names_of(files_of([tmp_path / "a" / "1.txt", tmp_path], LIMITS), tmp_path) == ["a/1.txt"]


def test_what_cannot_be_taken_comes_with_its_reason_and_nothing_blocks(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    os.mkfifo(folder / "fifo.pdf")
    (folder / "around").symlink_to(folder)
    (folder / "loop.pdf").symlink_to("loop.pdf")
    (folder / "nowhere.pdf").symlink_to("nobody")
    (folder / "out.pdf").symlink_to("/etc/passwd")
    (folder / "device.pdf").symlink_to("/dev/zero")
    with (folder / "sparse.pdf").open("wb") as file:
        file.truncate(2**30)
    (folder / "ok.pdf").write_bytes(b"%PDF-")
    (folder / "odd\nname..pdf").touch()
    assert names_of(files_of([folder], LIMITS), folder) == [
        ("device.pdf", Refusal.NOT_A_FILE),
        ("fifo.pdf", Refusal.NOT_A_FILE),
        ("loop.pdf", Refusal.NOT_A_FILE),
        ("nowhere.pdf", Refusal.NOT_A_FILE),
        "odd\nname..pdf",
        "ok.pdf",
        ("out.pdf", Refusal.NOT_A_FILE),
        ("sparse.pdf", Refusal.TOO_LARGE),
    ]


@pytest.mark.parametrize("name", ["nobody", "a\0b", "n" * 300, "/dev/zero"])
def test_a_path_that_is_no_file_is_said_to_be_none(name):
    assert list(files_of([Path(name)], LIMITS)) == [(Path(name), Refusal.NOT_A_FILE)]


def test_a_very_deep_folder_ends_in_a_reason_and_not_in_an_error(tmp_path):
    at = os.open(tmp_path, os.O_RDONLY)
    for _ in range(600):
        os.mkdir("deep-folder", dir_fd=at)
        below = os.open("deep-folder", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(at)
    found = list(files_of([tmp_path], LIMITS))
    assert [item[1] for item in found] == [Refusal.NOT_A_FILE]


@pytest.mark.skipif(os.getuid() == 0, reason="root reads everything")
def test_a_file_or_folder_that_may_not_be_read_is_named(tmp_path):
    (tmp_path / "a.txt").touch(mode=0)
    (tmp_path / "b").mkdir(mode=0)
    assert names_of(files_of([tmp_path], LIMITS), tmp_path) == [
        ("a.txt", Refusal.NOT_A_FILE),
        ("b", Refusal.NOT_A_FILE),
    ]
