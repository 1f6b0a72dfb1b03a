"""Official documents are brought, looked at, described, proposed and removed on the trainers' pages."""

import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from types import SimpleNamespace

import pytest
from papers import FEE, LATE, PNG, bring, circular, shelve, units_of
from people import client, person
from small_home import GUIDE, OLD, SHEET, build_once, settings_in

from rag.documents.library import Library
from rag.documents.limits import DocumentError, Refusal
from rag.documents.shelf import read_shelved
from rag.documents.units import Relation, RelationKind
from rag.editions import EditedFile, file_digest, make_edition
from rag.errors import RecordError
from rag.glossary import load_glossary
from rag.records import Records
from rag.records.changes import ChangeState, Draft, Evidence
from rag.records.documents import DocumentState, LineEdit, PageDecision
from rag.roles import Role
from rag.serving import Serving, build_generation, open_assistant
from ui.app import create_app
from ui.doubtful_pages import corrected
from ui.refusal_words import _WORDS, refusal_words

pytestmark = pytest.mark.whole

ALL = "/huong-dan-vien/van-ban"
FORM = {
    "type": "Thông tư", "named": "99/2026/TT-THU", "title": "Mức thu thử", "issuer": "Bộ Thử nghiệm", "issued": "2026-05-01",
    "in_force": "2026-07-01", "territory": "toàn quốc", "topic": "can-cuoc", "url": "https://bo.gov.vn/tt", "official": "true",
    "rel_kind": ["sửa đổi, bổ sung", ""], "rel_number": ["13/2020/TT-THU", ""], "rel_units": ["Điều 5, khoản 2; Điều 7", ""],
    "rel_since": ["", ""],
}  # fmt: skip
NEW_DAYS = "Thời hạn cấp tài khoản định danh điện tử mức độ 02 khi thẻ căn cước còn hạn: không quá 02 ngày làm việc."
EDIT = {
    "edit_guide": ["vneid-dang-ky-muc-2"], "edit_old": [OLD], "edit_unit": ["dieu-4/khoan-1"],
    "edit_words": ["Làm mức 2 khi thẻ căn cước còn hạn: không quá 02 ngày làm việc."], "edit_wanted": ["0"],
}  # fmt: skip
UNCLEAR = "Chưa tìm thấy quy định cho làm mức 2 hoàn toàn tại nhà, tính đến các nguồn năm 2026."


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    folder = build_once(tmp_path_factory.mktemp("once"))
    return folder, open_assistant(settings_in(folder, tmp_path_factory.mktemp("open")))


class Desk:
    """An application over the small corpus with a library, Lan and Hoa signed in; files are taken by `ingest`."""

    def __init__(self, once, folder):
        self.settings, self.folder = settings_in(once[0], folder), folder
        self.records, self.library = Records.open(self.settings.records_url), Library(self.settings.documents_folder)
        self.app = create_app(Serving(once[1]), self.records, load_glossary(self.settings.corpus), self.settings)
        self.sent = []
        state = self.app._app.state
        state.ingest, state.take_apart, state.picture = self.ingest, units_of, lambda path, number, width: PNG
        self.trainer = person(self.records, name="lan")
        self.lan = client(self.app, self.records, self.trainer)
        self.hoa = client(self.app, self.records, person(self.records, name="hoa"))

    def ingest(self, who, files):
        self.sent += [(who, name, path.name, path.read_bytes()) for path, name in files]
        outcomes = []
        for _, name in files:
            refused = name.startswith("hong")
            reason = f"{Refusal.TOO_MANY_PAGES.value}: 5000 pages" if refused else ""
            result = "refused" if refused else "known" if name.startswith("cu") else "added"
            outcomes.append(SimpleNamespace(name=name, result=result, reason=reason, number=0 if refused else 7, pages=3, doubtful=2))  # fmt: skip
        return outcomes

    def send(self, browser, path, files=None, **form):
        return browser.post(path, data={"token": browser.token, **form}, files=files)

    def bring(self, **more):
        return bring(self.records, self.library, self.folder, **more)

    def propose(self, found, **form):
        return self.send(self.lan, f"{ALL}/{found.id}", **{**FORM, "do": "propose", **form})


@pytest.fixture
def desk(once, tmp_path):
    desk = Desk(once, tmp_path)
    yield desk
    desk.records.close()


def test_files_are_taken_in_under_clean_names_and_each_is_told_what_became_of_it(desk):
    sent = [("files", (name, data)) for name, data in (
        ("../../Thông tư 99.pdf", b"a"), ("cu.docx", b"b"), ("hong.zip", b"c"), ("cu.docx", b"d"), ("<img src=x>.pdf", b"e"),
    )]  # fmt: skip
    page = unescape(desk.send(desk.lan, ALL, sent).text)
    assert [row[:2] for row in desk.sent[:3]] == [("lan", "Thông tư 99.pdf"), ("lan", "cu.docx"), ("lan", "hong.zip")]
    assert [row[3] for row in desk.sent] == [b"a", b"b", b"c", b"d", b"e"]
    assert "<img" not in page
    for said in ("Đã nhận, 3 trang. 2 trang cần bạn xem lại.", "Tệp này đã có rồi.", "Tệp có quá nhiều trang"):
        assert said in page
    assert f'href="{ALL}/7"' in page
    assert list(desk.library.folder.iterdir()) == []


def test_sending_nothing_is_told_in_words(desk):
    reply = desk.send(desk.lan, ALL)
    assert reply.status_code == 422
    assert "Bạn chọn ít nhất một tệp" in unescape(reply.text)


def test_large_files_are_passed_on_and_what_is_too_large_is_refused(desk, monkeypatch):
    file = {"files": ("to.pdf", b"x" * 7_000_000)}
    assert desk.send(desk.lan, ALL, file).status_code == 200
    assert len(desk.sent[0][3]) == 7_000_000
    assert client(desk.app, desk.records).post(ALL, files=file).status_code == 413
    monkeypatch.setattr("ui.shield.MAX_DOCUMENTS_BYTES", 6_000_000)
    reply = desk.send(desk.lan, ALL, file)
    assert reply.status_code == 413
    assert "quá lớn" in reply.text
    assert len(desk.sent) == 1


def test_every_refusal_has_words(desk):
    assert set(_WORDS) == set(Refusal)
    for refusal in Refusal:
        assert (
            refusal_words(str(DocumentError(refusal, "5000 pages"))) == refusal_words(refusal.value) == _WORDS[refusal]
        )


def test_the_list_says_what_waits_and_why_a_file_was_not_read(desk):
    assert "Chưa có văn bản nào" in unescape(desk.lan.get(ALL).text)
    found = desk.bring()
    desk.records.documents.refuse("lan", "b" * 64, "khoa.pdf", "tải lên", "is protected by a password")
    page = unescape(desk.lan.get(ALL).text)
    for said in (
        "Thông tư 99/2026/TT-THU",
        "1 trang chờ bạn xem",
        "Tệp có mật khẩu",
        "Tất cả (2)",
        "Không đọc được (1)",
    ):
        assert said in page
    assert f'href="{ALL}/{found.id}"' in page
    assert "khoa.pdf" not in desk.lan.get(f"{ALL}?trang_thai=waiting").text
    assert "mật khẩu" in unescape(desk.lan.get(f"{ALL}/{found.id + 1}").text)


def test_the_list_goes_on_with_older_ones(desk, monkeypatch):
    monkeypatch.setattr("ui.document_pages._SHOWN", 2)
    ids = [desk.bring(content=f"nội dung {n}", number=f"{n}/2026/TT").id for n in range(3)]
    page = desk.lan.get(f"{ALL}?trang_thai=waiting")
    after = unescape(re.search(r'href="([^"]*truoc=\d+)"', page.text)[1])
    assert f'{ALL}/{ids[0]}"' not in page.text
    assert f'{ALL}/{ids[0]}"' in desk.lan.get(after).text


def test_a_document_shows_what_was_read_what_was_not_and_its_words(desk):
    page = unescape(desk.lan.get(f"{ALL}/{desk.bring().id}").text)
    assert 'name="named" value="99/2026/TT-THU"' in page
    assert "Ngày hết hiệu lực, nếu có <small>(không thấy trong văn bản)" in page
    assert FEE in page
    assert page.index("Trang cần xem lại") < page.index("Xác nhận</h2>") < page.index(FEE)


def test_what_is_missing_is_named_and_nothing_is_proposed(desk):
    found = desk.bring()
    reply = desk.propose(
        found,
        named="",
        title="",
        issuer="",
        in_force="2026-13-01",
        topic="",
        url="javascript:alert(1)",
        rel_units=["x", ""],
    )
    assert reply.status_code == 422
    page = unescape(reply.text)
    for said in (
        "số hiệu hoặc tên",
        "cơ quan ban hành",
        "Ngày có hiệu lực chưa đúng",
        "chọn chủ đề",
        "bắt đầu bằng https://",
        "“x” ở dòng",
    ):
        assert said in page
    assert desk.records.changes.all() == []
    early = unescape(desk.propose(found, expires="2026-06-30").text)
    assert "sớm hơn ngày có hiệu lực" in early


def test_saving_keeps_what_a_person_says_for_the_next_time(desk):
    found = desk.bring()
    assert desk.send(desk.lan, f"{ALL}/{found.id}", **FORM, do="save").status_code == 303
    said = desk.records.documents.get(found.id).new.described
    assert said.relations == (Relation(RelationKind.AMENDS, "13/2020/TT-THU", ("Điều 5, khoản 2", "Điều 7")),)
    page = unescape(desk.hoa.get(f"{ALL}/{found.id}").text)
    for kept in (
        'value="Điều 5, khoản 2; Điều 7"',
        'value="can-cuoc" selected',
        'value="https://bo.gov.vn/tt"',
        'value="true" checked',
    ):
        assert kept in page


def test_a_document_is_checked_then_proposed_with_itself_as_evidence_and_read_as_a_table(desk):
    found = desk.bring()
    checked = unescape(desk.send(desk.lan, f"{ALL}/{found.id}", **FORM, do="check").text)
    assert "Đã đủ để đề xuất. 1 trang chưa xem sẽ không được dùng." in checked
    reply = desk.propose(found, note="Gọi 0900000000")
    assert reply.status_code == 303, unescape(reply.text)
    (change,) = desk.records.changes.all()
    assert (change.draft.path, change.draft.base) == ("documents/99-2026-tt-thu.yaml", "")
    said = read_shelved(change.draft.text, change.draft.path)
    assert (said.file, said.reading, said.without) == (found.new.file, found.new.reading, (2,))
    assert change.evidence == Evidence(
        "Bộ Thử nghiệm", "Thông tư 99/2026/TT-THU", "https://bo.gov.vn/tt", "2026-05-01", True
    )
    assert "0900000000" not in change.reason
    state = desk.records.documents.get(found.id)
    assert (state.state, state.changes) == (DocumentState.PROPOSED, (change.id,))
    page = unescape(desk.hoa.get(reply.headers["location"]).text)
    assert "Có hiệu lực từ</th><td>01/07/2026" in page
    assert "sửa đổi, bổ sung 13/2020/TT-THU: Điều 5, khoản 2; Điều 7" in page
    assert f'href="{ALL}/{found.id}"' in page
    assert desk.send(desk.hoa, f"{reply.headers['location']}/duyet").status_code == 303
    assert desk.propose(found).status_code == 409


def test_a_new_version_keeps_the_id_and_the_questions_of_the_shelved_one(desk):
    old = desk.bring()
    shelve(desk.settings.corpus, old, questions={"dieu-4": ("Đổi thẻ mất bao nhiêu?",)})
    new = desk.bring(content="bản mới", text=circular(FEE.replace("50", "70")), number="99/2026/ TT-thu")
    page = unescape(desk.lan.get(f"{ALL}/{new.id}").text)
    assert "bản mới sẽ thay bản đó" in page
    assert desk.propose(new).status_code == 303
    (change,) = desk.records.changes.all()
    assert change.draft.base != ""
    said = read_shelved(change.draft.text, change.draft.path)
    assert (said.file, dict(said.questions)) == (new.new.file, {"dieu-4": ("Đổi thẻ mất bao nhiêu?",)})


def test_alike_documents_and_the_paragraphs_that_differ_are_shown(desk):
    old = desk.bring(origin="https://bo.gov.vn/tt")
    new = desk.bring(content="bản mới", text=circular(FEE.replace("50", "70")), origin="https://bo.gov.vn/tt")
    page = unescape(desk.lan.get(f"{ALL}/{new.id}").text)
    assert "giống hoặc cùng số hiệu" in page
    assert f'href="{ALL}/{old.id}"' in page
    assert (
        "<b>Đổi 50.000 đồng → 70.000 đồng:</b> 1. Cấp đổi thẻ khi bị hỏng: <del>50.000</del> <ins>70.000</ins> đồng"
        in page
    )


@pytest.mark.parametrize("more", [{}, {"number": "98/2026/TT-THU"}])
def test_a_document_is_compared_with_the_shelved_one_whose_number_it_has_or_which_it_replaces(desk, more):
    shelve(desk.settings.corpus, desk.bring())
    new = desk.bring(content="bản mới", text=circular(FEE.replace("50", "70")), **more)
    replaces = Relation(RelationKind.REPLACES, "99/2026/TT-THU")
    desk.records.documents.describe(desk.trainer, new.id, replace(new.new.described, relations=(replaces,)))
    page = unescape(desk.lan.get(f"{ALL}/{new.id}").text)
    assert 'Bản trước là <a href="/van-ban/99-2026-tt-thu">' in page
    assert "Đổi 50.000 đồng → 70.000 đồng:" in page


def test_a_document_that_sets_another_value_shows_the_guides_line_and_changes_it_only_when_a_person_wants_it(desk):
    found = desk.bring(text=circular(NEW_DAYS))
    page = unescape(desk.lan.get(f"{ALL}/{found.id}").text)
    assert "03 ngày làm việc → 02 ngày làm việc" in page
    assert f"Hướng dẫn đang ghi: “{OLD}”" in page
    assert f"trang 1</a>): “{NEW_DAYS}”" in page
    assert 'name="edit_wanted" value="0">' in page
    desk.propose(found)
    assert [change.draft.path for change in desk.records.changes.all()] == ["documents/99-2026-tt-thu.yaml"]


def test_a_wanted_line_is_checked_kept_and_proposed_with_its_sheet(desk):
    found = desk.bring(text=circular(NEW_DAYS))
    page = unescape(desk.send(desk.lan, f"{ALL}/{found.id}", **FORM, **EDIT, do="check").text)
    assert "Đã đủ để đề xuất. Bạn xem các chỗ sẽ đổi" in page
    assert "<ins>- Làm mức 2 khi thẻ căn cước còn hạn: không quá 02 ngày làm việc." in page
    assert desk.records.changes.all() == []
    page = unescape(desk.lan.get(f"{ALL}/{found.id}").text)
    assert 'name="edit_wanted" value="0" checked>' in page
    assert desk.propose(found, **EDIT).status_code == 303
    changes = {change.draft.path: change for change in desk.records.changes.all()}
    assert set(changes) == {"documents/99-2026-tt-thu.yaml", SHEET, GUIDE}
    assert len({change.together for change in changes.values()}) == 1
    assert "/van-ban/99-2026-tt-thu/trang/1?doan=dieu-4/khoan-1" in changes[SHEET].draft.text
    page = unescape(desk.hoa.get(f"/huong-dan-vien/sua/thay-doi/{changes[GUIDE].id}").text)
    assert "<ins>- Trước ngày 01/07/2026: làm mức 2" in page


@pytest.mark.parametrize(("more", "said"), [
    ({"official": ""}, "Chỉ văn bản lấy từ nguồn chính thức"),
    ({"edit_old": ["Câu không còn trong hướng dẫn."]}, "không còn như lúc bạn chọn"),
    ({"edit_unit": ["dieu-9"]}, "không còn như lúc bạn chọn"),
    ({"edit_old": [UNCLEAR]}, "không còn như lúc bạn chọn"),
    ({"territory": "tỉnh Quảng Ninh"}, "chỉ áp dụng ở tỉnh Quảng Ninh"),
    ({"edit_words": [OLD]}, "Bạn ghi câu mới"),
    ({"edit_words": ["Làm mức 2 khi thẻ căn cước còn hạn: không quá 01 ngày làm việc."]}, "không ghi “01 ngày làm việc”"),
])  # fmt: skip
def test_a_change_that_does_not_follow_from_the_document_is_not_proposed(desk, more, said):
    found = desk.bring(text=circular(NEW_DAYS))
    reply = desk.propose(found, **{**EDIT, **more})
    assert (reply.status_code, desk.records.changes.all()) == (422, [])
    assert said in unescape(reply.text)


def test_lines_of_one_fact_that_say_different_things_are_rewritten_each(desk):
    child = "Làm mức 2 cho trẻ khi thẻ căn cước còn hạn: không quá 04 ngày làm việc."
    for path, old, new in (
        (SHEET, "không quá 03 ngày làm việc.", "không quá 03 ngày làm việc, trẻ em không quá 04 ngày làm việc."),
        (GUIDE, f"- {OLD} {{f9}}", f"- {OLD} {{f9}}\n- {child} {{f9}}"),
    ):
        file = desk.settings.corpus / path
        file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    found = desk.bring(
        text=circular("Thẻ căn cước còn hạn: không quá 02 ngày làm việc, trẻ em không quá 05 ngày làm việc.")
    )
    reply = desk.propose(
        found, edit_guide=EDIT["edit_guide"] * 3, edit_old=[OLD, child, OLD], edit_unit=EDIT["edit_unit"] * 3,
        edit_words=[OLD.replace("03", "02"), child.replace("04", "05"), OLD.replace("03", "02")], edit_wanted=["0", "1", "2"],
    )  # fmt: skip
    assert reply.status_code == 303, unescape(reply.text)
    (guide,) = (c.draft.text for c in desk.records.changes.all() if c.draft.path == GUIDE)
    assert "- Trước ngày 01/07/2026: làm mức 2 khi thẻ căn cước còn hạn: không quá 03 ngày làm việc. {" in guide
    assert "- Trước ngày 01/07/2026: làm mức 2 cho trẻ khi thẻ căn cước còn hạn: không quá 04 ngày làm việc. {" in guide
    assert [guide.count(new) for new in (OLD.replace("03", "02"), child.replace("04", "05"))] == [1, 1]


def publish(desk):
    texts = {change.draft.path: change.draft.text for change in desk.records.changes.all()}
    edits = {path: EditedFile(text, file_digest(desk.settings.corpus, path), "1") for path, text in texts.items()}
    build_generation(desk.settings, make_edition(desk.settings, edits).name)
    desk.records.changes.refuse(desk.trainer, desk.records.changes.all()[0].id, "để thử bản sau")


def test_a_line_that_the_document_has_ended_already_is_not_ended_again(desk):
    found = desk.bring(text=circular(NEW_DAYS))
    desk.propose(found, **EDIT)
    publish(desk)
    desk.send(desk.lan, f"{ALL}/{found.id}/cho-lai")
    assert OLD not in unescape(desk.lan.get(f"{ALL}/{found.id}").text)
    reply = desk.propose(found, **EDIT)
    assert reply.status_code == 422
    assert "không còn như lúc bạn chọn" in unescape(reply.text)


def test_a_new_version_shows_who_rests_on_the_old_one_and_calls_no_rule_old_that_never_held(desk):
    desk.propose(desk.bring(text=circular(NEW_DAYS)), **EDIT)
    publish(desk)
    found = desk.bring(content="bản mới", text=circular(NEW_DAYS.replace("02 ngày", "01 ngày")))
    page = unescape(desk.lan.get(f"{ALL}/{found.id}").text)
    assert "02 ngày làm việc → 01 ngày làm việc" in page
    assert "Hướng dẫn lấy thông tin từ trang này" in page
    said = EDIT["edit_words"][0]
    reply = desk.propose(found, **{**EDIT, "edit_old": [said], "edit_words": [said.replace("02 ngày", "01 ngày")]})
    assert reply.status_code == 422
    assert "cũng bắt đầu từ ngày đó" in unescape(reply.text)


def test_a_choice_follows_its_line_to_the_unit_that_a_correction_left(desk):
    found = desk.bring(text=circular(NEW_DAYS))
    words = EDIT["edit_words"][0]
    edit = LineEdit("vneid-dang-ky-muc-2", OLD, "dieu-9", words, True)
    desk.records.documents.describe(desk.trainer, found.id, found.new.described, [edit])
    page = unescape(desk.lan.get(f"{ALL}/{found.id}").text)
    assert "dieu-9" not in page
    assert 'name="edit_wanted" value="0" checked>' in page


def test_a_document_is_proposed_once_by_two_people(desk):
    found = desk.bring()
    evidence = Evidence("Bộ", "Tờ", "", "", True)
    desk.records.documents.propose(desk.trainer, found.id, [Draft("documents/a.yaml", "", "a")], "Đưa vào.", evidence)
    with pytest.raises(RecordError):
        desk.records.documents.propose(
            desk.trainer, found.id, [Draft("documents/b.yaml", "", "b")], "Đưa vào.", evidence
        )
    assert len(desk.records.changes.all()) == 1


def test_an_open_change_of_the_guide_is_named(desk):
    found = desk.bring(text=circular(NEW_DAYS))
    draft = Draft(GUIDE, file_digest(desk.settings.corpus, GUIDE), "đang sửa")
    (number,) = desk.records.changes.propose(desk.trainer, [draft], "Sửa lời.", Evidence("Bộ", "Tờ", "", "", True))
    reply = desk.propose(found, **EDIT)
    assert reply.status_code == 422
    assert f"Thay đổi {number} của cùng văn bản hoặc hướng dẫn" in unescape(reply.text)


def test_guides_that_cite_the_page_or_a_law_that_ends_are_flagged(desk):
    sheet = Path(SHEET).stem
    (desk.settings.corpus / "sources.yaml").write_text(
        "hosts: [bo.gov.vn]\npause_s: 1\nsources:\n  - {id: trang-bo, url: 'https://bo.gov.vn/muc-2', title: Mức 2, publisher: Bộ, "
        f"official: true, every_days: 7, covers: [{sheet}]}}\n", encoding="utf-8",
    )  # fmt: skip
    found = desk.bring(source="trang-bo")
    page = unescape(desk.lan.get(f"{ALL}/{found.id}").text)
    assert "Hướng dẫn lấy thông tin từ trang này" in page
    assert 'href="/huong-dan-vien/sua/vneid/vneid-dang-ky-muc-2"' in page
    other = desk.bring(content="khác")
    assert "vneid-dang-ky-muc-2" not in desk.lan.get(f"{ALL}/{other.id}").text
    ends = Relation(RelationKind.REPLACES, "69/2024/NĐ-CP")
    desk.records.documents.describe(desk.trainer, other.id, replace(other.new.described, relations=(ends,)))
    page = unescape(desk.lan.get(f"{ALL}/{other.id}").text)
    assert "Hướng dẫn dựa vào văn bản bị thay hoặc bị sửa" in page
    assert "(69/2024/NĐ-CP)" in page


def test_a_doubtful_page_stands_beside_its_picture_and_reads_right(desk):
    found = desk.bring()
    path = f"{ALL}/{found.id}/trang/2"
    page = unescape(desk.lan.get(path).text)
    assert LATE in page
    assert FEE not in page
    assert "đọc từ ảnh" in page
    assert desk.lan.get(f"{path}.png").content == PNG
    assert desk.lan.get(f"{ALL}/{found.id}/trang/9").status_code == 404
    assert desk.send(desk.lan, path, do="right", was=found.new.reading).headers["location"] == f"{ALL}/{found.id}"
    assert desk.records.documents.get(found.id).left_out == ()
    assert desk.send(desk.lan, f"{ALL}/{found.id}/trang/1", do="right", was=found.new.reading).status_code == 422
    assert desk.send(desk.lan, path, do="left-out", was=found.new.reading).status_code == 303
    assert desk.records.documents.get(found.id).left_out == (2,)


def test_a_corrected_page_is_kept_as_a_new_text_and_the_first_stays(desk):
    found = desk.bring()
    path, right = f"{ALL}/{found.id}/trang/2", LATE.replace("25.000", "26.000")
    assert desk.send(desk.lan, path, do="corrected", was=found.new.reading, text=" \r\n ").status_code == 422
    assert (
        desk.send(desk.lan, path, do="corrected", was=found.new.reading, text=f"2. {right}\r\n\r\n3. Mới.").status_code
        == 303
    )
    now = desk.records.documents.get(found.id)
    assert now.new.doubtful[0].decision is PageDecision.CORRECTED
    text = desk.library.text(found.new.file, now.new.reading)
    assert [b.text for b in text.reading.blocks] == ["Điều 4. Mức thu", f"1. {FEE}", f"2. {right}", "3. Mới."]
    assert [u.id for u in text.units][-1] == "dieu-4/khoan-3"
    assert desk.library.text(found.new.file, found.new.reading) == circular()


def test_what_two_people_correct_at_once_is_lost_for_neither(desk):
    found = desk.bring()
    path = f"{ALL}/{found.id}/trang/2"
    form = {"do": "corrected", "was": found.new.reading}
    assert desk.send(desk.lan, path, **form, text="2. Chữ của Lan.").status_code == 303
    reply = desk.send(desk.hoa, path, **form, text="2. Chữ của Hoa.")
    assert reply.status_code == 409
    page = unescape(reply.text)
    assert "<pre>2. Chữ của Lan.</pre>" in page
    assert "2. Chữ của Hoa.</textarea>" in page
    assert desk.send(desk.hoa, path, do="right", was=found.new.reading).status_code == 409
    was = re.search(r'name="was" value="(\w+)"', reply.text)[1]
    assert desk.send(desk.hoa, path, do="corrected", was=was, text="2. Chữ của Hoa.").status_code == 303


def test_a_paragraph_that_is_not_touched_stays_what_it_was_and_rows_become_a_table():
    blocks = circular().reading.blocks
    new = corrected(blocks, 1, ["Điều 4. Mức thu", "Loại | Mức\nCấp đổi | 50.000 đồng"])
    assert new[0] is blocks[0]
    assert new[1].rows == (("Loại", "Mức"), ("Cấp đổi", "50.000 đồng"))
    assert new[2] is blocks[2]


def test_a_document_is_set_aside_and_comes_back(desk):
    found = desk.bring()
    assert desk.send(desk.lan, f"{ALL}/{found.id}/de-rieng").status_code == 303
    assert desk.records.documents.get(found.id).state is DocumentState.SET_ASIDE
    assert desk.send(desk.lan, f"{ALL}/{found.id}/cho-lai").status_code == 303
    desk.propose(found)
    assert desk.send(desk.lan, f"{ALL}/{found.id}/cho-lai").status_code == 409
    (change,) = desk.records.changes.all()
    desk.records.changes.refuse(desk.records.accounts.get("hoa"), change.id, "Sai ngày")
    assert "Sai ngày" in unescape(desk.lan.get(f"{ALL}/{found.id}").text)
    assert desk.send(desk.lan, f"{ALL}/{found.id}/cho-lai").status_code == 303
    assert desk.propose(found).status_code == 303
    assert [c.state for c in desk.records.changes.all()] == [ChangeState.PROPOSED, ChangeState.REFUSED]


def test_an_administrator_removes_a_document_that_is_not_served(desk):
    admin = client(desk.app, desk.records, person(desk.records, Role.ADMIN))
    served = desk.bring()
    shelve(desk.settings.corpus, served)
    assert desk.send(admin, f"{ALL}/{served.id}/xoa").status_code == 409
    other = desk.bring(content="khác", number="1/2026/TT")
    assert desk.send(desk.lan, f"{ALL}/{other.id}/xoa").status_code == 403
    assert desk.send(admin, f"{ALL}/{other.id}/xoa").status_code == 303
    assert desk.library.files() == [served.new.file]
    assert desk.lan.get(f"{ALL}/{other.id}").status_code == 404


def test_the_file_itself_is_handed_out_as_a_download(desk):
    sent = desk.lan.get(f"{ALL}/{desk.bring().id}/tep")
    assert sent.content == "thông tư".encode()
    assert sent.headers["content-disposition"].startswith("attachment")
    assert sent.headers["content-type"] == "application/octet-stream"


def test_markup_in_a_document_is_shown_as_text(desk):
    hostile = '<img src=x onerror="alert(1)">'
    found = desk.bring(text=circular(hostile), name="a.pdf", number=hostile)
    page = (
        desk.lan.get(f"{ALL}/{found.id}").text + desk.lan.get(ALL).text + desk.lan.get(f"{ALL}/{found.id}/trang/1").text
    )
    assert hostile not in page
    assert "&lt;img src=x" in page


def test_a_line_that_begins_after_the_documents_first_day_is_shown_but_not_offered(desk):
    guide = desk.settings.corpus / GUIDE
    text = guide.read_text(encoding="utf-8")
    guide.write_text(text.replace(f"- {OLD} {{f9}}", f"- {OLD} {{f9; từ 2026-08-01}}"), encoding="utf-8", newline="\n")
    found = desk.bring(text=circular(NEW_DAYS))
    page = unescape(desk.lan.get(f"{ALL}/{found.id}").text)
    assert "Câu chỉ bắt đầu sau ngày văn bản có hiệu lực" in page
    assert f"({OLD})" in page
    assert "edit_wanted" not in page or f"đang ghi: “{OLD}”" not in page
