"""Practice screens rest on guides' lines, draw nobody's number or address, and lose what a guide no longer says."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from rag.corpus import check_corpus
from rag.errors import CorpusError
from rag.guides import Guide, Line, Passage, Section, load_guides
from rag.lessons import SCREENS
from rag.practice import SCENES, drawn_texts, load_practice
from rag.settings import PROJECT
from rag.sheets import load_sheets

HANG_UP = "Cúp máy ngay. Không bấm đường link, không cài ứng dụng, không đọc mã OTP."
SITE = "Trang thật là thu.gov.vn, hỏi thì gọi 1900 0000."
TODAY = date(2026, 11, 27)


def guides(line=HANG_UP, **bounds):
    lines = (Line(line, (), None, number=1, **bounds), Line(SITE, (), None, number=2))
    passage = Passage("goi#cac-buoc", "goi", "Cuộc gọi lạ", "an-toan-so", Section.STEPS, "Các bước", lines, TODAY)
    return {"goi": Guide("goi", "Cuộc gọi lạ", "an-toan-so", (), (), (), TODAY, "toàn quốc", False, (), (), (), (), (passage,), Path("x"))}  # fmt: skip


def choices(**right):
    return [
        {"text": "Nghe tiếp xem sao", "why": "Bạn đừng nghe nữa.", "by": "cup", "words": "Cúp máy ngay"},
        {"text": "Cúp máy ngay", "right": True, "why": "Bạn cúp máy.", "by": "cup", "words": "Cúp máy ngay", **right},
    ]


def scene(**more):
    call = {"kind": "call", "caller": "Cán bộ Mẫu", "number": "0000 000 000", "says": ["Bác làm ngay đi."]}
    return {"title": "Số lạ", "story": "Điện thoại đổ chuông.", "draw": [call], "ask": "Bạn làm gì?", "choices": choices(), **more}  # fmt: skip


def with_form(**more):
    entries = [
        {"id": id_, "name": "Họ và tên", "paper": "Nguyễn Thị Thử", "help": "Gõ đủ họ và tên.", "message": "Bạn xem lại từng chữ."}
        for id_ in ("ten", "cha", "me")
    ]  # fmt: skip
    entries[0] |= more
    form = {"paper": "Giấy của chị Thử", "by": ["cup"], "done": "Bạn điền đúng hết rồi.", "entries": entries}
    return {"draw": [], "choices": [], "form": form}


def screen(*scenes, **more):
    lines = {"cup": {"guide": "goi", "line": HANG_UP}, "trang": {"guide": "goi", "line": SITE}}
    every = [*scenes, *[scene()] * (SCENES.start - len(scenes))]
    return {"id": "cuoc-goi-la", "title": "Tập nghe cuộc gọi lạ", "goal": "Bạn tập cúp máy khi bị giục.", "lines": lines, "scenes": every, **more}  # fmt: skip


def loaded(folder, row, among=None, name="cuoc-goi-la"):
    (folder / "practice").mkdir(exist_ok=True)
    path = folder / "practice" / f"{name}.yaml"
    path.write_text(yaml.safe_dump(row, allow_unicode=True), encoding="utf-8")
    return load_practice(folder, among or guides())


def test_a_screen_whose_choices_are_decided_by_its_lines_is_read(tmp_path):
    screens, flags = loaded(tmp_path, screen(scene(**with_form())))
    found = screens["cuoc-goi-la"]
    assert flags == ()
    assert [s.id for s in found.scenes] == [f"cuoc-goi-la#{n}" for n in range(1, 5)]
    assert [entry.id for entry in found.scenes[0].form.entries] == ["ten", "cha", "me"]
    assert [choice.right for choice in found.scenes[1].choices] == [False, True]
    assert drawn_texts(found.scenes[1]) == ["Cán bộ Mẫu", "0000 000 000", "Bác làm ngay đi."]


def drawn(**web):
    return scene(draw=[{"kind": "web", "address": "thu.example", "title": "Trang thử", **web}])


@pytest.mark.parametrize(("more", "said"), [
    (scene(choices=choices(words="Cúp máy sau")), "words 'Cúp máy sau' do not stand in"),
    (scene(choices=choices(right=False)), "0 right choices of 2"),
    (scene(choices=[{**c, "right": True} for c in choices()]), "2 right choices of 2"),
    (scene(choices=choices()[1:]), "1 right choices of 1"),
    (scene(choices=choices(text="Nghe tiếp xem sao")), "two choices say the same"),
    (scene(choices=[{**choices()[0], "text": "Không bấm đường link"}, choices()[1]]), "could be true by its line"),
    (scene(choices=choices(why="Bạn trả 50.000 đồng.")), "'50.000 đồng', which its lines do not"),
    (scene(choices=choices(text="Gọi số 1900 0368")), "1900 0368"),
    (scene(story="Bạn phải trả 50.000 đồng."), "'50.000 đồng', which its lines do not"),
    (scene(ask="Bạn có trả 50.000 đồng không?"), "'50.000 đồng'"),
    (scene(choices=choices(why=" ".join(["chữ"] * 21) + ".")), "21 syllables, at most 20"),
    (scene(choices=choices(by="khong-co")), "line 'khong-co' is not among its lines"),
    (scene(choices=[]), "choices or a form, one of them"),
    (scene(form=with_form()["form"]), "choices or a form, one of them"),
    (drawn(address="https://ngan-hang-that.vn"), "draws 'ngan-hang-that.vn', which could be somebody's"),
    (drawn(address="thu.gov.vn.com"), "thu.gov.vn.com"),
    (drawn(says=["Gọi số 0912 345 678 ngay."]), "draws '0912 345 678'"),
    (drawn(says=["Số tài khoản 123456789"]), "draws '123456789'"),
    (drawn(colour="red"), "colour: Unexpected keyword argument"),
    (scene(draw=[{"kind": "radio"}]), "does not match any of the expected tags"),
    (scene(**with_form(check="day")), "ten: 'Nguyễn Thị Thử' is no day"),
    (scene(**with_form(check="day", paper="31/02/1980")), "'31/02/1980' is no day"),
    (scene(**with_form(check="digits")), "ten: 'Nguyễn Thị Thử' has no digits"),
    (scene(**with_form(check="digits", paper="012345678901")), "draws '012345678901'"),
    (scene(**with_form(help="Thời hạn tối đa 05 năm.")), "'05 năm'"),
    (scene(**with_form(message="Bạn trả 50.000 đồng.")), "'50.000 đồng'"),
    (scene(**with_form(id="me")), "two fields have one id"),
    # Right all the same.
    (drawn(address="thu.gov.vn.example.com"), ""),
    (drawn(says=["Trả 5.000.000 đồng ngay.", "Sinh ngày 01/01/1980"]), ""),
    (scene(story="Người gọi đòi 50.000 đồng.", draw=[{"kind": "message", "sender": "Số lạ", "says": ["Trả 50.000 đồng."]}]), ""),
    (scene(draw=[{"kind": "web", "address": "thu.gov.vn", "title": "Gọi 1900 0000"}], choices=choices(by="trang", words="Trang thật", text="Mở trang thật")), ""),
])  # fmt: skip
def test_what_the_lines_do_not_prove_is_refused(tmp_path, more, said):
    if not said:
        assert loaded(tmp_path, screen(more))[1] == ()
        return
    with pytest.raises(CorpusError, match=r"cuoc-goi-la\.yaml:1: ") as caught:
        loaded(tmp_path, screen(more))
    assert said in str(caught.value)


@pytest.mark.parametrize(("row", "said"), [
    (screen(id="xoay-so"), "'xoay-so' is none of"),
    (screen(id="quet-qr"), "expected the file's name"),
    (screen(scenes=[scene()] * 3), "at least 4"),
    (screen(scenes=[scene()] * 8), "at most 7"),
])  # fmt: skip
def test_a_screen_has_its_name_and_four_to_seven_scenes(tmp_path, row, said):
    with pytest.raises(CorpusError) as caught:
        loaded(tmp_path, row)
    assert said in str(caught.value)


def test_scenes_that_rest_on_a_changed_line_are_left_out_and_flagged(tmp_path):
    row = screen(scene(choices=choices(by="trang", words="Trang thật", text="Mở trang thật")))
    row["scenes"][0]["choices"][0] |= {"by": "trang", "words": "Trang thật"}
    screens, flags = loaded(tmp_path, row, guides(line="Cúp máy."))
    assert [s.id for s in screens["cuoc-goi-la"].scenes] == ["cuoc-goi-la#1"]
    assert len(flags) == 3
    assert (flags[0].of, flags[0].part, flags[0].number, flags[0].guide) == ("cuoc-goi-la", "scene", 2, "goi")
    assert flags[0].line.startswith("Cúp máy ngay.")


def test_scenes_and_forms_that_are_not_true_on_the_day_are_left_out(tmp_path):
    screens, _ = loaded(tmp_path, screen(scene(**with_form())), guides(valid_until=date(2026, 12, 31)))
    found = screens["cuoc-goi-la"]
    assert (len(found.on(date(2026, 12, 31)).scenes), len(found.on(date(2027, 1, 1)).scenes)) == (4, 0)


def test_the_corpus_check_reads_the_screens_and_their_words(small_corpus):
    guide, line = "vneid-dang-ky-muc-2", "Làm mức 2 không mất tiền: không thu phí, không thu lệ phí."
    decided = {"by": "tien", "words": "không mất tiền"}
    row = screen(
        lines={"tien": {"guide": guide, "line": line}}, scenes=[scene(choices=[c | decided for c in choices()])] * 4
    )
    path = small_corpus / "practice" / "cuoc-goi-la.yaml"
    path.parent.mkdir()
    path.write_text(yaml.safe_dump(row, allow_unicode=True), encoding="utf-8")
    assert check_corpus(small_corpus).problems == ()
    for spoilt in (row | {"goal": "Bạn tập dùng smartcard."}, row | {"scenes": [*row["scenes"][:3], row["scenes"][3] | drawn(title="smartcard") | {"choices": row["scenes"][3]["choices"]}]}):  # fmt: skip
        path.write_text(yaml.safe_dump(spoilt, allow_unicode=True), encoding="utf-8")
        assert check_corpus(small_corpus).problems == (
            f"{path}:1: smartcard: say it in Vietnamese or add it to glossary.yaml",
        )


def test_the_shipped_screens_rest_on_the_shipped_guides():
    corpus = PROJECT / "corpus"
    screens, flags = load_practice(corpus, load_guides(corpus, load_sheets(corpus / "facts")))
    assert flags == ()
    assert tuple(screens) == SCREENS
    assert all(len(found.scenes) in SCENES for found in screens.values())
    places = [
        n for s in screens.values() for scene in s.scenes for n, choice in enumerate(scene.choices) if choice.right
    ]
    assert all(places.count(n) >= len(places) / 5 for n in range(3))  # the right choice has no place of its own
