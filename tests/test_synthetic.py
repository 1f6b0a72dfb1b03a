"""The synthetic corpus is as large as it says, in the form of a real one, and the same every time."""

import pytest

from evals.synthetic import write_corpus
from rag.guides import load_guides
from rag.settings import PROJECT
from rag.sheets import load_sheets


@pytest.fixture(scope="module")
def models():
    return list(load_guides(PROJECT / "corpus", load_sheets(PROJECT / "corpus" / "facts")).values())


def test_written_guides_load_and_have_the_sections_of_their_models(models, tmp_path):
    passages = write_corpus(tmp_path, models, 30)
    guides = list(load_guides(tmp_path, load_sheets(tmp_path / "facts")).values())
    assert len(guides) == 30
    assert sum(len(guide.passages) for guide in guides) == passages == sum(len(guide.passages) for guide in models[:30])
    written = next(guide for guide in guides if guide.id == "thu-000007")
    assert [p.section for p in written.passages] == [p.section for p in models[7].passages]
    assert len(written.questions) == len(models[7].questions)


def test_the_same_corpus_is_written_again(models, tmp_path):
    for name in ("one", "two"):
        write_corpus(tmp_path / name, models, 3)
    one, two = ({p.name: p.read_bytes() for p in (tmp_path / name).rglob("*.*")} for name in ("one", "two"))
    assert one == two
