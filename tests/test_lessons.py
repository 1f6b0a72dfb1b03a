"""Lessons rest on guides' lines: what is said, what is asked, and what happens when a line changes or ends."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from rag.corpus import check_corpus
from rag.errors import CorpusError
from rag.guides import Guide, Line, Passage, Section, load_guides
from rag.lessons import PATHS, Flag, load_lessons, texts_of
from rag.settings import PROJECT
from rag.sheets import load_sheets
from rag.text import sentences, syllables

DAYS = "Làm mức 2 khi thẻ căn cước còn hạn: không quá 03 ngày làm việc."
FREE = "Làm mức 2 không mất tiền: không thu phí, không thu lệ phí."
TODAY = date(2026, 11, 27)


def guides(days=DAYS, **bounds):
    lines = (Line(days, (), None, number=1, **bounds), Line(FREE, (), None, number=2))
    passage = Passage("muc-2#thoi-han", "muc-2", "Làm mức 2", "vneid", Section.DEADLINE, "Thời hạn", lines, TODAY)
    return {"muc-2": Guide("muc-2", "Làm mức 2", "vneid", (), (), (), TODAY, "toàn quốc", False, (), (), (), (), (passage,), Path("x"))}  # fmt: skip


def lesson(**more):
    card = {"title": "Mất bao nhiêu tiền", "says": ["Bạn không mất tiền."], "by": ["tien"]}
    wrong = [{"text": text, "why": "Thẻ còn hạn thì không quá 03 ngày làm việc."} for text in ("30 ngày", "Một năm")]
    item = {"ask": "Làm mức 2 chờ bao lâu?", "by": "ngay", "right": "không quá 03 ngày làm việc", "why": "Thời hạn là như vậy.", "wrong": wrong}  # fmt: skip
    return {
        "id": "thu", "title": "Làm mức 2", "goal": "Bạn biết chờ bao lâu.", "minutes": 5, "paths": ["hoc-sinh"], "order": 1,
        "lines": {"ngay": {"guide": "muc-2", "line": DAYS}, "tien": {"guide": "muc-2", "line": FREE}},
        "cards": [card] * 3, "practice": {"task": "Bạn xem thẻ của mình còn hạn không.", "by": ["ngay"]}, "quiz": [item] * 3, **more,
    }  # fmt: skip


def item(**more):
    return {"quiz": [{**lesson()["quiz"][0], **more}] * 3}


def loaded(folder, row, among=None):
    (folder / "lessons").mkdir(exist_ok=True)
    (folder / "lessons" / f"{row['id']}.yaml").write_text(yaml.safe_dump(row, allow_unicode=True), encoding="utf-8")
    return load_lessons(folder, among or guides())


def test_a_lesson_that_says_what_its_lines_say_is_read(tmp_path):
    (found,), flags = loaded(tmp_path, lesson())
    assert (found.id, found.guides, len(found.cards), flags) == ("thu", ("muc-2",), 3, ())
    assert [choice.text for choice in found.quiz[0].choices] == ["không quá 03 ngày làm việc", "30 ngày", "Một năm"]


@pytest.mark.parametrize(("more", "said"), [
    ({"cards": [{"title": "Tiền", "says": ["Bạn trả 50.000 đồng."], "by": ["tien"]}] * 3}, "'50.000 đồng', which its lines do not"),
    ({"practice": {"task": "Bạn gọi số 1900 0000 để hỏi cho rõ.", "by": ["tien"]}}, "1900 0000"),
    ({"practice": {"task": "Bạn xem thẻ của mình còn hạn không.", "screen": "xoay-so", "by": ["tien"]}}, "screen 'xoay-so'"),
    ({"paths": ["tre-em"]}, "path 'tre-em'"),
    ({"goal": " ".join(["chữ"] * 31) + "."}, "31 syllables, at most 30"),
    ({"id": "khac-ten"}, ""),
    (item(right="không quá 3 tuần"), "does not stand word for word"),
    (item(right="quá 03 ngày làm"), ""),
    (item(wrong=[{"text": "03 ngày làm việc", "why": "Chữ này có trong câu."}, {"text": "Một năm", "why": "Không lâu vậy."}]), "could be true by"),
    (item(wrong=[{"text": "30 ngày", "why": "Không lâu như vậy."}, {"text": "30 Ngày", "why": "Không lâu như vậy."}]), "two choices say the same"),
    (item(why="Vì phải chờ 45 ngày."), "'45 ngày', which its lines do not"),
    (item(by="khong-co"), "line 'khong-co' is not among its lines"),
])  # fmt: skip
def test_what_is_not_proved_by_the_lines_is_refused(tmp_path, more, said):
    row = lesson(**more)
    if not said:  # right all the same
        assert loaded(tmp_path, row)[1] == ()
        return
    with pytest.raises(CorpusError, match=r"thu\.yaml:1: ") as caught:
        loaded(tmp_path, row)
    assert said in str(caught.value)


def test_what_rests_on_a_changed_line_is_left_out_and_flagged(tmp_path):
    (found,), flags = loaded(tmp_path, lesson(), guides(DAYS.replace("03", "02")))
    assert (len(found.cards), found.practice, found.quiz) == (3, None, ())
    assert flags[0] == Flag("thu", "practice", 1, "muc-2", DAYS)
    assert [(flag.part, flag.number) for flag in flags[1:]] == [("quiz", 1), ("quiz", 2), ("quiz", 3)]


def test_what_is_not_true_on_the_day_is_left_out(tmp_path):
    (found,), flags = loaded(tmp_path, lesson(), guides(valid_until=date(2026, 12, 31)))
    assert flags == ()
    assert (len(found.on(date(2026, 12, 31)).quiz), found.on(date(2026, 12, 31)).practice is None) == (3, False)
    assert (len(found.on(date(2027, 1, 1)).quiz), found.on(date(2027, 1, 1)).practice is None) == (0, True)


def test_the_corpus_check_reads_the_lessons_and_their_words(small_corpus):
    (small_corpus / "lessons").mkdir()
    row = lesson(
        lines={
            "ngay": {"guide": "vneid-dang-ky-muc-2", "line": DAYS},
            "tien": {"guide": "vneid-dang-ky-muc-2", "line": FREE},
        }
    )
    path = small_corpus / "lessons" / "thu.yaml"
    path.write_text(yaml.safe_dump(row, allow_unicode=True), encoding="utf-8")
    assert check_corpus(small_corpus).problems == ()
    path.write_text(
        yaml.safe_dump({**row, "goal": "Bạn biết dùng smartcard của mình."}, allow_unicode=True), encoding="utf-8"
    )
    assert check_corpus(small_corpus).problems == (
        f"{path}:1: smartcard: say it in Vietnamese or add it to glossary.yaml",
    )


def test_the_shipped_lessons_rest_on_the_shipped_guides_and_read_easily():
    corpus = PROJECT / "corpus"
    lessons, flags = load_lessons(corpus, load_guides(corpus, load_sheets(corpus / "facts")))
    assert flags == ()
    assert {path for found in lessons for path in found.paths} == set(PATHS)
    told = [len(syllables(s)) for found in lessons for text in texts_of(found) for s in sentences(text)]
    assert sum(n <= 20 for n in told) >= 0.9 * len(told)
