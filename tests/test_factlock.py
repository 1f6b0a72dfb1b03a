from rag.answers import Citation
from rag.factlock import lock, unsupported

CITATION = Citation(1, "g", "g#le-phi", "Đổi thẻ căn cước – Lệ phí", "Đổi thẻ mất 25.000 đồng tại Công an xã.", ())


def test_lock_drops_a_sentence_with_a_number_its_quote_lacks():
    verified = lock("Đổi thẻ mất 25.000 đồng. [1]\nGọi 1900 9999 để hỏi. [1]", (CITATION,))
    assert verified.text == "Đổi thẻ mất 25.000 đồng. [1]"
    assert verified.dropped == (("Gọi 1900 9999 để hỏi. [1]", "1900 9999"),)


def test_lock_drops_a_fact_without_a_citation():
    assert lock("Mất 25.000 đồng.", (CITATION,)).text == ""


def test_lock_keeps_step_numbers_and_words():
    assert lock("1. Mang thẻ cũ đi. [1]", (CITATION,)).text == "1. Mang thẻ cũ đi. [1]"


def test_unsupported_names_an_authority_the_evidence_lacks():
    assert unsupported("Nộp ở Công an tỉnh.", [CITATION.quote]) == ["Công an tỉnh"]
