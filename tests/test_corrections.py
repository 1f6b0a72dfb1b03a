import pytest

from rag.corrections import check, cite, masked


@pytest.fixture(scope="module")
def fee(built, assistant):
    """A passage with the fee of a card and the row of its line with 50.000 đồng."""
    for passage in assistant.index.passages:
        for row, line in enumerate(passage.lines):
            if "50.000 đồng" in line.text and len(passage.lines) > 1:
                return passage, row
    raise AssertionError("no guide names 50.000 đồng")


def test_a_citation_quotes_exactly_the_lines_that_were_chosen(fee):
    passage, row = fee
    citation = cite(3, passage, [row])
    assert (citation.number, citation.passage_id, citation.quote) == (3, passage.id, passage.lines[row].text)
    assert citation.sources == passage.lines[row].sources


def test_each_line_is_told_what_it_lacks(fee):
    passage, row = fee
    citations = [cite(1, passage, [row]), cite(2, passage, [0])]
    text = "Phí là 50.000 đồng. [1]\n\nPhí là 70.000 đồng. [1]\nPhí là 50.000 đồng.\nBạn nhớ hỏi trước. [4]\nBạn nhớ hỏi trước."
    checked = check(text, citations)
    assert [(line.marks, line.unknown, line.lacks) for line in checked.lines] == [
        ((1,), (), ""), ((1,), (), "70.000 đồng"), ((), (), "50.000 đồng"), ((4,), (4,), ""), ((), (), ""),
    ]  # fmt: skip
    assert checked.unused == (2,)
    assert not checked.accepted
    assert check("Phí là 50.000 đồng. [1]", citations[:1]).accepted
    assert not check("Phí là 50.000 đồng. [1]", citations).accepted


def test_personal_data_is_masked_and_a_public_line_is_not():
    quote = "Nơi làm là số 44 Phạm Ngọc Thạch."
    assert masked(f"- {quote} [1]\nGọi anh 0900000000.", [quote]) == f"- {quote} [1]\nGọi anh [số điện thoại]."
    assert "Phạm" not in masked(quote, [])
