import pytest
from people import person

from rag.errors import RecordError
from rag.records.changes import ChangeState, Draft, Evidence
from rag.records.publications import Override, PublicationState

S = PublicationState
FAILING = [{"case": "sua-1", "question": "mấy ngày", "why": "Thiếu ý bắt buộc: “03 ngày”."}]
OVERRIDE = Override("Nguyễn Thị Lan", "Ca này viết theo quy định đã hết hiệu lực.")


def made_of(generation):
    return {"generation": generation, "edition": "", "prompts": "p" * 64, "model": ""}


def approved(store, path="guides/a/b.md"):
    """Return the id of an approved change."""
    draft, evidence = Draft(path, "d1", "x\n"), Evidence("Bộ", "Văn bản", "", "2026-11-01", True)
    (number,) = store.changes.propose(person(store, name="lan"), [draft], "vì sao", evidence)
    store.changes.approve(person(store, name="hoa"), number)
    return number


def candidate(store, generation, changes=(), failing=()):
    number = store.publications.add("lan", "Lan", changes)
    store.publications.built(number, made_of(generation), failing, [{"question": "q", "old": "a", "new": "b"}])
    return number


def published(store, generation, changes=()):
    number = candidate(store, generation, changes)
    store.publications.publish(number, "lan", "Lan")
    return number


def states(store):
    return {p.generation: p.state for p in reversed(store.publications.published())}


def test_a_candidate_is_ready_or_blocked_by_what_fails(store):
    ready = candidate(store, "000002")
    assert store.publications.candidate().state is S.READY
    blocked = candidate(store, "000003", failing=FAILING)
    found = store.publications.get(blocked)
    assert (found.state, list(found.failing)) == (S.BLOCKED, FAILING)
    assert found.differences[0]["new"] == "b"
    assert store.publications.get(ready).state is S.FAILED
    assert store.publications.candidate() == found


def test_only_one_candidate_is_built_at_a_time_and_one_that_was_cut_off_makes_room(store):
    number = store.publications.add("lan", "Lan", [])
    with pytest.raises(RecordError, match="being built"):
        store.publications.add("hoa", "Hoa", [])
    store.publications.abandon("Máy chủ dừng.")
    found = store.publications.get(number)
    assert (found.state, found.message) == (S.FAILED, "Máy chủ dừng.")
    store.publications.add("hoa", "Hoa", [])


def test_publishing_notes_who_and_takes_its_changes_along(store):
    change = approved(store)
    number = published(store, "000002", [change])
    newest = store.publications.newest()
    assert (newest.id, newest.published_by, newest.override_reason) == (number, "Lan", None)
    assert store.changes.get(change).state is ChangeState.PUBLISHED
    assert store.publications.candidate() is None


def test_a_blocked_candidate_is_published_only_with_a_name_and_a_reason_that_are_audited(store):
    number = candidate(store, "000002", failing=FAILING)
    with pytest.raises(RecordError, match="is not ready"):
        store.publications.publish(number, "lan", "Lan")
    assert store.publications.newest() is None
    store.publications.publish(number, "lan", "Lan", OVERRIDE)
    assert store.publications.newest().override_reason == f"{OVERRIDE.by}: {OVERRIDE.reason}"
    entry = store.audit.entries()[0]
    assert (entry.who, entry.action) == ("lan", "published-over-failing-cases")
    assert (entry.detail["override_by"], entry.detail["reason"]) == (OVERRIDE.by, OVERRIDE.reason)
    assert entry.detail["failing"] == ["sua-1"]


def test_a_case_made_meanwhile_blocks_and_one_withdrawn_meanwhile_frees(store):
    number = candidate(store, "000002")
    store.publications.judge(number, FAILING)
    assert store.publications.get(number).state is S.BLOCKED
    store.publications.judge(number, [])
    store.publications.publish(number, "lan", "Lan")


@pytest.mark.parametrize("state", ["failed", "published"])
def test_what_is_no_candidate_any_more_is_not_published(store, state):
    number = candidate(store, "000002")
    if state == "failed":
        store.publications.fail(number, "Không dựng được.")
    else:
        store.publications.publish(number, "lan", "Lan")
    with pytest.raises(RecordError):
        store.publications.publish(number, "hoa", "Hoa", OVERRIDE)


def test_going_back_undoes_what_was_published_since_and_its_changes_wait_for_a_second_person(store):
    first = published(store, "000001")
    change = approved(store)
    published(store, "000002", [change])
    waiting = candidate(store, "000003")
    store.publications.roll_back(first, "hoa", "Hoa")
    assert store.publications.newest().generation == "000001"
    assert states(store) == {"000001": S.PUBLISHED, "000002": S.ROLLED_BACK}
    assert store.changes.get(change).state is ChangeState.PROPOSED
    assert store.publications.get(waiting).state is S.FAILED
    entry = next(e for e in store.audit.entries() if e.action == "rolled-back")
    assert (entry.who, entry.subject, entry.detail["generation"]) == ("hoa", str(first), "000001")


def test_going_forward_again_publishes_the_changes_again(store):
    first = published(store, "000001")
    change = approved(store)
    second = published(store, "000002", [change])
    store.publications.roll_back(first, "hoa", "Hoa")
    store.publications.roll_back(second, "hoa", "Hoa")
    assert store.publications.newest().generation == "000002"
    assert store.changes.get(change).state is ChangeState.PUBLISHED


def test_nobody_goes_back_to_what_was_never_published(store):
    number = candidate(store, "000002")
    with pytest.raises(RecordError, match="never published"):
        store.publications.roll_back(number, "hoa", "Hoa")


def test_an_operators_version_is_noted_as_published_and_sets_a_candidate_aside(store):
    waiting = candidate(store, "000002")
    store.publications.admit("operator", made_of("000001"), FAILING, OVERRIDE)
    newest = store.publications.newest()
    assert (newest.generation, newest.made_by, newest.published_by) == ("000001", "operator", OVERRIDE.by)
    assert store.publications.get(waiting).state is S.FAILED
    assert store.audit.entries()[0].detail["reason"] == OVERRIDE.reason
