"""How often retrieval finds the right guide: `python -m evals.retrieval [--fit] [--calibrate] [--misses FILE]`.

The development set is `evals/cases/learner_questions.jsonl`: questions written with the fact sheets, which no
guide repeats. `--fit` learns the weights of the views (softmax regression over guides) and prints what to put in
`rag.retrieval.WEIGHTS`, with the figures of a nested cross-validation: every fold of guides is scored by weights, and a
penalty, that were chosen on the others. `--calibrate` fits the probability that the first guide answers, on that set, the
development half of the cases and questions outside the subject (`outside.jsonl`), and prints what to put in
`rag.assistant.CONFIDENCE_WEIGHTS`.
"""

import argparse
import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from evals.cases import ANSWERED_KINDS, CASES, UNANSWERABLE_KINDS, load_cases
from rag.assistant import Assistant, evidence
from rag.privacy import mask
from rag.questions import Reader
from rag.retrieval import VIEWS, WEIGHTS
from rag.serving import ensure_index, open_assistant
from rag.settings import PROJECT, load_settings
from rag.text import has_marks

DAY = date(2026, 11, 25)  # on which the cases were written; what is true changes with the day
DEVELOPMENT_SET = PROJECT / "evals" / "cases" / "learner_questions.jsonl"
OUTSIDE_SET = PROJECT / "evals" / "cases" / "outside.jsonl"
# What each sort of question counts for: a third is outside, as far as anybody knows yet; the short questions were written
# with the fact sheets, the cases tell a situation.
_GROUP_SHARES = {"short": 0.3, "case": 0.37, "outside": 0.15, "unanswerable case": 0.18}
# Guides overlap: where the right one is near the top, the first usually answers too.
_NEAR = 3
_FOLDS = 5
_PENALTIES = (1e-4, 1e-3, 1e-2)
_FULL_WEIGHT = 10.0  # what the weights sum to while they are learned: how sharp the softmax over guides can get


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the development set and the sheet that answers it."""

    id: str
    question: str
    sheet_id: str
    topic: str


def load_questions(path: Path = DEVELOPMENT_SET) -> list[Question]:
    """Read the development set."""
    return [Question(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def rank_of(scores: np.ndarray, right: int) -> int:
    """Return the rank, from 1, of row `right`; ties go to the earlier row: scores [3, 1, 3], right 2 → 2."""
    return 1 + int(np.sum(scores > scores[right])) + int(np.sum(scores[:right] == scores[right]))


def hit_at(ranks: list[int], k: int) -> float:
    """Return the share of questions whose guide is among the first `k`, in [0, 1]."""
    return sum(rank <= k for rank in ranks) / len(ranks) if ranks else float("nan")


def fit(views: np.ndarray, right: np.ndarray, penalty: float = 1e-3) -> np.ndarray:
    """Learn non-negative weights that sum to 1 by softmax regression over guides (L-BFGS-B, L2 penalty).

    `views` has shape (questions, guides, views), `right` the guide's row of each question; returns shape (views,).
    """
    from scipy.optimize import minimize

    rows = np.arange(len(right))
    wanted = views[rows, right].mean(axis=0)

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        logits = views @ weights
        logits -= logits.max(axis=1, keepdims=True)
        chance = np.exp(logits)
        total = chance.sum(axis=1, keepdims=True)
        value = float(np.mean(np.log(total[:, 0]) - logits[rows, right])) + penalty / 2 * float(weights @ weights)
        expected = np.einsum("qg,qgv->qv", chance / total, views).mean(axis=0)
        return value, expected - wanted + penalty * weights

    start = np.full(views.shape[2], _FULL_WEIGHT / views.shape[2])
    weights = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(start)).x
    return weights / weights.sum() if weights.any() else np.full(len(start), 1 / len(start))


def cross_validated(views: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return scores of shape (questions, guides), each question's by weights that saw none of its guide's questions.

    The penalty is chosen inside, by hit@1 on folds of the part that learns (nested cross-validation).
    """
    scores = np.empty(views.shape[:2])
    for learns, scored in _splits(right):
        inner = [
            np.mean([_hit_at_1(views, right, ours, theirs, penalty) for ours, theirs in _splits(right, learns)])
            for penalty in _PENALTIES
        ]
        scores[scored] = views[scored] @ fit(views[learns], right[learns], _PENALTIES[int(np.argmax(inner))])
    return scores


def _splits(right: np.ndarray, among: np.ndarray | None = None) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return (rows that learn, rows that are scored) by fold of guides, of all questions or those `among`."""
    among = np.arange(len(right)) if among is None else among
    fold = np.random.default_rng(0).permutation(right.max() + 1)[right[among]] % _FOLDS
    return [(among[fold != n], among[fold == n]) for n in range(_FOLDS) if np.any(fold == n)]


def _hit_at_1(views: np.ndarray, right: np.ndarray, learns: np.ndarray, scored: np.ndarray, penalty: float) -> float:
    scores = views[scored] @ fit(views[learns], right[learns], penalty)
    return hit_at([rank_of(row, target) for row, target in zip(scores, right[scored], strict=True)], 1)


def main() -> None:
    """Print hit@1 and hit@5 over the set, its parts and its topics."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fit", action="store_true", help="learn the weights of the views")
    parser.add_argument("--calibrate", action="store_true", help="learn the weights of the confidence")
    parser.add_argument("--misses", type=Path, help="write the questions whose guide is not first, as JSONL")
    options = parser.parse_args()
    settings = load_settings(today=DAY)
    ensure_index(settings, lambda _: None)
    assistant = open_assistant(settings)
    questions = load_questions()
    views = view_scores(assistant, questions)
    right = right_rows(assistant, questions)
    _report(views @ np.asarray(WEIGHTS), right, questions, "weights in use")
    if options.misses:
        _write_misses(options.misses, assistant, views @ np.asarray(WEIGHTS), right, questions)
    if options.calibrate:
        _report_calibration(assistant, questions, right)
    if options.fit:
        _report_fit(views, right, questions)


def view_scores(assistant: Assistant, questions: list[Question]) -> np.ndarray:
    """Return the score of every guide in every view for every question: shape (questions, guides, views)."""
    views = [assistant.retriever.views(query_of(assistant.reader, q.question), DAY).guides for q in questions]
    return np.stack(views).astype(np.float64)


def query_of(reader: Reader, question: str) -> str:
    """Return what is searched for a question, as the assistant does."""
    return reader.read(mask(question)).query


def right_rows(assistant: Assistant, questions: list[Question]) -> np.ndarray:
    """Return the row of the guide that covers each question's sheet, shape (questions,)."""
    row = {sheet: n for n, guide in enumerate(assistant.index.guides.values()) for sheet in guide.covers}
    return np.array([row[q.sheet_id] for q in questions])


def _report(scores: np.ndarray, right: np.ndarray, questions: list[Question], title: str) -> None:
    groups: dict[str, list[int]] = defaultdict(list)
    for row, target, question in zip(scores, right, questions, strict=True):
        rank = rank_of(row, target)
        for group in ("all", "with diacritics" if has_marks(question.question) else "without", question.topic):
            groups[group].append(rank)
    print(f"{title}:")
    for group, ranks in sorted(groups.items(), key=lambda item: -len(item[1])):
        print(f"  {group:18} {len(ranks):5} questions  hit@1 {hit_at(ranks, 1):.3f}  hit@5 {hit_at(ranks, 5):.3f}")


def _report_fit(views: np.ndarray, right: np.ndarray, questions: list[Question]) -> None:
    _report(cross_validated(views, right), right, questions, "nested cross-validation over guides")
    for n, view in enumerate(VIEWS):
        scores = cross_validated(np.delete(views, n, axis=2), right)
        ranks = [rank_of(row, target) for row, target in zip(scores, right, strict=True)]
        print(f"  without {view:16} hit@1 {hit_at(ranks, 1):.3f}  hit@5 {hit_at(ranks, 5):.3f}")
    for n, view in enumerate(VIEWS):
        ranks = [rank_of(row, target) for row, target in zip(views[:, :, n], right, strict=True)]
        print(f"  {view:16} alone    hit@1 {hit_at(ranks, 1):.3f}  hit@5 {hit_at(ranks, 5):.3f}")
    print("WEIGHTS =", tuple(round(float(w), 3) for w in fit(views, right)), "for", VIEWS)


def _report_calibration(assistant: Assistant, questions: list[Question], right: np.ndarray) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    rows = _calibration_rows(assistant, questions, right)
    found = [assistant.retriever.search(query_of(assistant.reader, text), DAY) for text, _, _ in rows]
    features = np.array([evidence(f) for f in found])
    near = np.array([bool(wanted & set(f.guide_ids[:_NEAR])) for f, (_, wanted, _) in zip(found, rows, strict=True)])
    group = np.array([name for _, _, name in rows])
    weight = np.array([_GROUP_SHARES[name] / np.sum(group == name) for name in group]) * len(group)
    model = LogisticRegression(C=10, max_iter=1000)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    both = cross_val_predict(model, features, near, cv=folds, method="predict_proba", params={"sample_weight": weight})
    chance = np.asarray(both)[:, 1]
    names = [f"{name}, {'right near' if value else 'not'}" for name in _GROUP_SHARES for value in (True, False)]
    print("answered at a threshold (cross-validated):")
    for name in names:
        part = (group == name.partition(",")[0]) & (near == name.endswith("near"))
        if part.any():
            shares = "  ".join(f"{t:.2f}: {np.mean(chance[part] >= t):.3f}" for t in np.arange(0.3, 0.7, 0.05))
            print(f"  {name:24} {part.sum():5}  {shares}")
    model.fit(features, near, sample_weight=weight)
    learned = np.hstack([np.asarray(model.intercept_), np.asarray(model.coef_).ravel()])
    print("CONFIDENCE_WEIGHTS =", tuple(round(float(w), 2) for w in learned))


def _calibration_rows(
    assistant: Assistant, questions: list[Question], right: np.ndarray
) -> list[tuple[str, set[str], str]]:
    """Return (question, guides that answer it, group) of everything the confidence may learn from."""
    ids = list(assistant.index.guides)
    rows = [(q.question, {ids[n]}, "short") for q, n in zip(questions, right, strict=True)]
    outside = OUTSIDE_SET.read_text(encoding="utf-8").splitlines()
    rows += [(json.loads(line)["question"], set(), "outside") for line in outside]
    for case in load_cases(CASES / "dev.jsonl"):
        if case.kind in ANSWERED_KINDS:
            rows.append((case.question, {*case.guides, *case.also}, "case"))
        elif case.kind in UNANSWERABLE_KINDS:
            rows.append((case.question, set(), "unanswerable case"))
    return rows


def _write_misses(
    path: Path, assistant: Assistant, scores: np.ndarray, right: np.ndarray, questions: list[Question]
) -> None:
    ids = list(assistant.index.guides)
    with path.open("w", encoding="utf-8", newline="\n") as out:
        for row, target, question in zip(scores, right, questions, strict=True):
            if (rank := rank_of(row, target)) > 1:
                found = {"rank": rank, "expected": ids[target], "first": ids[int(row.argmax())]}
                out.write(
                    json.dumps({"id": question.id, "question": question.question, **found}, ensure_ascii=False) + "\n"
                )


if __name__ == "__main__":
    main()
