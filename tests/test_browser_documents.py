"""From a circular that changes a fee to the answer that learners get, in Debian's real Chromium, on a phone and on a desktop."""

import re
import shutil
from datetime import date

import pypdfium2
import pytest
from browsing import SIZES, ask, opened, serving
from test_browser_publish import Place

from evals.documents.generate import fonts
from evals.documents.paper import Look, write_pdf
from evals.documents.texts import parse
from rag.documents.library import Library
from rag.documents.shelf import Shelved, shelf_path, shelf_text
from rag.glossary import load_glossary
from rag.ingestion import Ingestion
from rag.records import Records
from rag.serving import Serving, build_generation, open_assistant
from rag.settings import PROJECT, Settings
from ui.app import create_app

pytestmark = [pytest.mark.browser, pytest.mark.slow]
QUESTION = "Tách hộ mất bao nhiêu tiền?"
OLD = "Tách hộ mất 10.000 đồng/lần nếu nộp trực tiếp, 5.000 đồng/lần nếu nộp trực tuyến."
NEW = "Tách hộ mất 20.000 đồng/lần nếu nộp trực tiếp, 10.000 đồng/lần nếu nộp trực tuyến."
SAID = "Tách hộ: nộp hồ sơ trực tiếp 20.000 đồng/lần; nộp hồ sơ trực tuyến 10.000 đồng/lần."
CIRCULAR = """---
type: Thông tư
---
< BỘ TÀI CHÍNH
< Số: {number}
> CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM
> Độc lập - Tự do - Hạnh phúc
> Hà Nội, ngày {issued}
= THÔNG TƯ
= Quy định mức thu, chế độ thu, nộp và quản lý lệ phí đăng ký cư trú
Căn cứ Luật Phí và lệ phí ngày 25 tháng 11 năm 2015;
Bộ trưởng Bộ Tài chính ban hành Thông tư quy định mức thu, chế độ thu, nộp và quản lý lệ phí đăng ký cư trú.
Đ 1 | Phạm vi điều chỉnh và đối tượng áp dụng
K 1 | Thông tư này quy định mức thu, chế độ thu, nộp và quản lý lệ phí đăng ký cư trú.
K 2 | Thông tư này áp dụng đối với người nộp lệ phí, tổ chức thu lệ phí và cơ quan, tổ chức, cá nhân khác có liên quan.
Đ 2 | Người nộp lệ phí và tổ chức thu lệ phí
K 1 | Người nộp lệ phí là người yêu cầu cơ quan công an giải quyết việc đăng ký cư trú theo quy định pháp luật về cư trú.
K 2 | Tổ chức thu lệ phí là Công an xã, phường, đặc khu nơi tiếp nhận hồ sơ đăng ký cư trú của người yêu cầu.
Đ 3 | Kê khai, nộp và quản lý lệ phí
K 1 | Chậm nhất là ngày 05 hằng tháng, tổ chức thu lệ phí phải gửi số tiền đã thu của tháng trước vào Kho bạc Nhà nước.
K 2 | Tổ chức thu lệ phí nộp toàn bộ số tiền thu được vào ngân sách nhà nước. Nguồn chi phí cho việc thu do ngân sách bố trí.
K 3 | Người nộp lệ phí được nhận chứng từ điện tử sau khi nộp tiền và không phải xuất trình biên lai giấy cho cơ quan nào.
K 4 | Khoản tiền đã nộp thừa được trả lại cho người nộp theo quy định của pháp luật về quản lý thuế hiện hành.
Đ 4 | Người được miễn
K 1 | Trẻ em theo quy định tại Luật Trẻ em; người cao tuổi theo quy định tại Luật Người cao tuổi; người khuyết tật theo quy định.
K 2 | Người có công với cách mạng và thân nhân của người có công với cách mạng theo quy định tại Pháp lệnh về ưu đãi người có công.
K 3 | Đồng bào dân tộc thiểu số ở các xã có điều kiện đặc biệt khó khăn; công dân thường trú tại các xã biên giới, xã đảo.
K 4 | Công dân đã mồ côi cả cha và mẹ và chưa đủ tuổi thành niên theo quy định của pháp luật về dân sự hiện hành.
Đ 5 | Mức thu lệ phí
K 1 | Đối với việc tách hộ, xóa và khai báo, mức thu lệ phí được tính theo từng lần giải quyết của cơ quan có thẩm quyền.
K 2 | {fee}
Đ 6 | Điều khoản thi hành
K 1 | Thông tư này có hiệu lực thi hành từ ngày {in_force}.{ends}
K 2 | Chánh Văn phòng Bộ, Thủ trưởng các đơn vị có liên quan chịu trách nhiệm thi hành Thông tư này.
"""
BEFORE = {
    "number": "9801/2022/TT-BTC", "issued": "22 tháng 12 năm 2022", "in_force": "05 tháng 02 năm 2023", "ends": "",
    "fee": SAID.replace("10.000", "5.000").replace("20.000", "10.000"),
}  # fmt: skip
AFTER = {
    "number": "9901/2026/TT-BTC", "issued": "20 tháng 11 năm 2026", "in_force": "01 tháng 01 năm 2027", "fee": SAID,
    "ends": " Thông tư này thay thế Thông tư số 9801/2022/TT-BTC.",
}  # fmt: skip


def printed(said, folder):
    path = folder / f"{said['number'].replace('/', '-')}.pdf"
    write_pdf(parse(path.stem, CIRCULAR.format(**said)), Look(fonts("liberation"), numbered=True), path)
    return path


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    """The shipped corpus with the earlier circular on its shelf, indexed."""
    folder = tmp_path_factory.mktemp("once")
    corpus = shutil.copytree(PROJECT / "corpus", folder / "corpus")
    settings = Settings(home=folder / "home", corpus=corpus)
    records, library = Records.open(settings.records_url), Library(settings.documents_folder)
    (outcome,) = Ingestion(library, records.documents, "lan").files([printed(BEFORE, folder)])
    found = records.documents.get(outcome.number).new
    records.close()
    said = found.described
    shelved = Shelved(
        id="9801-2022-tt-btc", file=found.file, reading=found.reading, type=said.type, number=said.number, title=said.title,
        issuer=said.issuer, official=True, issued=said.issued, in_force=said.in_force, topic="cu-tru", checked=date(2026, 11, 25),
    )  # fmt: skip
    path = corpus / shelf_path(shelved.id)
    path.parent.mkdir(exist_ok=True)
    path.write_text(shelf_text(shelved), encoding="utf-8")
    build_generation(settings, "")
    return folder


@pytest.fixture(params=SIZES)
def place(request, once, tmp_path, chromium):
    place = Place(once, tmp_path, chromium, request.param)
    with serving(place.app) as place.address:
        yield place
    place.records.close()


def shot(place, page, name):
    place.shot(page, f"documents-{name}")


def test_a_circular_changes_a_fee_from_its_day_on_and_the_answer_leads_to_its_page(place, tmp_path):
    with place.learner() as chat:
        assert OLD in ask(chat, QUESTION).inner_text()
    brought = printed(AFTER, tmp_path)
    with place.desk(place.lan) as page:
        bring(place, page, brought)
        see_what_changes(place, page)
        change = confirm(place, page)
    approve(place, change)
    publish(place)
    with place.learner() as chat:
        assert answer_on(chat) == OLD, "before its day the circular changes nothing"
    with on_day(place, date(2026, 12, 31)) as chat:
        assert answer_on(chat) == OLD
    with on_day(place, date(2027, 1, 1)) as chat:
        answer = ask(chat, QUESTION)
        assert first_line(answer) == NEW
        assert answer.inner_text().count("Trước ngày 01/01/2027: tách hộ mất 10.000 đồng/lần") == 1
        chat.shot("documents-6-new-answer")
        follow(chat, answer, brought)


def bring(place, page, path):
    page.goto(f"{place.address}huong-dan-vien/van-ban")
    page.set_input_files("input[name=files]", path)
    page.get_by_role("button", name="Gửi văn bản").click()
    page.get_by_text("Đã nhận, 2 trang.").wait_for(timeout=60_000)
    shot(place, page, "1-brought")
    page.get_by_role("link", name="Mở văn bản").click()


def see_what_changes(place, page):
    page.get_by_role("heading", name="Xác nhận").wait_for()
    text = page.inner_text("main")
    assert "Bản trước là Thông tư 9801/2022/TT-BTC." in text
    assert "Đổi 10.000 đồng → 20.000 đồng; 5.000 đồng → 10.000 đồng:" in text
    edit = page.locator(".edit", has_text=f"Hướng dẫn đang ghi: “{OLD}”").first
    assert "10.000 đồng → 20.000 đồng" in edit.inner_text()
    assert SAID in edit.inner_text()
    shot(place, page, "2-document")


def confirm(place, page):
    """Check what rules read, choose the topic and the lines that change, propose; return the address of the change."""
    read = {name: page.input_value(f"[name={name}]") for name in ("type", "named", "issuer", "issued", "in_force")}
    assert read == {
        "type": "Thông tư", "named": "9901/2026/TT-BTC", "issuer": "Bộ Tài chính", "issued": "2026-11-20", "in_force": "2027-01-01",
    }  # fmt: skip
    assert page.input_value("[name=rel_number] >> nth=0") == "9801/2022/TT-BTC"
    page.select_option("[name=topic]", "cu-tru")
    page.check("[name=official]")
    for edit in page.locator(".edit", has_text=f"“{OLD}”").all():
        assert edit.locator("textarea").input_value() == NEW
        edit.get_by_role("checkbox").check()
    page.get_by_role("button", name="Kiểm tra", exact=True).click()
    assert page.locator(".problem").all_inner_texts() == []
    page.get_by_text("Đã đủ để đề xuất.").wait_for()
    assert NEW in page.locator(".diff .add").all_inner_texts()[0] + page.inner_text("main")
    shot(place, page, "3-checked")
    page.get_by_role("button", name="Gửi đề xuất").click()
    page.wait_for_url("**/sua/thay-doi/*")
    return page.url


def approve(place, change):
    with place.desk(place.hoa) as page:
        page.goto(change)
        text = page.inner_text("main")
        assert "Thông tư 9901/2026/TT-BTC" in text
        assert NEW in text
        shot(place, page, "4-approve")
        page.get_by_role("button", name="Duyệt thay đổi này").click()
        page.get_by_text("đã duyệt, chờ xuất bản").wait_for()


def publish(place):
    with place.desk(place.lan) as page:
        place.prepare(page, "documents")
        page.get_by_role("button", name="Xuất bản", exact=True).click()
        page.get_by_text("Đã xuất bản.").wait_for(timeout=120_000)
        shot(place, page, "5-published")


class _Day:
    """A learner's page of the same home, served on another day."""

    def __init__(self, place, day):
        settings = place.settings.model_copy(update={"today": day})
        self._records = Records.open(settings.records_url)
        assistant = Serving(open_assistant(settings), settings)
        self._served = serving(create_app(assistant, self._records, load_glossary(settings.corpus), settings))
        self._place = place

    def __enter__(self):
        self._learner = opened(self._place._chromium, self._served.__enter__(), self._place.size)
        return self._learner.__enter__()

    def __exit__(self, *how):
        self._learner.__exit__(*how)
        self._served.__exit__(*how)
        self._records.close()


on_day = _Day


def first_line(answer):
    lines = re.sub(r"\s*\[\d+\]", "", answer.inner_text()).split("\n")
    return next(line.strip() for line in lines if line.strip().endswith("."))


def answer_on(chat):
    return first_line(ask(chat, QUESTION))


def follow(chat, answer, brought):
    """Open the page that the answer cites: the second one, with the clause marked where it is printed."""
    answer.locator("summary", has_text="Nguồn").click()
    link = answer.get_by_role("link", name="Xem trang gốc").first
    with chat.expect_popup() as opening:
        link.click()
    page = opening.value
    page.wait_for_load_state()
    assert page.url.endswith("/van-ban/9901-2026-tt-btc/trang/2?doan=dieu-5/khoan-2")
    assert SAID in page.inner_text(".quoted")
    page.wait_for_function("document.querySelector('.scan img').naturalWidth > 0")
    marked = [
        tuple(float(box.get_attribute(side)) / 1000 for side in ("x", "y", "width", "height"))
        for box in page.locator(".scan svg rect").all()
    ]
    left, top = printed_at(brought, "20.000 đồng")
    assert any(x <= left <= x + width and y <= top <= y + height for x, y, width, height in marked)
    assert sum(height for *_, height in marked) < 0.1, "only the clause is marked"
    page.screenshot(
        path=f"test-results/{'phone' if page.viewport_size['width'] < 500 else 'desktop'}-documents-7-page.png"
    )


def printed_at(path, words):
    """Return where words stand on the second page, from the left and from the top, as shares of the page."""
    page = pypdfium2.PdfDocument(path)[1]
    text = page.get_textpage()
    found = text.search(words).get_next()
    left, bottom, right, top = text.get_charbox(found[0])
    width, height = page.get_size()
    return (left + right) / 2 / width, 1 - (bottom + top) / 2 / height
