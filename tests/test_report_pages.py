"""The report's pages: who sees which part, that no part tells more than the whole, the file, and targets."""

import io
import re
import threading
import time
from datetime import timedelta
from html import unescape

import openpyxl
import pytest
from people import client, person

from evals.movement import ALL, movement_report
from rag.records import Records
from rag.records.movement import count, monday
from rag.roles import Role
from rag.serving import Serving
from ui.app import create_app
from ui.figures import EVERYWHERE, Figures, today

WEEKS = [monday(today()) - timedelta(weeks=n) for n in (3, 2, 1)]
OLD, YOUNG = "nguoi-cao-tuoi", "hoc-sinh"


def fill(records, *rows):
    """Count people: (week's number, locality, audience, n)."""
    with records.database.writing() as connection:
        for week, place, audience, n in rows:
            count(connection, WEEKS[week], place, audience, "people", n)


@pytest.fixture
def places(store):
    tinh = store.localities.put("test", "Tỉnh Mẫu", None, 100_000, None)
    return [tinh.id, *(store.localities.put("test", f"Xã {n}", tinh.id, 101, 40).id for n in "ABC")]


@pytest.fixture
def store(tmp_path):
    records = Records.open(f"sqlite:///{tmp_path / 'records.sqlite3'}")
    yield records
    records.close()


@pytest.fixture(scope="module")
def site(assistant, records, glossary, built):
    return create_app(Serving(assistant), records, glossary, built)


@pytest.fixture
def app(site, store):
    """The one application, over a database of the test's own."""
    site._app.state.records, site._app.state.figures = store, Figures(patience_s=60)
    return site


@pytest.fixture
def admin(app, store):
    return client(app, store, person(store, Role.ADMIN))


def at(app, store, place):
    return client(app, store, person(store, name=f"o-{place or 'moi-noi'}".replace("/", "-"), locality_id=place))


def tables_of(page):
    """Return each table of a page as {name of the row: cells}."""
    found = []
    for table in re.findall(r"<tbody>(.*?)</tbody>", page.text, re.S):
        rows = re.findall(r"<tr>(.*?)</tr>", table, re.S)
        cells = [[unescape(c) for c in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows]
        found.append({name.strip("– "): rest for name, *rest in cells})
    return found


def sheets_of(reply):
    book = openpyxl.load_workbook(io.BytesIO(reply.content))
    return {sheet.title: [[cell.value for cell in row] for row in sheet] for sheet in book.worksheets}


def test_an_administrator_sees_every_place_by_audience_and_week(store, places, admin):
    _, a, b, _ = places
    fill(store, (0, a, OLD, 30), (1, a, OLD, 20), (2, b, YOUNG, 40), (2, None, "", 60))
    by_audience, by_week = tables_of(admin.get("/bao-cao"))
    assert by_audience["Mọi nơi"] == ["50", "0", "40", "0", "0", "60", "150"]
    assert by_audience["Xã A"] == ["50", "0", "0", "0", "0", "0", "50"]
    assert by_week["Xã A"] == ["30", "20", "0", "50"]
    assert by_week["Tỉnh Mẫu"] == ["30", "20", "40", "90"]
    assert by_week["Mọi nơi, không ghi rõ nơi"] == ["0", "0", "60", "60"]


def test_a_trainer_sees_the_own_locality_and_those_under_it_only(app, store, places):
    _, a, b, _ = places
    store.localities.put("test", "Xóm Nhỏ", a)
    store.movement.set_target("an", b, "", "people", 77777, today())
    fill(store, (0, a, OLD, 31), (0, f"{a}/xom-nho", OLD, 12), (0, b, OLD, 40052))
    page = at(app, store, a).get("/bao-cao")
    assert list(tables_of(page)[0]) == ["Xã A", "Xã A, không ghi rõ nơi", "Xóm Nhỏ"]
    text = page.text + str(sheets_of(at(app, store, a).get("/bao-cao/tai")))
    assert not any(word in text for word in ("Xã B", "Xã C", "Tỉnh Mẫu", "Mọi nơi", "40.0", "400", "77.777", "77777"))
    assert "Đặt mục tiêu" not in page.text
    assert "Tỉnh Mẫu" in at(app, store, None).get("/bao-cao").text


def test_a_part_of_the_report_hides_what_the_whole_hides(app, store, places, admin):
    """Alone, commune A's 30 could be shown; beside the province's 83 and C's 50 it tells B's 3."""
    _, a, b, c = places
    fill(store, (0, a, OLD, 30), (0, b, OLD, 3), (0, c, OLD, 50), (1, c, OLD, 9), (1, a, YOUNG, 8), (2, b, YOUNG, 7))
    whole, whole_weeks = tables_of(admin.get("/bao-cao"))
    assert (whole["Xã B"][0], whole["Xã A"][0], whole["Xã C"][0]) == ("<5", "ẩn", "59")
    for place in places:
        reader = at(app, store, place)
        by_audience, by_week = tables_of(reader.get("/bao-cao"))
        assert all(cells == whole[name] for name, cells in by_audience.items())
        assert all(cells == whole_weeks[name] for name, cells in by_week.items())
        for row in sheets_of(reader.get("/bao-cao/tai"))["Người học, nơi-nhóm"][1:]:
            assert [str(cell) for cell in row[2:]] == whole[row[0]]


def test_the_week_that_is_under_way_is_not_told_and_an_empty_report_says_when_it_will_be(app, store, places, admin):
    with store.database.writing() as connection:
        count(connection, today(), places[1], OLD, "people", 33)
    page = admin.get("/bao-cao")
    assert "Chưa có tuần nào xong" in page.text
    assert f"{monday(today()) + timedelta(weeks=1):%d/%m/%Y}" in page.text
    assert "33" not in re.sub(r"\d+/\d+/\d+|[0-9:]{5}|token\" value=\"[^\"]+", "", page.text)
    assert admin.get("/bao-cao/tai").status_code == 200
    fill(store, (2, places[1], OLD, 44))
    assert tables_of(admin.get("/bao-cao"))[1]["Xã A"] == ["44", "44"]


def test_weeks_that_are_chosen_cut_the_tables_and_count_nothing_anew(store, places, admin):
    _, a, b, c = places
    fill(store, (0, a, OLD, 30), (1, a, OLD, 2), (2, a, OLD, 40), (2, b, OLD, 50), (1, b, OLD, 60), (1, c, OLD, 70))
    whole = tables_of(admin.get("/bao-cao"))
    page = admin.get("/bao-cao", params={"tu": WEEKS[1], "den": WEEKS[2]})
    by_audience, by_week = tables_of(page)
    assert by_audience == whole[0]
    assert {name: cells[:-1] for name, cells in by_week.items()} == {n: cells[1:-1] for n, cells in whole[1].items()}
    assert by_week["Xã A"][-1] == "ẩn"
    assert by_week["Xã C"][-1] == "70"
    for *weeks, total in by_week.values():
        assert total == (str(sum(map(int, weeks))) if all(n.isdigit() for n in weeks) else "ẩn")
    header = sheets_of(admin.get("/bao-cao/tai", params={"tu": WEEKS[2]}))["Người học, nơi-tuần"][0]
    assert header == ["Nơi", "Thuộc", f"{WEEKS[2]:%d/%m/%Y}", "Tổng mọi tuần"]


@pytest.mark.parametrize(("tu", "den", "said"), [(WEEKS[2], WEEKS[0], "đang sau"), ("x", "", "không có trong báo cáo")])
def test_weeks_that_cannot_be_are_refused_in_a_sentence(store, places, admin, tu, den, said):
    fill(store, (0, places[1], OLD, 30), (2, places[1], OLD, 30))
    page = admin.get("/bao-cao", params={"tu": tu, "den": den})
    assert page.status_code == 422
    assert said in page.text
    assert said in admin.get("/bao-cao/tai", params={"tu": tu, "den": den}).text


def test_no_small_count_is_in_the_file_and_no_name_runs_in_it(store, admin):
    evil = store.localities.put("test", '=HYPERLINK("http://x","bấm")')
    store.movement.set_target("an", evil.id, "", "people", 50, today())
    fill(store, (0, evil.id, OLD, 3), (1, evil.id, OLD, 20), (1, evil.id, YOUNG, 9))
    reply = admin.get("/bao-cao/tai")
    assert reply.headers["content-disposition"].startswith("attachment")
    sheets = sheets_of(reply)
    cells = [cell for name, rows in sheets.items() if name != "Ghi chú" for row in rows for cell in row]
    assert not {1, 2, 3, 4} & {cell for cell in cells if isinstance(cell, int)}
    assert "<5" in cells
    named = [cell for cell in cells if "HYPERLINK" in str(cell)]
    assert len(named) > 10
    assert all(cell.startswith(("'=", "người")) for cell in named)
    assert "Mục tiêu" in sheets


def test_markup_in_a_name_stays_text_in_tables_plots_and_targets(store, admin):
    evil = store.localities.put("test", '<script>alert("x")</script><i>')
    store.movement.set_target("an", evil.id, "", "people", 50, today())
    fill(store, (0, evil.id, OLD, 30), (1, evil.id, OLD, 20))
    page = admin.get("/bao-cao")
    assert "<script>alert" not in page.text
    assert "<i>" not in page.text
    assert page.text.count("&lt;script&gt;alert") >= 5
    assert "<svg" in page.text


def target(admin, **form):
    known = {
        "token": admin.token,
        "audience": "",
        "measure": "people",
        "kind": "number",
        "by": str(today() + timedelta(35)),
    }
    return admin.post("/bao-cao/muc-tieu", data=known | form)


def test_a_target_is_a_number_or_a_share_and_its_progress_is_said_in_words(store, places, admin):
    tinh, a, b, c = places
    fill(store, (0, a, OLD, 312), (1, b, OLD, 3), (1, c, OLD, 700), (2, c, OLD, 80))
    assert target(admin, locality=tinh, number="2.000").status_code == 303
    assert target(admin, locality=a, kind="adults", number="80 %").status_code == 303
    assert target(admin, locality=b, kind="households", by=str(today())).status_code == 303
    assert sorted(row.goal for row in store.movement.targets()) == [40, 81, 2000]
    page = admin.get("/bao-cao").text
    assert "Đạt 1.095 trên 2.000 người, còn 5 tuần" in page
    assert '<progress max="100" value="54"' in page
    assert "Đạt dưới 5 trên 40 người, hôm nay là hạn" in page
    assert "Số đã đạt đang ẩn, mục tiêu là 81 người" in page
    assert page.count("<progress") == 1


def test_a_target_that_is_reached_or_late_says_so(store, places, admin):
    fill(store, (0, places[1], OLD, 90))
    store.movement.set_target("an", places[1], OLD, "people", 60, today() - timedelta(3))
    page = admin.get("/bao-cao").text
    assert "Xã A · Người cao tuổi · Người học" in page
    assert f"Đã đạt đủ: 90 trên 60 người, đã hết hạn ngày {today() - timedelta(3):%d/%m/%Y}" in page
    assert '<progress max="100" value="100"' in page


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"kind": "households", "locality": 0}, "Chưa biết số hộ của Tỉnh Mẫu"),
        ({"kind": "adults", "number": "120", "locality": 1}, "từ 1 đến 100"),
        ({"kind": "adults", "number": "80", "measure": "classes", "locality": 1}, "chỉ dùng cho mục"),
        ({"number": "-5", "locality": 1}, "lớn hơn 0"),
        ({"number": "nhiều", "locality": 1}, "lớn hơn 0"),
        ({"number": "70", "by": "hôm qua", "locality": 1}, "hạn từ hôm nay"),
        ({"number": "70", "by": "2020-01-01", "locality": 1}, "hạn từ hôm nay"),
        ({"number": "70", "audience": "<b>", "locality": 1}, "trong danh sách"),
        ({"number": "70"}, "chọn địa phương"),
    ],
)
def test_a_target_that_cannot_be_is_refused_in_a_sentence_and_what_was_typed_stays(store, places, admin, form, said):
    place = places[form["locality"]] if "locality" in form else "khong-co"
    reply = target(admin, **form | {"locality": place})
    assert reply.status_code == 422
    assert said in unescape(reply.text)
    assert f'value="{form.get("number", "")}"' in reply.text
    assert store.movement.targets() == []
    assert place not in places or f'value="{place}" selected' in reply.text


def test_a_target_is_removed_once(store, places, admin):
    store.movement.set_target("an", places[1], "", "people", 60, today())
    path = f"/bao-cao/muc-tieu/{store.movement.targets()[0].id}/xoa"
    assert admin.post(path, data={"token": admin.token}).status_code == 303
    assert store.movement.targets() == []
    assert admin.post(path, data={"token": admin.token}).status_code == 404


def test_what_a_place_that_has_gone_counted_goes_to_the_one_above_it(app, store, places):
    fill(store, (0, places[3], OLD, 30), (0, "tinh-khac/xa", OLD, 41), (0, places[1], "nhom-cu", 52))
    store.localities.remove("test", places[3])
    cells = app._app.state.figures.newest(store).report.cells["people"]
    assert cells[f"{places[0]}/", ALL, None] == 30
    assert cells[f"{EVERYWHERE}/", ALL, None] == 41
    assert cells[places[1], "ngoai-lop", None] == 52


def until_current(figures, store):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if (made := figures.newest(store)) and made.current:
            return made
        time.sleep(0.02)
    raise AssertionError("no report was made in a minute")


def test_a_reader_gets_the_report_before_while_a_new_one_is_made(app, store, places):
    go, begun = threading.Semaphore(0), []

    def make(*asked):
        begun.append(asked)
        go.acquire(timeout=60)
        return movement_report(*asked)

    fill(store, (0, places[1], OLD, 40))
    figures = app._app.state.figures = Figures(patience_s=0, make=make)
    reader = at(app, store, None)
    assert figures.newest(store) is None
    assert "đang được tính" in reader.get("/bao-cao").text
    assert reader.get("/bao-cao/tai").status_code == 503
    go.release()
    first = until_current(figures, store)
    fill(store, (0, places[1], OLD, 50))
    page = reader.get("/bao-cao")
    assert "đang được tính lại" in page.text
    assert tables_of(page)[1]["Xã A"][0] == "40"
    assert figures.newest(store).report is first.report
    go.release()
    assert until_current(figures, store).report.cells["people"][places[1], ALL, None] == 90
    assert len(begun) == 2


def test_a_report_that_could_not_be_made_is_tried_again(store, places):
    faults = [MemoryError("no room")]

    def make(*asked):
        if faults:
            raise faults.pop()
        return movement_report(*asked)

    figures = Figures(patience_s=60, make=make)
    with pytest.raises(MemoryError):
        figures.newest(store)
    assert figures.newest(store).current
