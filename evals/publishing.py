"""The gate before a version answers learners: do the cases of corrections pass, and which answers would change.

A version is an index generation with the prompts and the model that word its answers. Asks the assistants that it is
given, writes nothing; what follows is decided by the caller.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from pydantic import ValidationError

from evals.cases import ANSWERED_KINDS, Case, readable
from evals.checks import Judged, forbidden_said, not_forbidden, numbers, right, status, vital_strict
from evals.meaning import plain
from evals.runs import Output
from rag.answers import Answer, answer_json
from rag.assistant import Assistant
from rag.curated import CuratedAnswer, lapses
from rag.errors import CaseError
from rag.records.cases import StoredCase
from rag.settings import PROJECT
from rag.text import fold, syllables

MAX_QUESTIONS = 300
# A model takes seconds a question and its tokens cost money.
MAX_QUESTIONS_OF_A_MODEL = 40
GROUP_TITLES = {
    "answered": "trả lời", "partial": "trả lời một phần", "declined": "từ chối vì không có trong tài liệu",
    "clarify": "hỏi lại cho rõ", "safety": "cảnh báo an toàn", "error": "báo lỗi",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Version:
    """What answers depend on. `edition` is "" for the shipped guides, `model` "" where none words answers."""

    generation: str
    edition: str
    prompts: str
    model: str
    embedding: str


@dataclass(frozen=True, slots=True)
class Failing:
    """A case whose mistake a version makes again; `why` in Vietnamese."""

    case_id: str
    question: str
    why: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A question that two versions answer differently, each answer with what is behind "xem thêm"."""

    question: str
    old: str
    new: str


def version(assistant: Assistant) -> Version:
    """Return the version that an assistant answers from."""
    manifest = assistant.index.manifest
    model = assistant.writer.model.name if assistant.writer else ""
    return Version(
        assistant.index.folder.name, manifest.edition, prompts_digest(), model[:120], manifest.embedding_digest
    )


def prompts_digest() -> str:
    """Return sha256 over the prompts."""
    digest = sha256()
    for path in sorted((PROJECT / "prompts").glob("*.md")):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def cases_of(stored: Sequence[StoredCase]) -> list[Case]:
    """Return stored cases as the checks take them. Raises CaseError for one that this program no longer understands."""
    cases = []
    for row in stored:
        try:
            cases.append(Case.model_validate(row.case))
        except ValidationError as error:
            raise CaseError(f"case {row.id}: {readable(error.errors()[0])}; withdraw it and make it again") from error
    return cases


def use_holding(assistant: Assistant, curated: Sequence[CuratedAnswer]) -> None:
    """Let a candidate serve the approved answers that hold in it, as it would for learners."""
    assistant.use_curated([a for a in curated if not lapses(a, assistant.passages, assistant.today())])


def failing(cases: Sequence[Case], assistant: Assistant, done: Callable[[], None] = lambda: None) -> list[Failing]:
    """Return the cases that do not pass, asked as learners ask today."""
    passages = {p.id: p for p in assistant.index.passages}
    found = []
    for case in cases:
        answer = assistant.ask(case.question, case.turns())
        judged = Judged(case, Output(id=case.id, answer=answer_json(answer)), passages, {})
        if why := _why(judged):
            found.append(Failing(case.id, case.question, why))
        done()
    return found


def differences(
    questions: Sequence[str], old: Assistant, new: Assistant, done: Callable[[], None] = lambda: None
) -> list[Difference]:
    """Return the questions whose answers say something else; marks and Markdown apart."""
    found = []
    for question in questions:
        before, after = _said(old.ask(question)), _said(new.ask(question))
        if before != after:
            found.append(Difference(question, before, after))
        done()
    return found


def compared(
    cases: Sequence[Case], curated: Sequence[CuratedAnswer], frequent: Sequence[str], by_model: bool
) -> list[str]:
    """Return the questions to compare two versions with, each once but for marks and case, the cases' first."""
    each: dict[str, str] = {}
    for question in (*(case.question for case in cases if not case.history), *(a.question for a in curated), *frequent):
        each.setdefault(" ".join(syllables(fold(question))), question)
    return list(each.values())[: MAX_QUESTIONS_OF_A_MODEL if by_model else MAX_QUESTIONS]


def _said(answer: Answer) -> str:
    return plain("\n".join(filter(None, (answer.text, answer.more))))


def _why(judged: Judged) -> str:
    """Return in Vietnamese why a case does not pass; "" when it does."""
    verdict = right(judged)
    unscored = verdict.value is None and (status(judged).value == 0 or not_forbidden(judged).value == 0)
    return " ".join(_reasons(judged)) if verdict.value == 0 or unscored else ""


def _reasons(judged: Judged) -> Iterator[str]:
    if status(judged).value == 0:
        wanted = " hoặc ".join(GROUP_TITLES.get(group, group) for group in judged.case.expected)
        group = judged.output.group
        yield f"Cần {wanted}, nhưng máy lại {GROUP_TITLES.get(group, group)}."
    if missed := vital_strict(judged).found:
        yield f"Thiếu ý bắt buộc: {_quoted(missed)}."
    if said := forbidden_said(judged.case, judged.output.text):
        yield f"Nói điều không được nói: {_quoted(said)}."
    if judged.case.kind in ANSWERED_KINDS and (wrong := numbers(judged).found):
        yield f"Có số liệu không đúng tài liệu: {_quoted(wrong)}."


def _quoted(texts: Sequence[str]) -> str:
    return "; ".join(f"“{text.rstrip('.')}”" for text in dict.fromkeys(texts))
