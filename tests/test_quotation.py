from datetime import date

import numpy as np
import pytest

from rag.collection import Collection, write_collection
from rag.documents.issuers import is_elsewhere, place_name
from rag.documents.shelf import Shelved, guides_of
from rag.documents.units import Unit, UnitKind
from rag.keyword import KeywordIndex, folded_terms
from rag.questions import QuestionKind
from rag.quotation import THRESHOLD, Shelf, states
from rag.vectors import load_embedder

DAY = date(2026, 11, 27)
FEE, HOW_LONG = QuestionKind.FEE, QuestionKind.HOW_LONG


def document(number, title, territory="toàn quốc", **more):
    said = {
        "in_force": date(2026, 1, 1),
        "issued": None,
        "topic": "khac",
        "checked": DAY,
        "territory": territory,
        **more,
    }
    return Shelved(
        id=number.lower().replace("/", "-"), file="a" * 64, reading="b" * 64, type="Quyết định", number=number, title=title,
        issuer="Ủy ban thử", official=True, **said,
    )  # fmt: skip


def article(number, heading, *clauses):
    top = f"Điều {number}"
    rows = [Unit(UnitKind.CLAUSE, (top, f"khoản {n}"), text, 1, 1) for n, text in enumerate(clauses, 1)]
    return [Unit(UnitKind.ARTICLE, (top,), "", 1, 1, heading), *rows]


BOATS = document("911/2099/QD", "Quy định về đăng ký và quản lý thuyền câu")
BOATS_UNITS = (
    *article(
        1,
        "Đăng ký thuyền câu",
        "Chủ thuyền câu nộp tờ khai đăng ký thuyền câu tại bến.",
        "Bến cấp số thuyền câu trong 6 ngày.",
    ),
    *article(
        2, "Phí đăng ký thuyền câu", "Phí đăng ký thuyền câu: 77.000 đồng một thuyền.", "Người nghèo được giảm một nửa."
    ),
    *article(3, "Neo thuyền", "Thuyền câu neo cách cầu 40 mét; người trông bến mang áo phao và đèn pin."),
)
KITES = document("912/2099/QD", "Quy định về bãi thả diều ở thành phố Thanh Vân", "thành phố Thanh Vân")
KITES_UNITS = (
    *article(
        1, "Vé vào bãi thả diều", "Vé vào bãi thả diều: 12.000 đồng một người.", "Trẻ em vào bãi thả diều miễn phí."
    ),
    *article(2, "Giờ mở cửa bãi thả diều", "Bãi thả diều mở cửa từ 15 giờ đến 19 giờ."),
)


@pytest.fixture(scope="module")
def shelf(settings, tmp_path_factory):
    guides = [*guides_of(BOATS, BOATS_UNITS, {}), *guides_of(KITES, KITES_UNITS, {})]
    embedder = load_embedder(settings.embedding_model)
    folder = tmp_path_factory.mktemp("shelf")
    return Shelf(collection(folder / "shelf", guides, embedder), collection(folder / "guides", guides[:1], embedder))


def collection(folder, guides, embedder):
    folder.mkdir()
    questions = [(guide.id, question) for guide in guides for question in guide.questions]
    write_collection(folder, guides, questions, embedder.encode, {}, lambda _: None)
    return Collection(folder, embedder)


def found(shelf, question, *kinds):
    return shelf.find(question, question, kinds, DAY)


def headings(quotation):
    return [passage.heading for passage in quotation.passages]


def test_what_is_asked_for_is_quoted_surely_and_from_one_article_only(shelf):
    quotation = found(shelf, "phí đăng ký thuyền câu bao nhiêu một thuyền", FEE)
    assert headings(quotation)[0] == "Điều 2, khoản 1"
    assert len({passage.guide_id for passage in found(shelf, "đăng ký thuyền câu").passages}) == 1  # of two that fit
    assert quotation.sure > THRESHOLD


def test_a_clause_that_states_a_period_goes_before_one_that_only_shares_words(shelf):
    asked = "nộp tờ khai thuyền câu thì bến mấy ngày cấp số"
    assert headings(found(shelf, asked))[0].endswith("khoản 1")
    assert headings(found(shelf, asked, HOW_LONG)) == ["Điều 1, khoản 2"]


def test_without_the_amount_that_is_asked_for_a_passage_is_less_sure(shelf):
    asked = "neo thuyền câu cách cầu bao nhiêu"
    assert found(shelf, asked, FEE).sure < found(shelf, asked).sure


def test_a_passage_that_only_mentions_it_in_an_article_about_something_else_is_not_sure_at_all(shelf):
    quotation = found(shelf, "áo phao và đèn pin")
    assert quotation.passages[0].guide_id == "911-2099-qd--dieu-3"
    assert quotation.sure == 0.0


def test_a_long_story_of_which_a_passage_contains_little_is_not_answered_by_it(shelf):
    asked = "phí đăng ký thuyền câu một thuyền"
    story = "hôm qua con gái tôi lướt mạng trên máy tính chung ở cơ quan rồi lo người khác xem được những trang nó đã vào nên muốn xóa lịch sử"
    assert found(shelf, asked, FEE).sure > THRESHOLD
    assert found(shelf, f"{story} {asked}", FEE).sure == 0.0


@pytest.mark.parametrize(
    "asked", ["vé vào bãi thả diều ở Hà Nội", "ve vao bai tha dieu o ha noi", "vé bãi thả diều Sài Gòn"]
)
def test_a_rule_of_one_place_is_no_answer_about_another(shelf, asked):
    quotation = found(shelf, asked, FEE)
    assert quotation is None or all(p.guide_id.startswith("911") for p in quotation.passages)


@pytest.mark.parametrize(
    "asked", ["vé vào bãi thả diều", "vé vào bãi thả diều ở Thanh Vân", "ve vao bai tha dieu thanh van"]
)
def test_a_rule_of_a_place_is_quoted_for_it_and_for_a_question_that_names_none(shelf, asked):
    assert found(shelf, asked, FEE).passages[0].id == "912-2099-qd--dieu-1#dieu-1-khoan-1"


def test_an_amount_that_is_no_longer_true_states_nothing(shelf):
    old = document("911/2099/QD", "Quy định về thuyền câu", expires=date(2026, 10, 31))
    passage = guides_of(old, BOATS_UNITS, {})[1].passages[0]
    assert states(passage, (FEE,), date(2026, 10, 31))
    assert not states(passage, (FEE,), DAY)
    assert states(passage, (QuestionKind.WHERE,), DAY)


def test_a_term_weighs_by_how_few_texts_have_it_and_a_missing_one_most():
    index = KeywordIndex.build(["thuyền câu", "thuyền buồm"], folded_terms)
    beside = KeywordIndex.build(["thuyền nan", "đò dọc"], folded_terms)
    found, whole = index.matched("thuyền câu", [0, 1], beside)
    common = np.log1p(4 / 3) / np.log(5)  # in three of four texts; "câu" and the pair stand in one
    assert found == pytest.approx([common + 2, common])
    assert whole == pytest.approx(common + 2)
    assert index.matched("thuyền rồng", [0], beside)[1] == pytest.approx(common + 2)


def test_a_place_is_named_as_people_call_it():
    assert place_name("thành phố Hạ Long") == "Hạ Long"
    assert place_name("tỉnh An Lâm") == "An Lâm"
    assert not is_elsewhere("ở tỉnh Nghệ An và An Lâm", "tỉnh An Lâm")
    assert is_elsewhere("o nghe an", "tỉnh An Lâm")
    assert not is_elsewhere("lòng an tâm", "tỉnh An Lâm")  # not Long An
