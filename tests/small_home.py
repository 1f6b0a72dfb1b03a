"""A home and a corpus of one guide, indexed within seconds, whose publications a test may make."""

import shutil
from datetime import date

from conftest import copy_small_corpus

from evals.cases import case_json
from evals.correction_cases import case_of_correction
from rag.curated import CuratedCitation
from rag.serving import build_generation
from rag.settings import PROJECT, Settings

GUIDE, SHEET = "guides/vneid/vneid-dang-ky-muc-2.md", "facts/vneid-dang-ky-muc-2.yaml"
QUESTION = "Làm định danh mức 2 mấy ngày có kết quả?"
OLD = "Làm mức 2 khi thẻ căn cước còn hạn: không quá 03 ngày làm việc."
VAGUE = "Làm mức 2 khi thẻ căn cước còn hạn: vài ngày làm việc, bạn yên tâm."
BETTER = "Làm mức 2 khi thẻ căn cước còn hạn: tối đa 03 ngày làm việc, bạn yên tâm."
REASON = "Trang của Bộ Công an đã ghi rõ."
SOURCE = {
    "publisher": "Bộ Công an", "title": "Thủ tục mức 2", "url": "https://bocongan.gov.vn/muc-2", "date": "2026-11-01",
    "official": True,
}  # fmt: skip


def build_once(folder):
    """Make the corpus and its index; `settings_in` copies them for one test."""
    corpus = copy_small_corpus(folder / "corpus")
    for name in ("kinds.safetensors", "scams.safetensors"):
        shutil.copy(PROJECT / "corpus" / name, corpus / name)
    build_generation(Settings(home=folder / "home", corpus=corpus), "")
    return folder


def settings_in(once, folder):
    shutil.copytree(once, folder, dirs_exist_ok=True)
    return Settings(home=folder / "home", corpus=folder / "corpus", today=date(2026, 11, 25))


def served_text(settings, path=GUIDE):
    from rag.editions import corpus_in_use

    return (corpus_in_use(settings) / path).read_text(encoding="utf-8")


def add_case(records, assistant, user, correction=OLD, marked="", case_id="sua-hai-ngay"):
    """Store the case of a correction: the answer must state three days."""
    passage = next(p for p in assistant.index.passages if OLD in p.text or correction in p.text)
    cited = [CuratedCitation(1, passage.id, passage.digest, correction)]
    case = case_of_correction(
        case_id, QUESTION, f"{correction} [1]", cited, marked, user.shown, assistant.index.guides, assistant.today()
    )
    records.cases.add(user, case_json(case))
    return case
