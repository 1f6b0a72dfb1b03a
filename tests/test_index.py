import json
import multiprocessing
import shutil
import time

import numpy as np
import pytest
from conftest import copy_small_corpus

from rag.errors import IndexStateError
from rag.index import (
    _lock,
    build_index,
    current_generation,
    find_generation,
    generations,
    index_state,
    open_index,
    publish_generation,
    verify_generation,
)
from rag.settings import PROJECT
from rag.vectors import TransformerEmbedder, load_embedder

MODEL = str(PROJECT / "corpus" / "embedding")


@pytest.fixture(scope="module")
def built_once(tmp_path_factory):
    """An index of the small corpus, built once; tests get copies."""
    folder = tmp_path_factory.mktemp("once")
    build_index(folder / "index", copy_small_corpus(folder / "corpus"), MODEL)
    return folder / "index"


@pytest.fixture
def small_index(built_once, tmp_path):
    return shutil.copytree(built_once, tmp_path / "index")


def test_a_missing_index_names_the_command(tmp_path, small_corpus):
    with pytest.raises(IndexStateError, match="binhdan index build"):
        open_index(tmp_path / "index", small_corpus, MODEL)


@pytest.mark.slow
def test_a_changed_guide_makes_the_index_stale(small_index, small_corpus):
    assert index_state(small_index, small_corpus, MODEL) is None
    guide = small_corpus / "guides/vneid/vneid-dang-ky-muc-2.md"
    guide.write_text(guide.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert "have changed" in (index_state(small_index, small_corpus, MODEL) or "")


def test_another_model_is_refused(small_index, small_corpus):
    with pytest.raises(IndexStateError, match="built with"):
        open_index(small_index, small_corpus, "other-model")


@pytest.mark.slow
def test_a_deleted_line_is_gone_from_every_leg_after_a_build(small_index, small_corpus):
    before = open_index(small_index, small_corpus, MODEL)
    assert before.keyword["passage-exact"].scores("trật").max() > 0
    guide = small_corpus / "guides/vneid/vneid-dang-ky-muc-2.md"
    text = guide.read_text(encoding="utf-8")
    cut = "\n".join(line for line in text.split("\n") if "Phòng Cảnh sát" not in line)
    guide.write_text(cut, encoding="utf-8")
    build_index(small_index, small_corpus, MODEL)
    index = open_index(small_index, small_corpus, MODEL)
    assert not any("Phòng Cảnh sát" in p.text for p in index.passages)
    assert index.keyword["passage-exact"].scores("trật").max() == 0


@pytest.mark.slow
def test_unchanged_passages_keep_their_vectors(small_index, small_corpus):
    before = open_index(small_index, small_corpus, MODEL).vectors
    build_index(small_index, small_corpus, MODEL)
    assert np.array_equal(before, open_index(small_index, small_corpus, MODEL).vectors)


def test_a_second_builder_is_refused(small_index, small_corpus):
    with _lock(small_index), pytest.raises(IndexStateError, match="another process"):
        build_index(small_index, small_corpus, MODEL)


@pytest.mark.slow
def test_exact_and_chroma_search_agree(small_index, small_corpus):
    index = open_index(small_index, small_corpus, MODEL)
    vector = index.embedder.encode(["làm mức 2 ở đâu"])[0]
    exact = index.dense.scores(vector, 5)
    assert index.use_store()
    chroma = index.dense.scores(vector, 5)
    assert np.allclose(exact, chroma, atol=1e-3)


@pytest.mark.slow
def test_a_store_truncated_in_any_file_is_noticed_and_remade_while_exact_search_serves(small_index, small_corpus):
    generation = current_generation(small_index)
    names = sorted({p.name for p in generation.glob("chroma-*/**/*") if p.is_file()})
    assert len(names) >= 4
    for name in names:
        path = next(generation.glob(f"chroma-*/**/{name}"))  # a remade store has another folder
        size = path.stat().st_size
        with path.open("r+b") as handle:
            handle.truncate(size // 2)
        index = open_index(small_index, small_corpus, MODEL)
        vector = index.embedder.encode(["làm mức 2 ở đâu"])[0]
        assert index.dense.scores(vector, 3).max() > 0
        said: list[str] = []
        assert index.use_store(said.append), (name, said)
        if size > 1:
            assert any("remaking" in line for line in said) or verify_generation(generation) is None, name
        assert verify_generation(generation) is None


def test_a_damaged_keyword_file_is_reported(small_index):
    generation = current_generation(small_index)
    victim = next((generation / "bm25").rglob("*.npy"))
    victim.write_bytes(victim.read_bytes()[:-8])
    assert "damaged" in (verify_generation(generation) or "")


@pytest.mark.slow
def test_sentence_transformers_and_numpy_give_the_same_vectors():
    from sentence_transformers import SentenceTransformer

    texts = ["Làm thẻ căn cước ở đâu?", "lam the can cuoc o dau", "xin chào", "59/2022/NĐ-CP"]
    ours = load_embedder(MODEL).encode(texts)
    theirs = SentenceTransformer(MODEL).encode(texts, normalize_embeddings=True)
    assert np.allclose(ours, theirs, atol=1e-5)
    assert np.allclose(ours, TransformerEmbedder(MODEL).encode(texts), atol=1e-5)


@pytest.mark.slow
def test_a_candidate_is_whole_but_not_in_use_until_it_is_published(small_index, small_corpus):
    before = current_generation(small_index)
    candidate = build_index(small_index, small_corpus, MODEL, edition="000007", switch=False)
    assert verify_generation(candidate) is None
    assert current_generation(small_index) == before
    assert [(info.name, info.edition, info.in_use) for info in generations(small_index)] == [
        (before.name, "", True),
        (candidate.name, "000007", False),
    ]
    publish_generation(small_index, candidate.name)
    assert current_generation(small_index) == candidate
    publish_generation(small_index, before.name)
    assert open_index(small_index, small_corpus, MODEL).folder == before
    assert open_index(small_index, small_corpus, MODEL, candidate.name).folder == candidate


@pytest.mark.slow
def test_the_last_four_generations_stay_and_the_one_in_use_with_them(small_index, small_corpus):
    first = current_generation(small_index)
    for name in ("000002", "000003", "000004", "000005"):
        shutil.copytree(first, small_index / name)
    build_index(small_index, small_corpus, MODEL, switch=False)
    assert [info.name for info in generations(small_index)] == ["000001", "000003", "000004", "000005", "000006"]
    assert current_generation(small_index) == first
    build_index(small_index, small_corpus, MODEL)
    assert [info.name for info in generations(small_index)] == ["000004", "000005", "000006", "000007"]


def test_another_generation_is_published_while_one_is_being_built(small_index):
    first = current_generation(small_index)
    shutil.copytree(first, small_index / "000002")
    with _lock(small_index):
        publish_generation(small_index, "000002")
    assert current_generation(small_index).name == "000002"


@pytest.mark.parametrize("name", ["000009", "../index/000001", "", "current"])
def test_a_generation_that_is_not_there_is_refused_with_those_that_are(small_index, name):
    for refuse in (publish_generation, find_generation):
        with pytest.raises(IndexStateError, match="there are: 000001"):
            refuse(small_index, name)


def test_a_damaged_generation_is_not_published(small_index):
    damaged = shutil.copytree(current_generation(small_index), small_index / "000002")
    (damaged / "guides.json").write_bytes(b"[]")
    with pytest.raises(IndexStateError, match=r"guides\.json is damaged"):
        publish_generation(small_index, "000002")
    assert current_generation(small_index).name == "000001"


def test_an_index_of_the_format_before_says_so_and_is_not_listed(small_index, small_corpus):
    path = current_generation(small_index) / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    del manifest["edition"]
    path.write_text(json.dumps({**manifest, "format": 3}), encoding="utf-8")
    assert "format 3, expected 4" in (index_state(small_index, small_corpus, MODEL) or "")
    assert generations(small_index) == []


def _build(folder, corpus):
    build_index(folder, corpus, MODEL)


@pytest.mark.slow
def test_a_killed_build_leaves_the_old_index_serving(small_index, small_corpus):
    before = current_generation(small_index)
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_build, args=(small_index, small_corpus))
    process.start()
    deadline = time.time() + 60
    while not list(small_index.glob("*.building/chroma-1/chroma.sqlite3")) and time.time() < deadline:
        time.sleep(0.002)
    process.kill()
    process.join()
    assert current_generation(small_index) == before
    assert open_index(small_index, small_corpus, MODEL).passages
    build_index(small_index, small_corpus, MODEL)
    assert not list(small_index.glob("*.building"))
    shutil.rmtree(small_index)
