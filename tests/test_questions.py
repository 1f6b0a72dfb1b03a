"""From what was typed to what is searched and shown."""

import pytest

from rag.errors import CorpusError
from rag.questions import Reading, as_typed, load_lexicon
from rag.spelling import load_syllables
from rag.text import clean, fold, syllables


@pytest.fixture(scope="module")
def lexicon(settings):
    return load_lexicon(settings.corpus, load_syllables(settings.corpus))


def test_read_adds_the_meaning_of_what_the_guides_do_not_know_and_keeps_the_word(assistant):
    query = assistant.reader.read("làm gcnqsdđ").query
    assert query == "làm gcnqsdđ giấy chứng nhận quyền sử dụng đất"
    assert assistant.reader.read("mất cccd").query == "mất cccd"


def test_read_shows_short_forms_and_mended_words_but_not_writing_style(assistant):
    assert assistant.reader.read("làm gks thì sao").shown == "làm giấy khai sinh thì sao"
    assert assistant.reader.read("lamf ther owr ddaau").shown == "làm thẻ ở đâu"
    assert assistant.reader.read("làm sao zậy").shown is None
    assert assistant.reader.read("Làm thẻ ở đâu?").shown is None
    assert assistant.reader.read("Làm thẻ ở đâu?\nCó mất tiền không?").shown is None


def test_a_form_that_is_also_a_common_word_needs_its_marks(lexicon):
    assert [entry.means for entry in lexicon.find(["mất", "thẻ", "gòi"])] == ["rồi"]
    assert lexicon.find(["co", "nguoi", "goi", "dien"]) == []


def test_as_typed_reads_nothing():
    assert as_typed("mat cccd") == Reading("mat cccd", "mat cccd", None)


def test_every_entry_is_found_in_its_own_example(settings, lexicon):
    import yaml

    for name, key in (("abbreviations.yaml", "short"), ("spoken.yaml", "said")):
        rows = yaml.safe_load((settings.corpus / "lexicon" / name).read_text(encoding="utf-8"))
        for row in rows:
            said = tuple(syllables(clean(str(row[key]))))
            found = [entry.said for entry in lexicon.find(syllables(clean(row["example"])))]
            assert said in found, row


def test_no_form_stands_twice(lexicon):
    forms = [fold(" ".join(entry.said)) for entry in lexicon.entries if not entry.exact]
    assert len(forms) == len(set(forms))


def test_load_lexicon_names_the_broken_file(tmp_path):
    (tmp_path / "lexicon").mkdir()
    (tmp_path / "lexicon" / "abbreviations.yaml").write_text("- {short: cc}\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"abbreviations\.yaml:1"):
        load_lexicon(tmp_path, ())
