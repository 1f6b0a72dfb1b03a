"""Guides are proposed, checked, compared, approved and confirmed on the pages, against a real corpus of one guide."""

import re
from dataclasses import replace
from html import unescape

import pytest
import yaml
from people import client, person
from small_home import BETTER, GUIDE, OLD, REASON, SHEET, SOURCE, VAGUE, build_once, served_text, settings_in

from rag.glossary import load_glossary
from rag.records import Records
from rag.records.changes import ChangeState, Evidence
from rag.serving import Serving, open_assistant
from rag.sheets import load_sheet
from ui.app import create_app
from ui.change_pages import difference
from ui.confirming import confirmed_guide, confirmed_sheet, doubts
from ui.problem_words import in_words, line_of

pytestmark = pytest.mark.whole

EDIT = "/huong-dan-vien/sua/vneid/vneid-dang-ky-muc-2"
PDF = b"%PDF-1.7\nx"
FORM = {key: SOURCE[key] for key in ("publisher", "title", "url")} | {
    "day": SOURCE["date"],
    "official": "true",
    "reason": REASON,
}


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    return build_once(tmp_path_factory.mktemp("once"))


class Place:
    """An application over the small corpus with Lan and Hoa signed in."""

    def __init__(self, once, folder):
        self.settings = settings_in(once, folder)
        self.records = Records.open(self.settings.records_url)
        serving = Serving(open_assistant(self.settings), self.settings)
        self.app = create_app(serving, self.records, load_glossary(self.settings.corpus), self.settings)
        self.lan = client(self.app, self.records, person(self.records, name="lan"))
        self.hoa = client(self.app, self.records, person(self.records, name="hoa"))

    def send(self, browser, path, files=None, **form):
        return browser.post(path, data={"token": browser.token, **form}, files=files)

    def edit(self, old=OLD, new=BETTER, do="propose", files=None, **form):
        text = served_text(self.settings)
        assert old in text
        base = re.search(r'name="base" value="(\w+)"', self.lan.get(EDIT).text)[1]
        # Browsers send a form's lines with both line ends.
        sent = text.replace(old, new).replace("\n", "\r\n")
        return self.send(self.lan, EDIT, files, **{**FORM, "text": sent, "base": base, "do": do, **form})


@pytest.fixture
def place(once, tmp_path):
    place = Place(once, tmp_path)
    yield place
    place.records.close()


def test_a_guide_is_edited_from_the_served_text_and_proposed_with_its_source(place):
    page = place.lan.get(EDIT)
    assert OLD in unescape(page.text)
    reply = place.edit()
    assert reply.status_code == 303, reply.text
    (change,) = place.records.changes.all()
    assert change.draft.text == served_text(place.settings).replace(OLD, BETTER)
    assert change.evidence == Evidence(**SOURCE)
    assert (change.reason, change.proposer) == (REASON, "Lan")
    assert reply.headers["location"] == f"/huong-dan-vien/sua/thay-doi/{change.id}"
    assert "Chờ bạn duyệt" in place.hoa.get("/huong-dan-vien/sua").text


def test_checking_shows_what_changes_in_words_and_stores_nothing(place):
    page = unescape(place.edit(do="check").text)
    assert "Không còn lỗi nào" in page
    assert f"<b>Bỏ:</b> <del>- {OLD}" in page
    assert f"<b>Thêm:</b> <ins>- {BETTER}" in page
    assert place.records.changes.all() == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (OLD, OLD.replace("03", "09"), "Có số liệu '09 ngày làm việc' mà sự thật được dẫn"),
        ("{f16}", "{f99}", "Không có sự thật “f99”."),
        (" {f16}", "", "Dòng thiếu ký hiệu trong ngoặc nhọn"),
        ("## Lệ phí", "## Tiền nong", "Không có phần tên 'Tiền nong'"),
        ("\n- Tờ khai làm mức 2 là mẫu TK01. Bạn điền ngay tại nơi làm, không cần chuẩn bị ở nhà. {f13}", "", "f13 chưa được nói đến"),
    ],
)  # fmt: skip
def test_a_guide_with_a_problem_is_not_proposed_and_the_line_is_named_in_plain_words(place, old, new, said):
    reply = place.edit(old, new)
    assert reply.status_code == 422
    page = unescape(reply.text)
    assert said in page
    assert re.search(r"Dòng \d+ \(vneid-dang-ky-muc-2\): ", page)
    assert REASON in page
    assert place.records.changes.all() == []


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"reason": ""}, "vì sao cần sửa"),
        ({"publisher": " "}, "nơi công bố"),
        ({"day": "2999-01-01"}, "không muộn hơn hôm nay"),
        ({"url": "http://bocongan.gov.vn"}, "phải bắt đầu bằng https://"),
        ({"url": "javascript:alert(1)"}, "phải bắt đầu bằng https://"),
        ({"url": ""}, "địa chỉ trang hoặc tệp"),
    ],
)
def test_a_proposal_needs_a_reason_and_a_source(place, form, said):
    reply = place.edit(**form)
    assert reply.status_code == 422
    assert said in unescape(reply.text)
    assert BETTER in unescape(reply.text)
    assert place.records.changes.all() == []


def test_a_guide_that_somebody_else_changed_meanwhile_is_not_overwritten(place):
    reply = place.edit(base="0" * 64)
    assert reply.status_code == 409
    assert BETTER in unescape(reply.text)
    assert place.records.changes.all() == []
    place.edit()
    assert "đang có một thay đổi" in unescape(place.edit(new=VAGUE).text)
    assert len(place.records.changes.all()) == 1


def test_the_proposer_cannot_approve_and_a_second_person_can(place):
    place.edit()
    (change,) = place.records.changes.all()
    path = f"/huong-dan-vien/sua/thay-doi/{change.id}"
    own = place.lan.get(path).text
    assert "Cần một người thứ hai" in own
    assert f"{path}/duyet" not in own
    assert place.send(place.lan, f"{path}/duyet").status_code == 403
    assert place.records.changes.get(change.id).state is ChangeState.PROPOSED
    seen = unescape(place.hoa.get(path).text)
    assert BETTER in seen
    assert SOURCE["url"] in seen
    assert place.send(place.hoa, f"{path}/duyet").status_code == 303
    assert place.records.changes.get(change.id).decider == "Hoa"
    assert place.send(place.hoa, f"{path}/duyet").status_code == 409


def test_a_change_that_no_longer_fits_cannot_be_approved(place):
    place.edit()
    (change,) = place.records.changes.all()
    shipped = place.settings.corpus / GUIDE
    shipped.write_text(shipped.read_text(encoding="utf-8").replace("phiếu hẹn", "giấy hẹn"), encoding="utf-8")
    reply = place.send(place.hoa, f"/huong-dan-vien/sua/thay-doi/{change.id}/duyet")
    assert reply.status_code == 409
    assert place.records.changes.get(change.id).state is ChangeState.PROPOSED


def test_refusing_needs_a_note_that_the_proposer_reads(place):
    place.edit()
    (change,) = place.records.changes.all()
    path = f"/huong-dan-vien/sua/thay-doi/{change.id}"
    assert place.send(place.hoa, f"{path}/tu-choi", note=" ").status_code == 422
    assert place.send(place.hoa, f"{path}/tu-choi", note="Nguồn là bản cũ, hỏi 0900000000").status_code == 303
    page = unescape(place.lan.get(path).text)
    assert "Nguồn là bản cũ" in page
    assert "0900000000" not in page
    assert place.edit(new=VAGUE).status_code == 303


def test_markup_in_a_proposal_is_shown_as_text(place):
    hostile = '<img src=x onerror="alert(1)">'
    place.edit(new=f"{OLD} {hostile}", do="check")
    reply = place.edit(reason=f"{hostile} vì sai", publisher=hostile, title="</textarea><script>1</script>")
    page = place.hoa.get(reply.headers["location"]).text
    assert hostile not in page
    assert "<script>1" not in page
    assert "&lt;img src=x" in page
    assert hostile not in place.edit(new=f"{BETTER}</textarea>{hostile}", do="check").text


def test_a_document_is_kept_under_its_digest_and_handed_out_to_trainers_as_a_download(place):
    reply = place.edit(reason="", files={"file": ("a.html", PDF)})
    kept = re.search(r'name="kept" value="([0-9a-f]{64}\.pdf)"', reply.text)[1]
    assert (place.settings.home / "evidence" / kept).read_bytes() == PDF
    assert place.edit(url="", kept=kept).status_code == 303
    assert place.records.changes.all()[0].evidence.file == kept
    path = f"/huong-dan-vien/sua/bang-chung/{kept}"
    sent = place.hoa.get(path)
    assert sent.content == PDF
    assert sent.headers["content-disposition"].startswith("attachment")
    assert sent.headers["content-type"] == "application/octet-stream"
    assert sent.headers["x-content-type-options"] == "nosniff"
    assert client(place.app, place.records).get(path).status_code == 303


@pytest.mark.parametrize("data", [b"<script>1</script>", b"MZ\x90", b" %PDF-1.7", b"GIF89a"])
def test_what_is_no_pdf_or_picture_by_its_first_bytes_is_not_kept(place, data):
    reply = place.edit(files={"file": ("giay.pdf", data, "application/pdf")})
    assert "Tệp phải là PDF, JPG hoặc PNG." in unescape(reply.text)
    assert not (place.settings.home / "evidence").exists()


@pytest.mark.parametrize("name", ["..%2f..%2frecords.sqlite3", "records.sqlite3", "0" * 64 + ".exe", "a.pdf"])
def test_only_stored_documents_are_handed_out(place, name):
    assert place.lan.get(f"/huong-dan-vien/sua/bang-chung/{name}").status_code == 404
    assert place.edit(url="", kept=name).status_code == 422


def test_a_doubtful_fact_is_confirmed_in_its_sheet_and_in_the_guides_line(place):
    listed = unescape(place.lan.get("/huong-dan-vien/su-that").text)
    assert "vneid-dang-ky-muc-2:f4" in listed
    assert "vneid-dang-ky-muc-2:f1<" not in listed
    path = "/huong-dan-vien/sua/su-that/vneid-dang-ky-muc-2/f4"
    number = int(re.search(r'name="line:vneid-dang-ky-muc-2:(\d+)"', place.lan.get(path).text)[1])
    sure = (
        "Muốn đưa luôn giấy tờ khác vào VNeID thì mang thêm bản gốc giấy phép lái xe, đăng ký xe, thẻ BHYT, hộ chiếu."
    )
    form = {**FORM, f"line:vneid-dang-ky-muc-2:{number}": sure}
    assert "Không còn lỗi nào" in unescape(place.send(place.lan, path, **form, do="check").text)
    assert place.send(place.lan, path, **{**form, "official": ""}, do="propose").status_code == 422
    assert place.send(place.lan, path, **form, do="propose").status_code == 303
    guide, sheet = place.records.changes.all()
    assert guide.together == sheet.together == (sheet.id, guide.id)
    assert f"- {sure} {{f4}}\n" in guide.draft.text
    old, new = served_text(place.settings, SHEET).split("\n"), sheet.draft.text.split("\n")
    assert [line[:14] for line in set(old) ^ set(new)].count("  - {id: f4, k") == 2
    assert len(set(old) ^ set(new)) == 3
    row = next(f for f in yaml.safe_load(sheet.draft.text)["facts"] if f["id"] == "f4")
    assert (row["confidence"], row["sources"]) == ("high", ["s5", "s15"])
    assert f"/huong-dan-vien/sua/thay-doi/{sheet.id}" in place.lan.get(path).text


def test_an_open_conflict_becomes_a_sure_fact_and_leaves_the_section_of_what_is_unclear(place):
    guides = place.app._app.state.guides()
    doubt = doubts(guides)["vneid-dang-ky-muc-2:c2"]
    text = served_text(place.settings, SHEET)
    evidence = Evidence(**SOURCE)
    sheet, local = confirmed_sheet(text, "c2", evidence, "Không làm được mức 2 hoàn toàn tại nhà.", "requirement")
    assert local == "f17"
    path = place.settings.corpus / SHEET
    path.write_text(sheet, encoding="utf-8")
    item = load_sheet(path).items["f17"]
    assert (item.text, item.kind, item.confidence) == ("Không làm được mức 2 hoàn toàn tại nhà.", "requirement", "high")
    assert [s.url for s in item.sources] == [SOURCE["url"]]
    (stated,) = doubt.stated
    new = confirmed_guide(
        served_text(place.settings),
        stated.guide,
        doubt.item.id,
        local,
        {stated.line.number: "Mức 2 không làm tại nhà được."},
    )
    assert "## Chưa rõ" not in new
    assert "## Cần biết\n- Mức 2 không làm tại nhà được. {f17}\n\n## Ai làm được" in new
    assert "c2" not in new


def test_the_last_conflict_of_a_sheet_leaves_an_empty_list(place):
    text = served_text(place.settings, SHEET)
    for local in ("c1", "c2"):
        text, _ = confirmed_sheet(text, local, replace(Evidence(**SOURCE), url=""), "", "tip")
    read = yaml.safe_load(text)
    assert read["conflicts"] == []
    assert [f["id"] for f in read["facts"]][-2:] == ["f17", "f18"]
    assert read["sources"][-1]["url"] is None


def test_a_comparison_names_its_place_and_keeps_two_lines_around():
    old = "\n".join(f"dòng {n}" for n in range(1, 11))
    rows = difference(old, old.replace("dòng 6", "dòng sáu"))
    assert [row.kind for row in rows] == ["place", "same", "same", "remove", "add", "same", "same"]
    assert rows[0].text == "Từ dòng 4"
    assert difference(old, old) == []


def test_a_problem_in_words_names_line_and_guide():
    row = "guides/vneid/a-b.md:31: f9 does not exist in the sheets"
    assert in_words(row) == "Dòng 31 (a-b): Không có sự thật “f9”."
    assert line_of(row) == 31
    assert in_words("something else") == "Chưa đúng mẫu: something else"
