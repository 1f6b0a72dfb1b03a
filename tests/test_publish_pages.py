"""From an approved change to learners: candidate, gate, override, going back, each on its page and with real indexes."""

import time
from html import unescape

import pytest
from people import client, person
from small_home import (
    BETTER,
    GUIDE,
    OLD,
    QUESTION,
    REASON,
    SOURCE,
    VAGUE,
    add_case,
    build_once,
    served_text,
    settings_in,
)
from test_cli import binhdan

from rag.curated import CuratedCitation
from rag.editions import corpus_in_use, edition_in_use, file_digest
from rag.errors import GateError
from rag.glossary import load_glossary
from rag.index import current_generation
from rag.records import Records
from rag.records.changes import ChangeState, Draft, Evidence
from rag.records.curated import CuratedState
from rag.records.publications import Override, PublicationState
from rag.roles import Role
from rag.serving import Serving, open_assistant
from ui.app import create_app
from ui.publishing import admit, admitted, asked, may_publish, prepared

pytestmark = pytest.mark.slow
PAGE = "/huong-dan-vien/xuat-ban"
WHY = "Quy định cũ đã hết hiệu lực từ tháng này."


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    return build_once(tmp_path_factory.mktemp("once"))


class Place:
    """An application over the small corpus, whose first version is published."""

    def __init__(self, once, folder):
        self.settings = settings_in(once, folder)
        self.records = Records.open(self.settings.records_url)
        self.serving = Serving(admitted(self.settings, self.records, lambda _: None), self.settings)
        self.app = create_app(self.serving, self.records, load_glossary(self.settings.corpus), self.settings)
        self.lan = person(self.records, name="lan")
        self.hoa = person(self.records, name="hoa")
        self.browser = client(self.app, self.records, self.lan)

    def approved(self, new, old=OLD):
        text = served_text(self.settings)
        assert old in text
        base = file_digest(corpus_in_use(self.settings), GUIDE)
        draft = Draft(GUIDE, base, text.replace(old, new))
        (number,) = self.records.changes.propose(self.lan, [draft], REASON, Evidence(**SOURCE))
        self.records.changes.approve(self.hoa, number)
        return number

    def send(self, path=PAGE, **form):
        return self.browser.post(path, data={"token": self.browser.token, **form})

    def prepared(self):
        """Prepare a candidate on the page, as its script waits for it, and return it."""
        reply = self.send()
        assert reply.status_code == 303, reply.text
        deadline = time.time() + 120
        while self.browser.get(f"{PAGE}/viec").json()["state"] == "building" and time.time() < deadline:
            time.sleep(0.2)
        return self.records.publications.candidate()

    def told(self):
        return self.serving.assistant.ask(QUESTION).text


@pytest.fixture
def place(once, tmp_path):
    place = Place(once, tmp_path)
    yield place
    place.records.close()


def test_an_approved_change_reaches_learners_once_published_and_leaves_them_in_one_tap(place):
    first = place.records.publications.newest()
    change = place.approved(BETTER)
    candidate = place.prepared()
    assert candidate.state is PublicationState.READY, candidate.message
    assert OLD in place.told()
    page = unescape(place.browser.get(PAGE).text)
    assert "Mọi ca đều đạt." in page
    assert place.send(f"{PAGE}/{candidate.id}").status_code == 303
    assert BETTER in place.told()
    assert place.records.changes.get(change).state is ChangeState.PUBLISHED
    assert place.records.publications.newest().generation == current_generation(place.settings.index_folder).name
    assert f"{PAGE}/{first.id}/quay-lai" in place.browser.get(PAGE).text
    assert place.send(f"{PAGE}/{first.id}/quay-lai").status_code == 303
    assert OLD in place.told()
    assert place.records.changes.get(change).state is ChangeState.PROPOSED
    assert edition_in_use(place.settings) == ""


def test_a_version_that_makes_a_mistake_again_is_blocked_by_name_and_shows_old_and_new(place):
    case = add_case(place.records, place.serving.assistant, place.lan)
    place.approved(VAGUE)
    candidate = place.prepared()
    assert candidate.state is PublicationState.BLOCKED, candidate.message
    page = unescape(place.browser.get(PAGE).text)
    assert case.id in page
    assert "Thiếu ý bắt buộc" in page
    assert OLD in page
    assert VAGUE in page
    assert place.send(f"{PAGE}/{candidate.id}").status_code == 409
    assert OLD in place.told()


@pytest.mark.parametrize("form", [{"by": "", "reason": WHY}, {"by": "Nguyễn Thị Lan", "reason": "vội quá"}])
def test_an_override_without_a_name_or_a_real_reason_is_refused_and_what_was_typed_stays(place, form):
    add_case(place.records, place.serving.assistant, place.lan)
    place.approved(VAGUE)
    candidate = place.prepared()
    reply = place.send(f"{PAGE}/{candidate.id}", override="true", **form)
    assert reply.status_code == 422
    assert all(value in unescape(reply.text) for value in form.values())
    assert OLD in place.told()
    accepted = place.send(f"{PAGE}/{candidate.id}", override="true", by="Nguyễn Thị Lan", reason=WHY)
    assert accepted.status_code == 303
    assert VAGUE in place.told()
    entry = next(e for e in place.records.audit.entries() if e.action == "published-over-failing-cases")
    assert (entry.who, entry.detail["override_by"], entry.detail["reason"]) == ("lan", "Nguyễn Thị Lan", WHY)
    assert WHY in unescape(place.browser.get(PAGE).text)


def test_a_case_made_after_the_check_blocks_and_one_withdrawn_frees(place):
    place.approved(VAGUE)
    candidate = place.prepared()
    assert candidate.state is PublicationState.READY, candidate.message
    case = add_case(place.records, place.serving.assistant, place.lan)
    assert place.send(f"{PAGE}/{candidate.id}").status_code == 409
    assert place.records.publications.candidate().failing[0]["case"] == case.id
    place.records.cases.withdraw(place.hoa, case.id, "không còn đúng")
    assert place.send(f"{PAGE}/{candidate.id}").status_code == 303
    assert VAGUE in place.told()


def test_an_approved_answer_whose_passage_changes_loses_its_badge_and_returns_to_the_queue(place):
    passage = next(p for p in place.serving.assistant.index.passages if OLD in p.text)
    cited = [CuratedCitation(1, passage.id, passage.digest, OLD)]
    place.records.curated.approve(place.hoa, QUESTION, "Tối đa 03 ngày làm việc. [1]", cited)
    place.serving.prepare(lambda a: a.use_curated(place.records.curated.live()))
    assert place.serving.assistant.ask(QUESTION).checked_by
    from ui.curation import refresh

    place.serving.prepare(lambda a: refresh(place.records, a))
    place.approved(BETTER)
    candidate = place.prepared()
    assert place.send(f"{PAGE}/{candidate.id}").status_code == 303
    assert not place.serving.assistant.ask(QUESTION).checked_by
    assert place.records.curated.all()[0].state is CuratedState.LAPSED


def test_changes_that_do_not_go_together_leave_a_sentence_and_the_old_version(place):
    place.approved(OLD.replace("03", "09"))
    candidate = place.prepared()
    assert candidate.state is PublicationState.FAILED
    assert "Có số liệu" in candidate.message
    assert candidate.message in unescape(place.browser.get(PAGE).text)
    assert OLD in place.told()


def test_a_killed_build_leaves_a_sentence_and_the_old_version(place, monkeypatch):
    monkeypatch.setattr("ui.publishing._build", _killed)
    place.approved(BETTER)
    candidate = place.prepared()
    assert candidate.state is PublicationState.FAILED
    assert "bị dừng giữa chừng" in candidate.message
    assert OLD in place.told()
    monkeypatch.undo()
    assert place.prepared().state is PublicationState.READY


def _killed(*_):
    import os
    import signal

    os.kill(os.getpid(), signal.SIGKILL)


def test_a_candidate_that_was_built_when_the_server_ended_makes_room_at_the_next_start(place):
    number = place.records.publications.add("lan", "Lan", [])
    place.approved(BETTER)
    assert place.send().status_code == 409
    create_app(place.serving, place.records, load_glossary(place.settings.corpus), place.settings)
    assert place.records.publications.get(number).state is PublicationState.FAILED
    assert place.prepared().state is PublicationState.READY


def test_a_change_written_on_an_older_text_is_left_out_and_named(place):
    first = place.approved(BETTER)
    draft = Draft("facts/vneid-dang-ky-muc-2.yaml", "0" * 64, "x\n")
    (late,) = place.records.changes.propose(place.lan, [draft], REASON, Evidence(**SOURCE))
    place.records.changes.approve(place.hoa, late)
    assert f"thay đổi {late}" in place.browser.get(PAGE).text
    assert place.prepared().changes == (first,)


def test_without_an_approved_change_there_is_nothing_to_prepare(place):
    assert "Chuẩn bị bản mới" not in place.browser.get(PAGE).text
    assert place.send().status_code == 409
    assert place.records.publications.candidate() is None


def test_a_trainer_of_one_place_reads_the_page_and_publishes_nothing(place):
    locality = place.records.localities.put("operator", "Hà Nội").id
    local = person(place.records, name="dia-phuong", locality_id=locality)
    place.approved(BETTER)
    browser = client(place.app, place.records, local)
    assert "Chuẩn bị bản mới</button>" not in browser.get(PAGE).text
    for path in (PAGE, f"{PAGE}/1", f"{PAGE}/1/quay-lai"):
        assert browser.post(path, data={"token": browser.token}).status_code == 403
    assert not may_publish(local)
    assert may_publish(place.lan)
    assert may_publish(person(place.records, Role.ADMIN, "quan-tri", locality))


def test_a_start_with_the_published_version_asks_nothing_and_a_new_one_is_noted(place):
    assistant = place.serving.assistant
    add_case(place.records, assistant, place.lan)
    assert not asked(place.records, assistant).new
    before = place.records.publications.newest()
    text = (place.settings.corpus / GUIDE).read_text(encoding="utf-8")
    (place.settings.corpus / GUIDE).write_text(text.replace(OLD, BETTER), encoding="utf-8")
    opened = admitted(place.settings, place.records, lambda _: None)
    assert BETTER in opened.ask(QUESTION).text
    newest = place.records.publications.newest()
    assert (newest.made_by, newest.generation) == ("operator", opened.index.folder.name)
    assert newest.id != before.id


def test_a_start_on_a_version_that_fails_a_case_is_refused_and_an_override_lets_it_serve(place):
    case = add_case(place.records, place.serving.assistant, place.lan)
    text = (place.settings.corpus / GUIDE).read_text(encoding="utf-8")
    (place.settings.corpus / GUIDE).write_text(text.replace(OLD, VAGUE), encoding="utf-8")
    before = current_generation(place.settings.index_folder)
    for _ in range(2):
        with pytest.raises(GateError, match=rf"{case.id}.*binhdan publish --override NAME --reason TEXT"):
            admitted(place.settings, place.records, lambda _: None)
    assert current_generation(place.settings.index_folder) == before
    name = prepared(place.settings, lambda _: None)
    assert int(name) == int(before.name) + 1
    gate = asked(place.records, open_assistant(place.settings, name))
    admit(place.settings, place.records, gate, Override("Nguyễn Thị Lan", WHY))
    assert place.records.publications.newest().override_reason == f"Nguyễn Thị Lan: {WHY}"
    assert VAGUE in admitted(place.settings, place.records, lambda _: None).ask(QUESTION).text


def test_other_prompts_are_a_new_version(place, monkeypatch):
    monkeypatch.setattr("evals.publishing.prompts_digest", lambda: "0" * 64)
    gate = asked(place.records, place.serving.assistant)
    assert gate.new
    assert gate.version.generation == place.records.publications.newest().generation


def test_the_command_line_holds_the_gate_with_exit_3_and_lets_a_name_and_a_reason_through(place):
    case = add_case(place.records, place.serving.assistant, place.lan)
    text = (place.settings.corpus / GUIDE).read_text(encoding="utf-8")
    (place.settings.corpus / GUIDE).write_text(text.replace(OLD, VAGUE), encoding="utf-8")

    def run(*args):
        return binhdan(*args, home=place.settings.home, BINHDAN_CORPUS=str(place.settings.corpus))

    for args in (("publish",), ("serve", "--port", "1")):
        done = run(*args)
        assert done.returncode == 3, done.stderr
        assert case.id in done.stderr.strip().split("\n")[-1]
        assert "binhdan publish --override NAME --reason TEXT" in done.stderr
    assert "Thiếu ý bắt buộc" in run("publish").stdout
    assert run("publish", "--override", "Nguyễn Thị Lan", "--reason", "vội").returncode == 2
    assert run("publish", "--override", "Nguyễn Thị Lan").returncode == 2
    done = run("publish", "--override", "Nguyễn Thị Lan", "--reason", WHY)
    assert (done.returncode, done.stdout.strip().split("\n")[-1]) == (0, "index generation 000002 is published")
    assert run("publish").stdout.strip() == "index generation 000002 is published already"
    assert place.serving.reload() == "000002"
    entry = place.records.audit.entries()[0]
    assert (entry.who, entry.detail["override_by"], entry.detail["reason"]) == ("operator", "Nguyễn Thị Lan", WHY)
