"""The shipped sets: whole, reviewed, split, pinned, and unseen by whatever tunes."""

from collections import Counter
from pathlib import Path

import pytest

from evals.cases import ANSWERED_KINDS, CASES, Kind, Style, load_cases, split_of, stale
from evals.comparison import load_baseline
from evals.leaks import find_leaks, seen_by_tuning
from evals.sets import HELD_OUT
from rag.guides import TOPICS
from rag.settings import PROJECT


@pytest.fixture(scope="module")
def halves(assistant):
    return {name: load_cases(CASES / f"{name}.jsonl", assistant.index.guides) for name in ("dev", HELD_OUT)}


def test_the_sets_cover_every_topic_kind_and_style(halves):
    every = [case for half in halves.values() for case in half]
    assert len(every) >= 400
    assert {case.topic for case in every} >= set(TOPICS)
    for kind, count in Counter(case.kind for case in every).items():
        assert count >= 25, kind
    assert {case.kind for case in every} == set(Kind)
    assert {case.style for case in every} == set(Style)
    assert len({case.id for case in every}) == len(every)


def test_every_case_was_checked_by_a_second_hand_and_names_what_to_say(halves):
    for case in (case for half in halves.values() for case in half):
        assert case.reviewed_by, case.id
        assert case.reviewed_by != case.author, case.id
        if case.kind in ANSWERED_KINDS:
            assert any(nugget.importance == "vital" for nugget in case.must_say), case.id
            assert case.passages, case.id


def test_the_halves_are_split_by_procedure(halves):
    for name, cases in halves.items():
        assert {split_of(case) for case in cases} == {name}


def test_no_guide_has_changed_since_the_cases_were_written(halves, assistant):
    changed = [(case.id, guides) for half in halves.values() for case, guides in stale(half, assistant.index.guides)]
    assert changed == [], "read these cases against the guide, then: binhdan eval pin"


def test_the_held_out_half_is_unseen_by_what_tunes(halves, assistant, settings):
    leaks = find_leaks(halves[HELD_OUT], seen_by_tuning(assistant.index.guides, settings.corpus))
    assert [(leak.case.id, leak.where) for leak in leaks] == []


def test_nothing_that_tunes_names_the_held_out_half():
    tuners = [*(PROJECT / "rag").rglob("*.py"), PROJECT / "evals" / "retrieval.py"]
    assert [path.name for path in tuners if f"{HELD_OUT}.jsonl" in Path(path).read_text(encoding="utf-8")] == []


def test_the_baseline_is_of_the_shipped_development_set(halves):
    baseline = load_baseline(PROJECT / "evals" / "baseline.json")
    assert set(baseline.clusters) == {case.id for case in halves["dev"]}
