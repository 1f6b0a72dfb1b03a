"""Runs on the real index: resumed after a kill they give the same bytes, and two versions compare as they should."""

import json
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from evals.cases import Case, load_cases, save_cases
from evals.comparison import (
    Outcome,
    Verdict,
    compare,
    false_alarms,
    judge_gate,
    load_baseline,
    measured,
    save_baseline,
)
from evals.reporting import write_reports
from evals.runs import find_run, generate, list_runs, start_run
from evals.scoring import Corpus, load_scores, load_summary, score_run
from evals.sets import open_set, peeks, prepare
from evals.variants import expand_cases
from rag.errors import CaseError
from rag.retrieval import VIEWS
from rag.settings import PROJECT

TOPICS = {"vneid": 12, "an-toan-so": 8}


@pytest.fixture(scope="module")
def cases(assistant) -> list[Case]:
    """A small set made from the guides' own questions: every guide's first question asks for its short answer."""
    rows = []
    for guide in assistant.index.guides.values():
        if guide.topic in TOPICS and sum(r.topic == guide.topic for r in rows) < TOPICS[guide.topic]:
            passage = guide.passages[0]
            words = passage.lines[0].text.split()[:3]
            rows.append(
                Case.model_validate(
                    {
                        "id": guide.id, "question": guide.questions[0], "topic": guide.topic, "kind": "answerable", "expected": ("answered",),
                        "guides": (guide.id,), "passages": (passage.id,), "author": "t", "created": "2026-11-25",
                        "must_say": ({"text": passage.lines[0].text, "pattern": " ".join(words).rstrip(".,")},),
                    }
                )
            )  # fmt: skip
    return rows


@pytest.fixture(scope="module")
def corpus(assistant, glossary) -> Corpus:
    return Corpus(assistant.index.guides, glossary)


@pytest.fixture(scope="module")
def whole(built, corpus, cases):
    """A finished run of the set with its twins."""
    run = start_run(built, "small", expand_cases(cases, 0, ["no-diacritics", "telex", "typo"]), "whole")
    generate(run, built, workers=1)
    score_run(run, corpus)
    return run


def test_a_run_keeps_what_is_needed_to_repeat_it(whole, built):
    manifest = find_run(built, "whole").manifest
    assert manifest.base_cases == 20
    assert manifest.corpus_digest
    assert manifest.embedding_digest
    assert manifest.packages["ir-measures"]
    assert manifest.settings == {"retrieved": 10, "answer_threshold": 0.5}
    assert "whole" in [run.manifest.name for run in list_runs(built)]


def test_scoring_again_gives_the_same_bytes(whole, corpus):
    before = [(whole.folder / name).read_bytes() for name in ("scores.jsonl", "summary.json")]
    score_run(whole, corpus)
    assert [(whole.folder / name).read_bytes() for name in ("scores.jsonl", "summary.json")] == before


@pytest.mark.slow
def test_a_killed_run_goes_on_and_ends_with_the_same_scores(whole, built, cases, corpus, tmp_path):
    save_cases(tmp_path / "small.jsonl", cases)
    command = [sys.executable, "-m", "ui.cli", "eval", "run", str(tmp_path / "small.jsonl"), "--name", "killed"]
    process = subprocess.Popen(
        command, cwd=PROJECT, env={**os.environ, "BINHDAN_HOME": str(built.home)}, stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    answers = built.home / "eval" / "runs" / "killed" / "answers.jsonl"
    deadline = time.time() + 60
    while time.time() < deadline and not (answers.exists() and answers.read_bytes().count(b"\n") >= 5):
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    run = find_run(built, "killed")
    assert not run.finished
    with answers.open("ab") as out:
        out.write(b'{"id": "torn')  # what a kill in the middle of a write leaves
    with pytest.raises(CaseError, match="not finished"):
        score_run(run, corpus)
    generate(run, built, workers=1)
    score_run(run, corpus)
    again = start_run(built, "small", run.cases(), "uninterrupted")
    generate(again, built, workers=1)
    score_run(again, corpus)
    for name in ("scores.jsonl", "summary.json"):
        assert (run.folder / name).read_bytes() == (again.folder / name).read_bytes()


def test_a_name_taken_by_another_run_is_refused(whole, built, cases):
    with pytest.raises(CaseError, match="was made with another set_digest"):
        start_run(built, "small", cases[:3], "whole")
    with pytest.raises(CaseError, match="cannot be a run's name"):
        start_run(built, "small", cases, "../x")


def test_a_run_does_not_go_on_with_other_guides(built, cases):
    run = start_run(built, "small", cases[:1], "other-guides")
    other = replace(run, manifest=replace(run.manifest, corpus_digest="0"))
    with pytest.raises(CaseError, match="the guides have changed since run 'other-guides' began"):
        generate(other, built, workers=1)
    assert not run.outputs()


def test_a_red_vector_blocks_every_run(built, cases, monkeypatch):
    monkeypatch.setattr("evals.runs.red_vectors", lambda: ["'thẻ' and 'the' differ, but are taken for the same"])
    with pytest.raises(CaseError, match="self-test"):
        start_run(built, "small", cases, "never")
    assert not (built.home / "eval" / "runs" / "never").exists()


def test_a_version_compared_with_itself_cannot_be_told(whole):
    same = compare(measured(whole), measured(whole), whole.cases())
    assert same.verdict is Verdict.CANNOT_TELL
    assert (same.a, same.b) == ("whole", "whole")
    assert (same.won, same.lost, same.mcnemar) == ((), (), 1.0)
    assert false_alarms(whole.cases(), load_scores(whole), splits=40) <= 0.05


@pytest.fixture(scope="module")
def cut(whole, built, corpus):
    """The same set with retrieval cut to one guide and one passage."""
    settings = built.model_copy(update={"retrieved": 1})
    run = start_run(settings, "small", whole.cases(), "cut")
    generate(run, settings, workers=1)
    score_run(run, corpus)
    return run


def test_retrieval_cut_to_one_is_worse_and_fails_the_gate(whole, cut, tmp_path):
    comparison = compare(measured(whole), measured(cut), cut.cases())
    assert comparison.verdict is Verdict.WORSE
    save_baseline(tmp_path / "baseline.json", measured(whole))
    baseline = load_baseline(tmp_path / "baseline.json")
    assert judge_gate(measured(whole), baseline).outcome is Outcome.PASS
    gate = judge_gate(measured(cut), baseline)
    assert gate.outcome is Outcome.FAIL
    assert [r.difference.check for r in gate.rows if r.outcome is Outcome.FAIL] == ["passage-recall@10"]


def test_one_newly_broken_hard_case_fails_the_gate(whole):
    good = measured(whole)
    values = {**good.values, "not-forbidden": dict.fromkeys(good.clusters, 1.0)}
    bad = {**values, "not-forbidden": {**values["not-forbidden"], "vneid-ma-qr-chia-se": 0.0}}
    make = type(good)
    before = make("a", values, good.clusters, good.digests, good.versions)
    after = make("b", bad, good.clusters, good.digests, good.versions)
    assert judge_gate(before, before).outcome is Outcome.PASS
    gate = judge_gate(after, before)
    assert gate.outcome is Outcome.FAIL
    assert gate.broken == {"not-forbidden": ["vneid-ma-qr-chia-se"]}


def test_other_check_versions_are_not_compared(whole):
    good = measured(whole)
    other = type(good)("b", good.values, good.clusters, good.digests, {**good.versions, "right": 99})
    with pytest.raises(CaseError, match="other versions of right"):
        compare(good, other, whole.cases())


def test_reports_hold_everything_in_one_file(whole, cut, corpus):
    comparison = compare(measured(whole), measured(cut), cut.cases())
    html, markdown, junit = (path.read_text(encoding="utf-8") for path in write_reports(cut, corpus, comparison, whole))
    assert "http" not in html.replace("http://www.w3.org", "")
    assert "kém hơn" in html
    assert "<svg" in html
    assert "| guide-hit@5 |" in markdown
    suite = ET.fromstring(junit)
    assert int(suite.attrib["tests"]) == 20
    assert int(suite.attrib["failures"]) == len(suite.findall(".//failure"))


def test_a_question_cannot_inject_markup_into_the_report(whole, built, corpus, cases):
    evil = cases[0].model_copy(update={"question": "<script>alert(1)</script> xyz"})
    run = start_run(built, "small", [evil], "evil")
    generate(run, built, workers=1)
    score_run(run, corpus)
    html = write_reports(run, corpus)[0].read_text(encoding="utf-8")
    assert "<script" not in html


def test_the_summary_counts_what_could_not_be_scored(whole):
    summary = load_summary(whole)
    assert summary["checks"]["not-forbidden"] == {"high": None, "low": None, "mean": None, "n": 0, "unscored": 20}
    assert summary["checks"]["right"]["n"] == 20
    assert set(summary["twins"]["variants"]) <= {"no-diacritics", "telex", "typo"}
    assert sum(sum(row.values()) for row in summary["matrix"].values()) == 20


def test_the_held_out_half_opens_only_with_a_reason_that_is_logged(built, tmp_path):
    settings = built.model_copy(update={"home": tmp_path})
    with pytest.raises(CaseError, match="--reason"):
        open_set("test", settings, None)
    assert peeks(settings) == []
    open_set("test", settings, None, "the test suite")
    assert [row["why"] for row in peeks(settings)] == ["the test suite"]


def test_a_sample_is_seeded(cases):
    assert prepare(cases, False, 5, 1) == prepare(cases, False, 5, 1)
    assert prepare(cases, False, 5, 1) != prepare(cases, False, 5, 2)


def test_answers_carry_their_trace(whole):
    rows = [json.loads(line) for line in whole.answers_path.read_text(encoding="utf-8").splitlines()]
    answered = next(row for row in rows if row["answer"]["status"] == "answered")
    assert len(answered["passages"]) == 10
    assert set(answered["views"]) == set(VIEWS)
    assert "dropped" not in answered["answer"]
    assert load_cases(whole.folder / "cases.jsonl")[0].id == rows[0]["id"]
