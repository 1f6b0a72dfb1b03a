import pytest
from people import person

from rag.errors import RecordError
from rag.records.changes import ChangeState, Draft, Evidence, reopen, set_published

EVIDENCE = Evidence("Bộ Công an", "Thủ tục", "https://bocongan.gov.vn/x", "2026-11-01", True, "a" * 64 + ".pdf")
GUIDE, SHEET = Draft("guides/a/b.md", "d1", "chữ mới\n"), Draft("facts/b.yaml", "d2", "id: b\n")


@pytest.fixture
def lan(store):
    return person(store, name="lan")


@pytest.fixture
def hoa(store):
    return person(store, name="hoa")


def test_a_change_comes_back_as_it_was_proposed(store, lan):
    (number,) = store.changes.propose(lan, [GUIDE], "sai phí", EVIDENCE)
    change = store.changes.get(number)
    assert (change.draft, change.evidence, change.reason) == (GUIDE, EVIDENCE, "sai phí")
    assert (change.proposer, change.state, change.decider, change.together) == ("Lan", "proposed", None, (number,))
    assert store.changes.open_for("guides/a/b.md") == change
    assert store.changes.open_for("guides/a/c.md") is None


def test_nobody_approves_what_they_proposed_themselves(store, lan, hoa):
    (number,) = store.changes.propose(lan, [GUIDE], "sai phí", EVIDENCE)
    with pytest.raises(RecordError, match="second person"):
        store.changes.approve(lan, number)
    assert store.changes.get(number).state is ChangeState.PROPOSED
    store.changes.approve(hoa, number)
    change = store.changes.get(number)
    assert (change.state, change.decider) == (ChangeState.APPROVED, "Hoa")
    assert change.decided_at is not None


def test_what_was_proposed_together_is_decided_together(store, lan, hoa):
    sheet, guide = store.changes.propose(lan, [SHEET, GUIDE], "đã xác nhận", EVIDENCE)
    store.changes.approve(hoa, guide)
    assert [c.state for c in store.changes.all()] == [ChangeState.APPROVED] * 2
    store.changes.refuse(hoa, sheet, "chờ thêm")
    assert {(c.state, c.note) for c in store.changes.all()} == {(ChangeState.REFUSED, "chờ thêm")}


def test_a_file_has_one_open_change_at_a_time_and_a_proposal_is_stored_whole_or_not_at_all(store, lan, hoa):
    (number,) = store.changes.propose(lan, [GUIDE], "một", EVIDENCE)
    with pytest.raises(RecordError, match="not decided"):
        store.changes.propose(hoa, [SHEET, GUIDE], "hai", EVIDENCE)
    assert len(store.changes.all()) == 1
    store.changes.refuse(lan, number, "rút lại")
    store.changes.propose(hoa, [SHEET, GUIDE], "hai", EVIDENCE)
    assert [c.proposer for c in store.changes.all()] == ["Hoa", "Hoa", "Lan"]
    assert len(store.changes.all(proposer=lan)) == 1


def test_a_change_is_decided_once(store, lan, hoa):
    (number,) = store.changes.propose(lan, [GUIDE], "một", EVIDENCE)
    store.changes.refuse(hoa, number, "nguồn cũ")
    for decide in (lambda: store.changes.approve(hoa, number), lambda: store.changes.refuse(hoa, number, "x")):
        with pytest.raises(RecordError, match="decided already"):
            decide()
    assert store.changes.get(number).note == "nguồn cũ"


def test_a_published_change_cannot_be_refused_and_one_taken_back_waits_again(store, lan, hoa):
    (number,) = store.changes.propose(lan, [GUIDE], "một", EVIDENCE)
    store.changes.approve(hoa, number)
    with store.database.writing() as connection:
        set_published(connection, "hoa", [number])
    with pytest.raises(RecordError):
        store.changes.refuse(hoa, number, "muộn rồi")
    with store.database.writing() as connection:
        reopen(connection, "hoa", [number])
    change = store.changes.get(number)
    assert (change.state, change.decider) == (ChangeState.PROPOSED, None)


def test_every_decision_is_audited_with_who_took_it(store, lan, hoa):
    (number,) = store.changes.propose(lan, [GUIDE], "một", EVIDENCE)
    store.changes.approve(hoa, number)
    store.changes.refuse(lan, number, "thôi")
    trail = [(e.who, e.action, e.subject) for e in store.audit.entries() if e.action.startswith("change")]
    assert trail == [
        ("lan", "change-refused", str(number)),
        ("hoa", "change-approved", str(number)),
        ("lan", "change-proposed", str(number)),
    ]


def test_an_unknown_change_is_refused(store, hoa):
    for do in (store.changes.get, lambda n: store.changes.approve(hoa, n)):
        with pytest.raises(RecordError, match="no change 99"):
            do(99)
