import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from rag.documents.library import Library, Text, _started, file_digest
from rag.documents.pages import Block, BlockKind, Reading
from rag.documents.units import Unit, UnitKind
from rag.errors import CorpusError


def text(words="Mức thu là 50.000 đồng."):
    reading = Reading("markdown", (), (Block(BlockKind.PARAGRAPH, words),))
    return Text(reading, (Unit(UnitKind.CLAUSE, ("Điều 4", "khoản 1"), words, 1, 1),))


@pytest.fixture
def stored(tmp_path):
    path = tmp_path / "thông tư.MD"
    path.write_text("# Thông tư\n", encoding="utf-8")
    library = Library(tmp_path / "documents")
    file = file_digest(path)
    return library, path, file, library.keep(path, file, text())


def test_what_is_kept_comes_back_as_it_was(stored):
    library, path, file, digest = stored
    assert library.text(file, digest) == text()
    assert library.original(file).read_bytes() == path.read_bytes()
    assert library.original(file).suffix == ".md"
    assert library.files() == [file]


def test_a_corrected_text_stands_beside_the_first(stored):
    library, _, file, digest = stored
    corrected = library.revise(file, text("Mức thu là 70.000 đồng."))
    assert corrected != digest
    assert library.has(file, digest)
    assert library.units(file, corrected)[0].text == "Mức thu là 70.000 đồng."


def test_a_damaged_text_is_refused_with_the_way_out(stored):
    library, _, file, digest = stored
    path = library.folder / file / f"{digest}.json"
    path.write_bytes(path.read_bytes().replace(b"50.000", b"90.000"))
    with pytest.raises(CorpusError, match="damaged; read it again with: binhdan ingest"):
        library.text(file, digest)


def test_the_same_file_kept_by_many_at_once_is_there_once(tmp_path, stored):
    library, path, file, digest = stored
    library.remove(file)
    with ThreadPoolExecutor(8) as pool:
        digests = set(pool.map(lambda _: library.keep(path, file, text()), range(16)))
    assert digests == {digest}
    assert [p.name for p in library.folder.iterdir()] == [file]


def test_what_is_removed_is_gone_with_all_that_was_made_of_it(stored):
    library, _, file, digest = stored
    library.image(file, 1, 800).write_bytes(b"png")
    library.remove(file)
    assert list(library.folder.iterdir()) == []
    assert not library.has(file, digest)


def test_what_was_lost_or_damaged_is_there_again_after_the_file_was_kept_again(stored):
    library, path, file, digest = stored
    for spoiled in (library.original(file), library.folder / file / f"{digest}.json"):
        for spoil in (os.unlink, lambda it: it.write_bytes(b"{}")):
            spoil(spoiled)
            assert not library.is_whole(file, digest)
            assert library.keep(path, file, text()) == digest
            assert library.is_whole(file, digest)
    assert len(list((library.folder / file).iterdir())) == 2


def test_tidying_takes_what_a_dead_process_left_and_nothing_of_a_living_one(stored):
    library, _, file, _ = stored
    ended = subprocess.Popen(["true"])
    ended.wait()
    with library.workspace() as own:
        namesake = f"x.{os.getpid()}-1.making"  # of a process that ended and had the number of this one
        for name in (f"x.{ended.pid}-{_started(os.getpid())}.making", namesake):
            (library.folder / name).mkdir()
        library.tidy()
        assert sorted(p.name for p in library.folder.iterdir()) == sorted([file, own.name])
