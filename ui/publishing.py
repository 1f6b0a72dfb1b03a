"""From approved changes to what learners are answered: a candidate beside what serves, the gate, publishing, going back.

A candidate is built in a process of its own and asked in a thread, so that learners go on being answered. Whatever
fails leaves the version in use as it is. `admit` holds the gate for what an operator brings: a model, prompts, an update.
"""

import logging
import multiprocessing
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection

from evals.cases import Case
from evals.publishing import (
    Difference,
    Failing,
    Version,
    cases_of,
    compared,
    differences,
    failing,
    use_holding,
    version,
)
from rag.assistant import Assistant
from rag.editions import (
    EditedFile,
    corpus_in_use,
    edition_folder,
    edition_in_use,
    file_digest,
    make_edition,
    renew_edition,
)
from rag.errors import BinhDanError, CorpusError, GateError, IndexStateError, RecordError
from rag.index import corpus_digest, current_generation, generations
from rag.records import Records
from rag.records.accounts import User
from rag.records.changes import Change, ChangeState
from rag.records.publications import Override, Publication, PublicationState
from rag.roles import Role
from rag.serving import Serving, build_generation, open_assistant, serving_state, use_generation
from rag.settings import Settings
from ui.problem_words import in_words

log = logging.getLogger(__name__)

OPERATOR = "operator"
MIN_REASON_CHARS = 20
_FREQUENT, _FREQUENT_SINCE = 100, timedelta(days=90)
_INTERRUPTED = "Máy chủ dừng khi đang chuẩn bị. Bản đang dùng không đổi. Bạn bấm chuẩn bị lại nhé."
_CHILD_ENDED = "Việc chuẩn bị bị dừng giữa chừng. Bản đang dùng không đổi. Bạn thử lại, hoặc báo người vận hành."
_FAILED = "Không chuẩn bị được bản mới. Bản đang dùng không đổi. Người vận hành xem nhật ký để biết lý do."
_STEPS = {
    "": "Đang kiểm tra các hướng dẫn",
    "reading the guides": "Đang đọc các hướng dẫn",
    "writing the keyword index": "Đang lập mục lục tìm theo từ",
    "writing the vectors": "Đang lập mục lục tìm theo nghĩa",
    "writing the Chroma store": "Đang cất mục lục",
    "checking the new index": "Đang soát lại mục lục",
    "cases": "Đang hỏi thử các ca từ lỗi",
    "questions": "Đang so câu trả lời cũ và mới",
}


def may_publish(user: User) -> bool:
    """Tell whether an account may publish, override and go back: what learners everywhere read is decided by no one place."""
    return user.role is Role.ADMIN or (user.role is Role.TRAINER and user.locality_id is None)


@dataclass(frozen=True, slots=True)
class Progress:
    """What a candidate's making is at: a sentence, and how many of the steps or questions of it are done."""

    doing: str = ""
    done: int = 0
    total: int = 0


@dataclass
class Publishing:
    """The one candidate that an application has in the making, and its way to the learners."""

    serving: Serving
    records: Records
    settings: Settings
    progress: Progress = Progress()
    _switching: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Candidates that were being built when the program ended came to nothing."""
        self.records.publications.abandon(_INTERRUPTED)

    def waiting(self) -> tuple[list[Change], list[Change]]:
        """Return the approved changes that the next version brings, and those that were written on an older text."""
        approved = self.records.changes.all(ChangeState.APPROVED)[::-1]
        corpus, paths = corpus_in_use(self.settings), set[str]()
        stale = {c.id for c in approved if c.draft.base != file_digest(corpus, c.draft.path)}
        for change in approved:
            if change.draft.path in paths:
                stale.add(change.id)
            paths.add(change.draft.path)
        late = [c for c in approved if stale & set(c.together)]
        return [c for c in approved if c not in late], late

    def begin(self, user: User) -> threading.Thread:
        """Begin a candidate of the changes that wait; return the thread that makes it. Raises RecordError when one is on its way."""
        changes, _ = self.waiting()
        if not changes:
            raise RecordError("no approved change waits")
        number = self.records.publications.add(user.name, user.shown, [c.id for c in changes])
        self.progress = Progress(_STEPS[""], 0, len(_STEPS))
        thread = threading.Thread(target=self._work, args=(number, changes), daemon=True)
        thread.start()
        return thread

    def failing_now(self, publication: Publication) -> list[Mapping[str, str]]:
        """Return the cases that fail today: those found, without the withdrawn ones, and any made since that fails as well."""
        stored = self.records.cases.live()
        known = [row for row in publication.failing if row["case"] in {case.id for case in stored}]
        late = cases_of([row for row in stored if row.made_at > publication.made_at])
        if not late:
            return known
        candidate = self._candidate(publication.generation)
        fresh = [row for row in known if row["case"] not in {case.id for case in late}]
        return [*fresh, *map(_failing_row, failing(late, candidate))]

    def publish(self, user: User, number: int, override: Override | None = None) -> list[Mapping[str, str]]:
        """Put a candidate in use for everybody at once; return the cases that keep it back, [] when it is published.

        Raises RecordError or IndexStateError when it is no candidate any more; what serves stays.
        """
        with self._switching:
            publication = self.records.publications.get(number)
            if publication.state not in (PublicationState.READY, PublicationState.BLOCKED):
                raise RecordError(f"publication {number} is {publication.state}")
            found = self.failing_now(publication)
            self.records.publications.judge(number, found)
            if found and override is None:
                return found
            accepted = override if found else None
            note = self.records.publications.publish
            self._switch(publication.generation, lambda: note(number, user.name, user.shown, accepted))
            return []

    def roll_back(self, user: User, number: int) -> None:
        """Put an earlier version in use again. Raises RecordError or IndexStateError; what serves stays then."""
        with self._switching:
            generation = self.records.publications.get(number).generation
            self._switch(generation, lambda: self.records.publications.roll_back(number, user.name, user.shown))

    def _switch(self, generation: str, record: Callable[[], None]) -> None:
        """Put a generation in use and note it: both or neither."""
        before = current_generation(self.settings.index_folder).name
        use_generation(self.settings, generation)
        try:
            record()
        except RecordError:
            use_generation(self.settings, before)
            raise
        self.serving.reload()

    def _work(self, number: int, changes: Sequence[Change]) -> None:
        try:
            generation = self._built(_edits(self.settings, changes))
            self._check(number, generation)
        except CorpusError as error:
            self._fail(
                number, "Các thay đổi này chưa đi được với nhau. " + " ".join(map(in_words, str(error).split("\n")))
            )
        except EOFError:
            log.error("the process that built publication %d has ended", number)
            self._fail(number, _CHILD_ENDED)
        except Exception:  # the boundary of the background thread: the page says so, the log has the trace
            log.exception("publication %d could not be built", number)
            self._fail(number, _FAILED)

    def _built(self, edits: Mapping[str, EditedFile]) -> str:
        """Build the edition and its generation in another process; return the generation's name."""
        context = multiprocessing.get_context("spawn")
        told, tell = context.Pipe(duplex=False)
        process = context.Process(target=_build, args=(self.settings, dict(edits), tell), daemon=True)
        process.start()
        tell.close()  # or the end of the other process would not be noticed
        try:
            while not isinstance(said := told.recv(), tuple):
                self._step(said)
        finally:
            process.join()
        name, error = said
        if error:
            raise error
        return name

    def _check(self, number: int, generation: str) -> None:
        candidate, in_use = self._candidate(generation), self.serving.assistant
        cases = cases_of(self.records.cases.live())
        self._step("cases")
        found = failing(cases, candidate)
        questions = _questions(self.records, cases, candidate)
        self.progress = Progress(_STEPS["questions"], 0, len(questions))
        changed = differences(questions, in_use, candidate, self._count)
        self.records.publications.built(
            number, _made_of(version(candidate)), [*map(_failing_row, found)], [*map(asdict, changed)]
        )

    def _candidate(self, generation: str) -> Assistant:
        candidate = self.serving.beside(generation)
        use_holding(candidate, self.records.curated.live())
        return candidate

    def _step(self, said: str) -> None:
        if said in _STEPS:
            self.progress = Progress(_STEPS[said], list(_STEPS).index(said), len(_STEPS))

    def _count(self) -> None:
        self.progress = Progress(self.progress.doing, self.progress.done + 1, self.progress.total)

    def _fail(self, number: int, message: str) -> None:
        try:
            self.records.publications.fail(number, message)
        except RecordError:
            log.exception("publication %d could not be noted as failed", number)


@dataclass(frozen=True, slots=True)
class Gate:
    """What the gate said of a version that an operator brings; `new` is False for the one that is published already."""

    version: Version
    new: bool
    failing: tuple[Failing, ...]
    differences: tuple[Difference, ...]


def prepared(settings: Settings, progress: Callable[[str], None]) -> str:
    """Return the generation that the settings describe, built where there is none; nothing is put in use."""
    edition = renew_edition(settings, progress)
    if edition == edition_in_use(settings) and not serving_state(settings):
        return current_generation(settings.index_folder).name
    digest = corpus_digest(edition_folder(settings, edition))
    alike = (g.name for g in reversed(generations(settings.index_folder)) if g.corpus_digest == digest)
    if name := next((name for name in alike if not serving_state(settings, name)), None):
        return name
    return build_generation(settings, edition, progress, switch=False).name


def asked(records: Records, assistant: Assistant, before: Assistant | None = None) -> Gate:
    """Ask the cases of an assistant whose version is not the published one, and compare its answers with `before`."""
    found, newest = version(assistant), records.publications.newest()
    if newest and (newest.generation, newest.prompts, newest.model) == (found.generation, found.prompts, found.model):
        return Gate(found, False, (), ())
    cases = cases_of(records.cases.live())
    use_holding(assistant, records.curated.live())
    changed = differences(_questions(records, cases, assistant), before, assistant) if before else []
    return Gate(found, True, tuple(failing(cases, assistant)), tuple(changed))


def admit(settings: Settings, records: Records, gate: Gate, override: Override | None = None) -> None:
    """Put a version that passes the gate in use and note it. Raises GateError when it does not pass; nothing changes then."""
    if gate.failing and override is None:
        names = ", ".join(row.case_id for row in gate.failing)
        raise GateError(
            f"this version fails {len(gate.failing)} regression cases ({names}); "
            "to serve it all the same: binhdan publish --override NAME --reason TEXT"
        )
    if not _is_current(settings, gate.version.generation):
        use_generation(settings, gate.version.generation)
    if gate.new:
        rows = [*map(_failing_row, gate.failing)]
        records.publications.admit(OPERATOR, _made_of(gate.version), rows, override if rows else None)


def admitted(settings: Settings, records: Records, progress: Callable[[str], None]) -> Assistant:
    """Return the assistant of the version that the settings describe, put in use. Raises GateError when a case fails."""
    assistant = open_assistant(settings, prepared(settings, progress))
    admit(settings, records, asked(records, assistant))
    return assistant


def in_use_before(settings: Settings, generation: str) -> Assistant | None:
    """Return the assistant of the generation in use, to compare another with; None where there is none to compare."""
    try:
        name = current_generation(settings.index_folder).name
        return open_assistant(settings, name) if name != generation else None
    except BinhDanError:  # no index yet, or one that an update has made stale: nothing serves that could be compared
        return None


def _build(settings: Settings, edits: dict[str, EditedFile], tell: Connection) -> None:
    """Build an edition of the edits and its generation; tell each step, then (name, None) or ("", error)."""
    try:
        edition = make_edition(settings, edits).name
        tell.send((build_generation(settings, edition, tell.send, switch=False).name, None))
    except BinhDanError as error:
        tell.send(("", error))


def _edits(settings: Settings, changes: Sequence[Change]) -> dict[str, EditedFile]:
    return {
        change.draft.path: EditedFile(
            change.draft.text, file_digest(settings.corpus, change.draft.path), str(change.id)
        )
        for change in changes
    }


def _questions(records: Records, cases: Sequence[Case], assistant: Assistant) -> list[str]:
    frequent = records.answers.frequent(datetime.now(UTC) - _FREQUENT_SINCE, _FREQUENT)
    return compared(cases, records.curated.live(), frequent, by_model=assistant.writer is not None)


def _made_of(found: Version) -> dict[str, str]:
    return {
        "generation": found.generation, "edition": found.edition, "prompts": found.prompts, "model": found.model,
    }  # fmt: skip


def _failing_row(row: Failing) -> dict[str, str]:
    return {"case": row.case_id, "question": row.question, "why": row.why}


def _is_current(settings: Settings, generation: str) -> bool:
    try:
        return current_generation(settings.index_folder).name == generation
    except IndexStateError:
        return False
