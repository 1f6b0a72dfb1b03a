import re
from dataclasses import replace
from datetime import date
from html import unescape

import pytest
from fastapi import FastAPI
from pydantic import ValidationError
from starlette.testclient import TestClient

from rag.course import Course
from rag.guides import Section, load_guides
from rag.settings import PROJECT, Settings
from rag.sheets import Item, Source, load_sheets
from ui.guide_pages import matching, practice_questions, router
from ui.shield import CHAT, Shield

DAY = date(2026, 11, 25)
ONE = "vneid-dang-ky-muc-2"


@pytest.fixture(scope="module")
def guides():
    return load_guides(PROJECT / "corpus", load_sheets(PROJECT / "corpus" / "facts"))


def client_of(guides, **settings):
    app = FastAPI(openapi_url=None)
    app.state.guides, app.state.course = lambda: guides, Course
    app.state.settings = Settings(today=DAY, **settings)
    app.include_router(router)
    return TestClient(Shield(app))


@pytest.fixture(scope="module")
def client(guides):
    return client_of(guides)


def main_of(response):
    return response.text.partition("<main ")[2].partition(">")[2].partition("</main>")[0]


def texts_of(html):
    html = re.sub(r'<span class="s"[^>]*>([^<]*)</span>', r"\1", html)
    return [" ".join(unescape(text).split()) for text in re.findall(r">([^<]+)<", html) if text.strip()]


def test_the_list_has_every_guide_under_its_topic(client, guides):
    page = client.get("/huong-dan")
    assert page.status_code == 200
    assert set(re.findall(r'href="/huong-dan/([a-z0-9-]+)"', page.text)) == set(guides)


def test_a_search_needs_every_word_and_no_marks(client, guides):
    found = {guide.id for some in matching(guides, "dinh danh MUC 2").values() for guide in some}
    assert ONE in found
    assert len(found) < 20
    assert matching(guides, "định danh mức 2") == matching(guides, "dinh danh muc 2")
    assert matching(guides, "định danh xyzzy") == {}
    assert len(re.findall("<li>", client.get("/huong-dan", params={"tim": "dinh danh muc 2"}).text)) == len(found)


def test_a_search_that_finds_nothing_says_what_to_do_and_repeats_no_markup(client):
    page = client.get("/huong-dan", params={"tim": '"><script>alert(1)</script>' + "x" * 500})
    assert "Chưa thấy hướng dẫn nào" in page.text
    assert "<script>alert" not in page.text
    assert "x" * 101 not in page.text


def test_a_guide_shows_its_lines_in_order_with_day_sources_and_ways_on(client, guides):
    page, guide = client.get(f"/huong-dan/{ONE}"), guides[ONE]
    html, texts = main_of(page), texts_of(main_of(page))
    lines = [line for passage in guide.passages_on(DAY) for line in passage.lines]
    shown = [text for text in texts if text in {line.text for line in lines}]
    assert shown == [line.text for line in lines]
    assert any(text.startswith("Kiểm tra lần cuối: 12/01/2026.") for text in texts)
    first = lines[0].sources[0]
    assert f'href="{first.url}"' in html
    assert first.title in texts
    for way in (CHAT, f"/huong-dan/{ONE}/luyen-tap", f"/huong-dan/{ONE}/the.pdf"):
        assert f'href="{way}"' in html
    assert '<svg role="img"' in html
    assert html.count("<section") == html.count(" data-aloud>") + html.count('<section class="related"')
    assert 'data-say="' in html


@pytest.mark.slow
def test_every_guide_has_its_page_and_its_practice_sheet(client, guides):
    for guide in guides.values():
        assert client.get(f"/huong-dan/{guide.id}").status_code == 200
        assert client.get(f"/huong-dan/{guide.id}/luyen-tap").status_code == 200


def test_the_practice_sheet_has_papers_and_steps_to_tick_and_nothing_that_the_guide_does_not_say(client, guides):
    guide = guides[ONE]
    html = main_of(client.get(f"/huong-dan/{ONE}/luyen-tap"))
    texts = [text for text in texts_of(html) if not re.fullmatch(r"\d+\.", text)]
    sections = (Section.SHORT, Section.PAPERS, Section.STEPS)
    lines = [line.text for p in guide.passages if p.section in sections for line in p.lines]
    warnings = [line.text for p in guide.passages if p.section is Section.WARNING for line in p.lines]
    own = [
        "‹ Về hướng dẫn", "Phiếu luyện tập", guide.title, "Điều cần nhớ", "Chuẩn bị sẵn", "Làm từng bước", "Hỏi thử trợ lý",
        "Kiểm tra lần cuối: 12/01/2026. Làm xong việc nào, bạn đánh dấu vào ô trước việc ấy.", "Bạn mở trang", "Hỏi đáp",
        ", gõ hoặc đọc từng câu dưới đây, rồi xem câu trả lời và nguồn.", "Cảnh báo", "In trang này", "Gửi cho người nhà", "Gửi qua Zalo",
            "Chép đường dẫn",
    ]  # fmt: skip
    assert [text for text in texts if text not in own] == [*lines, *practice_questions(guide.questions), *warnings]
    assert html.count('type="checkbox"') == len(lines) - 1 + 3


def test_questions_to_practise_are_those_written_with_marks():
    assert practice_questions(["dang ki o dau", "Làm ở đâu?", "Mất bao lâu?", "Có phí không?"]) == [
        "Làm ở đâu?",
        "Mất bao lâu?",
        "Có phí không?",
    ]
    assert practice_questions(["lam o dau"]) == ["lam o dau"]


def test_lines_that_are_not_true_today_are_shown_nowhere(guides):
    guide = guides[ONE]
    old = tuple(
        replace(p, lines=tuple(replace(line, text=f"Cũ {line.text}", valid_until=date(2026, 11, 24)) for line in p.lines))
        if p.section in {Section.FEE, Section.STEPS} else p
        for p in guide.passages
    )  # fmt: skip
    client = client_of({ONE: replace(guide, passages=old)})
    for path in (ONE, f"{ONE}/luyen-tap"):
        page = client.get(f"/huong-dan/{path}").text
        assert "Cũ " not in page
        assert "Lệ phí" not in page
        assert "Làm từng bước" not in page


def test_all_that_a_guide_says_is_text_and_only_web_addresses_are_links(guides):
    bad = '<script>alert(1)</script>"><img src=x onerror=1>'
    sources = (
        Source(bad, bad, "javascript:alert(1)", None, False),
        Source(bad, bad, "https://x.example/" + bad, None, True),
    )
    item = Item("x:f1", "warning", bad, "high", sources)
    guide = guides[ONE]
    passages = tuple(
        replace(
            p, heading=f"{p.heading}: {bad}", lines=tuple(replace(line, text=bad, items=(item,)) for line in p.lines)
        )
        for p in guide.passages
    )
    other = replace(guide, id="khac", title=bad)
    client = client_of(
        {ONE: replace(guide, title=bad, passages=passages, questions=(bad,), related=("khac",)), "khac": other}
    )
    for path in ("", f"/{ONE}", f"/{ONE}/luyen-tap"):
        page = client.get(f"/huong-dan{path}").text
        assert "&lt;script&gt;" in page
        assert not re.search(r"<script>alert|<img", page)
        assert "javascript:" not in page


@pytest.mark.parametrize(
    "path", ["khong-co", "khong-co/luyen-tap", "khong-co/tung-buoc", "khong-co/the.pdf", "KHONG_CO"]
)
def test_an_unknown_guide_is_a_vietnamese_page_with_a_way_back(client, path):
    page = client.get(f"/huong-dan/{path}")
    assert page.status_code == 404
    assert "Không có hướng dẫn này" in page.text
    assert 'href="/huong-dan"' in main_of(page)


@pytest.mark.parametrize("path", ["/huong-dan/../pyproject.toml", f"/huong-dan/{ONE}/khac", "/huong-dan/%2e%2e/x"])
def test_no_other_path_below_the_guides_is_open(client, path):
    assert client.get(path).status_code == 404


def test_pages_load_nothing_from_elsewhere_and_have_no_script_in_them(client):
    for path in ("", f"/{ONE}", f"/{ONE}/luyen-tap", f"/{ONE}/tung-buoc"):
        page = client.get(f"/huong-dan{path}").text
        loaded = re.findall(r'<(?:link|script)[^>]*(?:href|src)="([^"]*)"', page)
        assert loaded
        assert all(address.startswith("/") for address in loaded)
        assert page.count("<script>") == 1  # look.js
        assert not re.search(r"\sstyle=\"|\son\w+=\"", page)
        assert '<html lang="vi">' in page


def test_the_card_is_a_pdf_whose_code_leads_to_where_learners_reach_the_program(guides):
    import pypdfium2
    import zxingcpp

    def leads_to(client):
        card = client.get(f"/huong-dan/{ONE}/the.pdf")
        assert card.headers["content-type"] == "application/pdf"
        document = pypdfium2.PdfDocument(card.content)
        return [code.text for code in zxingcpp.read_barcodes(document[len(document) - 1].render(scale=3).to_pil())]

    assert leads_to(client_of(guides)) == [f"http://testserver/huong-dan/{ONE}"]
    public = client_of(guides, public_url="https://hoc.example/")
    assert leads_to(public) == [f"https://hoc.example/huong-dan/{ONE}"]


def test_a_public_address_that_is_no_web_address_is_refused():
    with pytest.raises(ValidationError):
        Settings(public_url="javascript:alert(1)")
