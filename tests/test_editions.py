"""Approved edits become an edition beside the shipped corpus, an index generation of it, and an answer; and back again."""

import multiprocessing
import os
import random
import re
import shutil
import threading
import time
from datetime import date

import pytest
from conftest import copy_small_corpus
from test_chat import steps_of

from rag.editions import (
    Edit,
    EditedFile,
    conflicts,
    corpus_in_use,
    edition_folder,
    edition_in_use,
    file_digest,
    keep_editions,
    load_edition,
    make_edition,
    renew_edition,
)
from rag.errors import CorpusError, IndexStateError
from rag.index import corpus_digest, generations, publish_generation, verify_generation
from rag.serving import Serving, build_generation, ensure_index, open_assistant, serving_state, use_generation
from rag.settings import PROJECT, Settings
from ui.chat import build_page

GUIDE, SHEET = "guides/vneid/vneid-dang-ky-muc-2.md", "facts/vneid-dang-ky-muc-2.yaml"
QUESTION = "Làm định danh mức 2 có mất tiền không?"
OLD, NEW = "không thu phí, không thu lệ phí.", "không thu phí, không thu lệ phí, bạn yên tâm."


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    """Settings whose small corpus is indexed; tests get copies of both."""
    folder = tmp_path_factory.mktemp("once")
    corpus = copy_small_corpus(folder / "corpus")
    for name in ("kinds.safetensors", "scams.safetensors"):
        shutil.copy(PROJECT / "corpus" / name, corpus / name)
    build_generation(Settings(home=folder / "home", corpus=corpus), "")
    return folder


@pytest.fixture
def small(once, tmp_path):
    shutil.copytree(once, tmp_path, dirs_exist_ok=True)
    return Settings(home=tmp_path / "home", corpus=tmp_path / "corpus", today=date(2026, 11, 25))


def text_of(small, path=GUIDE):
    return (small.corpus / path).read_text(encoding="utf-8")


def edit_of(small, text, path=GUIDE, change="c1"):
    return {path: EditedFile(text, file_digest(small.corpus, path), change)}


def edited(small, old=OLD, new=NEW, path=GUIDE, change="c1"):
    """An edit that writes `new` for `old` in the shipped file."""
    assert old in text_of(small, path)
    return edit_of(small, text_of(small, path).replace(old, new), path, change)


def candidate(small, edits):
    return build_generation(small, make_edition(small, edits).name, switch=False).name


def update_program(small, old, new, path=GUIDE):
    """Change a shipped file as an update of the program does."""
    text = text_of(small, path)
    assert old in text
    (small.corpus / path).write_text(text.replace(old, new), encoding="utf-8")


def another_guide(small, guide, sheet, change):
    """The shipped guide once more, under another name, about another sheet."""
    text = text_of(small).replace("id: vneid-dang-ky-muc-2", f"id: {guide}")
    text = text.replace("covers: [vneid-dang-ky-muc-2]", f"covers: [{sheet}]")
    text = re.sub(r"(?m)^  - .+$", rf"\g<0> {guide}", text)
    return {f"guides/vneid/{guide}.md": EditedFile(text, "", change)}


def tell(serving):
    answer = serving.assistant.ask(QUESTION)
    return f"{answer.text}\n{answer.more or ''}\n{answer.citations}"


def test_an_edition_has_the_edit_and_leads_to_all_else_of_the_shipped_corpus(small):
    before = {path: path.read_bytes() for path in small.corpus.rglob("*") if path.is_file()}
    folder = make_edition(small, edited(small))
    assert NEW in (folder / GUIDE).read_text(encoding="utf-8")
    assert (folder / SHEET).read_bytes() == before[small.corpus / SHEET]
    assert not (folder / "facts").is_symlink()
    assert (folder / "lexicon").resolve() == small.corpus / "lexicon"
    assert {path: path.read_bytes() for path in small.corpus.rglob("*") if path.is_file()} == before
    record = load_edition(folder)
    assert record.shipped == corpus_digest(small.corpus)
    assert record.edits == (Edit(GUIDE, file_digest(small.corpus, GUIDE), "c1"),)
    assert corpus_in_use(small) == small.corpus


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (OLD, "mất 20.000 đồng.", "20.000 đồng"),
        ("{f16}", "{f99}", "f99 does not exist"),
        ("title: ", "titel: ", "titel"),
    ],
)
def test_an_edit_that_is_not_clean_is_refused_with_its_file_and_line(small, old, new, said):
    line = next(n for n, text in enumerate(text_of(small).split("\n"), 1) if old in text)
    with pytest.raises(CorpusError) as refused:
        make_edition(small, edited(small, old, new))
    rows = str(refused.value).split("\n")
    assert any(row.startswith(f"{GUIDE}:{line}: ") and said in row for row in rows), rows
    assert not [path for path in (small.home / "editions").iterdir() if path.is_dir()]


@pytest.mark.parametrize(
    "path",
    [
        "../corpus/guides/vneid/x.md", "guides/../../x.md", "/etc/passwd", "guides/vneid/x.yaml", "facts/x.md", "facts/a/x.yaml",
        "guides/x.md", "guides/vneid/x.md\n", "guides/vneid/.md", "lexicon/cards.yaml", "guides\\vneid\\x.md", "facts/X.yaml", "",
    ],
)  # fmt: skip
def test_only_guides_and_sheets_can_be_edited(small, path):
    with pytest.raises(CorpusError, match="can be edited"):
        make_edition(small, {path: EditedFile("x", "", "c1")})
    assert not (small.home / "editions").exists()


def test_every_shipped_guide_and_sheet_can_be_edited(tmp_path):
    shipped = Settings(home=tmp_path)
    paths = [p.relative_to(shipped.corpus).as_posix() for p in shipped.corpus.glob("guides/*/*.md")]
    paths += [p.relative_to(shipped.corpus).as_posix() for p in shipped.corpus.glob("facts/*.yaml")]
    with pytest.raises(CorpusError) as refused:
        make_edition(shipped, {path: EditedFile("x", "other", "c1") for path in paths})
    assert len(paths) > 200
    assert "can be edited" not in str(refused.value)


def test_an_edit_of_a_file_that_is_no_longer_the_shipped_one_is_refused(small):
    late = edited(small)
    update_program(small, "Có làm mức 2 tại nhà", "Có được làm mức 2 tại nhà")
    with pytest.raises(CorpusError, match="has changed since this was written"):
        make_edition(small, late)


@pytest.mark.slow
def test_a_candidate_answers_beside_the_one_in_use_and_for_all_once_published(small, records, glossary):
    serving = Serving(open_assistant(small), small)
    page = build_page(serving, records, glossary)
    respond = next(f.fn for f in page.fns.values() if f.name == "respond")
    name = candidate(small, edited(small))
    assert edition_in_use(small) == ""
    assert NEW not in tell(serving)
    assert NEW in tell(Serving(serving.beside(name)))
    assert NEW in tell(Serving(open_assistant(small, name)))
    assert serving.reload() != name
    assert NEW not in steps_of(respond)[-1][0]
    use_generation(small, name)
    assert serving.reload() == name
    assert NEW in tell(serving)
    assert NEW in steps_of(respond)[-1][0]
    assert corpus_in_use(small) == edition_folder(small, "000001")
    assert not ensure_index(small, lambda _: None)


@pytest.mark.slow
def test_later_edits_stand_on_those_in_use_and_the_shipped_text_takes_one_back(small):
    use_generation(small, candidate(small, edited(small)))
    sheet = edited(small, "topic: vneid", "topic: can-cuoc", SHEET, "c2")
    folder = make_edition(small, sheet)
    assert NEW in (folder / GUIDE).read_text(encoding="utf-8")
    assert [(edit.path, edit.change) for edit in load_edition(folder).edits] == [(GUIDE, "c1"), (SHEET, "c2")]
    other = make_edition(small, edited(small, OLD, "không ai thu tiền.", change="c3"))
    assert [edit.change for edit in load_edition(other).edits] == ["c3"]
    back = make_edition(small, edit_of(small, text_of(small), change="c4"))
    assert load_edition(back).edits == ()
    assert corpus_digest(back) == corpus_digest(small.corpus)


@pytest.mark.slow
def test_going_back_restores_the_old_text_at_once_while_four_threads_ask(small):
    """Every line of the new guide but the cards' ends alike: an answer of both guides, or one that fails, would show."""
    text = re.sub(r"(?m)^(?!- Chưa)((?:-|\d\.) .+)\. \{", r"\1, bạn nhé. {", text_of(small))
    old = generations(small.index_folder)[-1].name
    new = candidate(small, edit_of(small, text))
    serving = Serving(open_assistant(small), small)
    done, failures, seen = threading.Event(), [], set()

    def ask():
        while not done.is_set():
            try:
                answer = serving.assistant.ask(QUESTION)
                marked = {"bạn nhé" in citation.quote for citation in answer.citations}
                stated = [line for line in answer.text.split("\n") if line.endswith("]")]
                marked |= {"bạn nhé" in line for line in stated}
                if len(marked) != 1 or not stated:
                    failures.append(answer)
                seen.update(marked)
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        for name, marked in ((new, True), (old, False)):
            use_generation(small, name)
            assert serving.reload() == name
            assert ("bạn nhé" in tell(serving)) == marked
    done.set()
    for thread in threads:
        thread.join()
    assert not failures, failures[0]
    assert seen == {True, False}


@pytest.mark.slow
def test_a_server_notices_that_another_process_has_published(small):
    serving = Serving(open_assistant(small), small)
    use_generation(small, candidate(small, edited(small)))
    deadline = time.time() + 20
    while NEW not in tell(serving) and time.time() < deadline:
        time.sleep(0.1)
    assert NEW in tell(serving)


def test_a_serving_without_settings_stays_with_its_assistant(small):
    serving = Serving(open_assistant(small))
    assert serving.reload() == generations(small.index_folder)[0].name
    with pytest.raises(IndexStateError):
        serving.beside("000001")


@pytest.mark.slow
def test_an_update_of_the_program_keeps_the_edits_of_files_that_it_left_alone(small):
    use_generation(small, candidate(small, edited(small)))
    update_program(small, "topic: vneid", "topic: can-cuoc", SHEET)
    assert "shipped guides" not in (serving_state(small) or "")
    assert ensure_index(small, lambda _: None)
    assert NEW in tell(Serving(open_assistant(small)))
    assert "topic: can-cuoc" in (corpus_in_use(small) / SHEET).read_text(encoding="utf-8")
    assert conflicts(small) == []
    assert not ensure_index(small, lambda _: None)


@pytest.mark.slow
def test_an_update_that_changes_an_edited_file_leaves_the_whole_change_out_and_says_so(small):
    edits = edited(small) | edited(small, "topic: vneid", "topic: can-cuoc", SHEET)
    use_generation(small, candidate(small, edits))
    update_program(small, "Có làm mức 2 tại nhà", "Có được làm mức 2 tại nhà")
    said: list[str] = []
    assert ensure_index(small, said.append)
    assert {edit.path for edit in conflicts(small)} == {GUIDE, SHEET}
    assert all(any(path in row and "left out" in row for row in said) for path in (GUIDE, SHEET)), said
    assert NEW not in tell(Serving(open_assistant(small)))
    assert corpus_digest(corpus_in_use(small)) == corpus_digest(small.corpus)
    use_generation(small, candidate(small, edited(small, change="c2")))
    assert [edit.path for edit in conflicts(small)] == [SHEET]


@pytest.mark.slow
def test_after_an_update_a_change_that_is_no_longer_clean_is_left_out_and_the_others_stay(small):
    sheet = {
        "facts/moi.yaml": EditedFile(text_of(small, SHEET).replace("id: vneid-dang-ky-muc-2", "id: moi"), "", "c2")
    }
    new = another_guide(small, "khac", "vneid-dang-ky-muc-2", "c1") | another_guide(small, "moi", "moi", "c2")
    use_generation(small, candidate(small, sheet | new))
    update_program(small, "{id: f16,", "{id: f99,", SHEET)
    update_program(small, "{f16}", "{f99}")
    folder = edition_folder(small, renew_edition(small))
    assert {edit.change for edit in load_edition(folder).edits} == {"c2"}
    assert {edit.change for edit in load_edition(folder).left_out} == {"c1"}


@pytest.mark.slow
def test_an_update_that_adds_a_file_beside_the_guides_reaches_the_edition(small):
    use_generation(small, candidate(small, edited(small)))
    assert renew_edition(small) == "000001"
    (small.corpus / "premises.jsonl").write_text("", encoding="utf-8")
    renewed = renew_edition(small)
    assert renewed != "000001"
    assert (edition_folder(small, renewed) / "premises.jsonl").exists()


@pytest.mark.slow
def test_a_lost_index_is_built_again_with_the_edits_that_were_published(small):
    use_generation(small, candidate(small, edited(small)))
    make_edition(small, edited(small, OLD, "không ai thu tiền.", change="c2"))
    shutil.rmtree(small.index_folder)
    assert ensure_index(small, lambda _: None)
    assert edition_in_use(small) == "000001"
    assert NEW in tell(Serving(open_assistant(small)))


@pytest.mark.slow
def test_a_lost_edition_leaves_the_shipped_guides_serving(small):
    use_generation(small, candidate(small, edited(small)))
    shutil.rmtree(edition_folder(small, "000001"))
    said: list[str] = []
    assert ensure_index(small, said.append)
    assert any("without edits" in row for row in said)
    assert NEW not in tell(Serving(open_assistant(small)))


@pytest.mark.slow
def test_editions_that_no_generation_names_are_deleted_an_hour_later(small):
    use_generation(small, candidate(small, edited(small)))
    unnamed = make_edition(small, edited(small, OLD, "không ai thu tiền.", change="c2"))
    keep_editions(small)
    assert unnamed.exists()
    for folder in (unnamed, edition_folder(small, "000001")):
        os.utime(folder, (0, time.time() - 7200))
    keep_editions(small)
    assert not unnamed.exists()
    assert edition_folder(small, "000001").exists()


@pytest.mark.slow
def test_a_generation_whose_edition_has_changed_cannot_be_put_in_use(small):
    name = candidate(small, edited(small))
    (edition_folder(small, "000001") / GUIDE).write_text(text_of(small), encoding="utf-8")
    with pytest.raises(IndexStateError, match="have changed"):
        use_generation(small, name)
    assert edition_in_use(small) == ""


def _publish_for_ever(small, edits, names):
    while True:
        for name in names:
            publish_generation(small.index_folder, name)
            keep_editions(small)
        build_generation(small, make_edition(small, edits).name)


@pytest.mark.slow
def test_a_kill_at_any_moment_leaves_a_usable_generation(small):
    edits = edited(small)
    names = [generations(small.index_folder)[0].name, candidate(small, edits)]
    chance = random.Random(1)
    for _ in range(4):
        names = [info.name for info in generations(small.index_folder)][-2:]
        process = multiprocessing.get_context("spawn").Process(
            target=_publish_for_ever, args=(small, edits, names)
        )  # fmt: skip
        process.start()
        time.sleep(2 + 4 * chance.random())
        process.kill()
        process.join()
        assert serving_state(small) is None
        in_use = next(info for info in generations(small.index_folder) if info.in_use)
        assert verify_generation(small.index_folder / in_use.name) is None
        assert (NEW in tell(Serving(open_assistant(small)))) == bool(in_use.edition)
        assert not ensure_index(small, lambda _: None)
    build_generation(small, make_edition(small, edits).name)
    assert not list(small.home.glob("*/*.making")) + list(small.home.glob("*/*.building"))
