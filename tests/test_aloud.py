import re
from html import unescape

from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import escape

from rag.answers import Answer, AnswerStatus
from rag.glossary import Glossary
from ui.aloud import aloud, aloud_html
from ui.rendering import _MARKDOWN, reply_html, turn_html

MARKED = st.lists(
    st.sampled_from(["Nộp 5 bản.", " Xong!", "**Cẩn thận:**", " [1]", "\n", "\n\n", "- ", "1. ", "*", "`", "<b>", "&amp;", "&", '"', "\\", "> "])
).map("".join)  # fmt: skip


def without_spans(html):
    return re.sub(r'<span class="s"[^>]*>|</span>', "", html)


@settings(deadline=None)
@given(st.text() | MARKED)
def test_what_is_shown_stays_as_it_was(text):
    assert without_spans(aloud(text)) == escape(text)
    assert without_spans(aloud_html(_MARKDOWN.render(text))) == _MARKDOWN.render(text)


@settings(deadline=None)
@given(MARKED)
def test_spans_hold_text_alone_and_no_space_between_sentences(text):
    for inside in re.findall(r'<span class="s"[^>]*>(.*?)</span>', reply_html(text), re.DOTALL):
        assert "<" not in inside
        assert unescape(inside).strip()


def test_each_sentence_has_its_span_and_its_words_where_they_differ():
    assert aloud("Nộp 5 bản. Rồi về.") == (
        '<span class="s" data-say="Nộp năm bản.">Nộp 5 bản.</span> <span class="s">Rồi về.</span>'
    )


def test_what_a_text_smuggles_in_stays_text_in_the_words_too():
    assert (
        aloud('<i title="1">') == '<span class="s" data-say="i title bằng một, rồi">&lt;i title=&#34;1&#34;&gt;</span>'
    )


def test_pieces_of_a_sentence_have_one_number_and_the_first_its_words():
    html = reply_html("**Cẩn thận:** đừng đọc mã [1] cho ai. Gọi 113. [2]\n\n- Đi [1] ngay.")
    spans = re.findall(r'<span class="s"( data-n="\d+")?( data-say="[^"]*")?>([^<]*)', html)
    assert spans == [
        (' data-n="1"', ' data-say="Cẩn thận: đừng đọc mã cho ai."', "Cẩn thận:"),
        (' data-n="1"', "", " đừng đọc mã"),
        (' data-n="1"', "", " cho ai."),
        ("", ' data-say="Gọi một một ba."', "Gọi 113."),
        (' data-n="2"', ' data-say="Đi ngay."', "Đi"),
        (' data-n="2"', "", " ngay."),
    ]
    assert 'href="#nguon-tra-loi-2"' in html


def test_an_answer_is_a_region_to_read_aloud_but_not_for_those_who_mark_its_sentences():
    answer = Answer("c" * 32, "Hỏi?", AnswerStatus.ANSWERED, "Đến QLDC. [1]")
    glossary = Glossary({"QLDC": "quản lý dân cư"}, frozenset())
    html = turn_html(answer, {}, glossary, masked=False, can_rate=False)
    assert '<div class="text" data-aloud>' in html
    assert 'data-say="Đến quản lý dân cư."' in html
    checked = turn_html(answer, {}, glossary, masked=False, can_rate=False, read_only=True)
    assert "data-aloud" not in checked
    assert 'class="s"' not in checked
