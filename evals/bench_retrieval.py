"""Retrieval side by side: `python -m evals.bench_retrieval [--baselines PYTHON] [--beir FOLDER …]`.

On the shipped guides: every view alone, the fusion, and (with the Python of an environment that has them) what a user
would otherwise pick, on the same texts and questions, by typing style. On any BEIR folder: every leg alone and their
fusion, with the shipped weights. Prints MRR@10, hit@1, hit@5 and nDCG@10 with intervals over guides, times and memory;
nothing here passes or fails.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from evals.baselines import OURS, RIVALS
from evals.formats import read_beir
from evals.ranking import ANSWERS, rank_scores
from evals.retrieval import DAY, Question, load_questions, query_of
from evals.statistics import mean_interval
from evals.variants import VARIANTS, rewrite
from rag.assistant import Assistant
from rag.jsonl import numbered_lines, write_rows
from rag.keyword import KeywordIndex, exact_terms, folded_terms
from rag.retrieval import DENSE_NEIGHBOURS, VIEWS, fuse, is_marked, with_keyword_neighbours
from rag.serving import ensure_index, open_assistant
from rag.settings import PROJECT, load_settings
from rag.store import ExactSearch
from rag.text import clean, has_marks
from rag.vectors import Embedder, load_embedder

_SHOWN = ("mrr@10", "hit@1", "hit@5", "ndcg@10")
_DEPTH = 10


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--baselines", type=Path, help="Python of the environment that has the other systems")
    parser.add_argument(
        "--beir", type=Path, nargs="*", default=[], help="BEIR folders: corpus.jsonl, queries.jsonl, qrels/"
    )
    options = parser.parse_args()
    settings = load_settings(today=DAY)
    ensure_index(settings, lambda _: None)
    assistant = open_assistant(settings)
    questions = load_questions()
    _report_views(assistant, questions)
    with tempfile.TemporaryDirectory() as folder:
        _report_side_by_side(assistant, questions, Path(folder), options.baselines)
    embedder = load_embedder(settings.embedding_model)
    for folder in options.beir:
        report_beir(folder, embedder)


def styles_of(questions: Sequence[Question]) -> dict[str, list[tuple[Question, str]]]:
    """Return by style the questions that it changes and how they are then typed; "as written" are all of them."""
    styles = {"as written": [(q, q.question) for q in questions]}
    marked = [q for q in questions if has_marks(q.question)]
    for style in VARIANTS:
        typed = [(q, rewrite(style, q.question, random.Random(f"0 {q.id} {style}"))) for q in marked]
        styles[style] = [(q, text) for q, text in typed if text != q.question]
    return styles


def _gold(assistant: Assistant) -> dict[str, dict[str, int]]:
    return {s: {guide.id: ANSWERS} for guide in assistant.index.guides.values() for s in guide.covers}


def _guide(gold: dict[str, int]) -> str:
    return next(iter(gold))


def _report_views(assistant: Assistant, questions: list[Question]) -> None:
    guide_ids = assistant.retriever.guide_ids
    views = [assistant.retriever.views(query_of(assistant.reader, q.question), DAY).guides for q in questions]
    gold = _gold(assistant)
    print(f"{len(questions)} questions, {len(guide_ids)} guides; every view alone:")
    for n, view in enumerate(VIEWS):
        ranked = {q.id: _best(v[:, n], guide_ids) for q, v in zip(questions, views, strict=True)}
        wanted = {q.id: gold[q.sheet_id] for q in questions}
        _print_row(view, rank_scores(wanted, ranked), [_guide(row) for row in wanted.values()])


def _best(scores: np.ndarray, ids: list[str]) -> list[str]:
    return [ids[n] for n in np.argsort(-scores, kind="stable")[:_DEPTH] if scores[n] > 0]


def _print_row(name: str, scores: dict[str, dict[str, float]], clusters: Sequence[str], note: str = "") -> None:
    cells = []
    for measure in _SHOWN:
        values = [row[measure] for row in scores.values()]
        interval = mean_interval(values, clusters)
        cells.append(f"{measure} {np.mean(values):.3f} [{interval.low:.3f}, {interval.high:.3f}]")
    print(f"  {name:18} {'  '.join(cells)}{note}", flush=True)


def _report_side_by_side(assistant: Assistant, questions: list[Question], folder: Path, python: Path | None) -> None:
    styles = styles_of(questions)
    typed = {f"{style}|{q.id}": (q, text) for style, rows in styles.items() for q, text in rows}
    write_rows(folder / "queries.jsonl", ({"id": key, "text": text} for key, (_, text) in typed.items()))
    write_rows(folder / "documents.jsonl", ({"id": key, "text": text} for key, text in _documents(assistant)))
    gold = _gold(assistant)
    ours = _measured(OURS, [sys.executable, "-m", "evals.baselines", OURS, "serve", str(folder)], folder)
    rows = {OURS: ours}
    for name in RIVALS if python else ():
        program = [str(python), "-m", "evals.baselines", name]
        subprocess.run([*program, "build", str(folder)], check=True, capture_output=True, cwd=PROJECT)
        rows[name] = _measured(name, [*program, "serve", str(folder)], folder)
    scores = {
        name: rank_scores({key: gold[q.sheet_id] for key, (q, _) in typed.items()}, row["ranked"])
        for name, row in rows.items()
    }
    print("side by side, questions as written:")
    written = [key for key in typed if key.startswith("as written|")]
    clusters = [_guide(gold[typed[key][0].sheet_id]) for key in written]
    for name, row in rows.items():
        times = row["times_ms"][20 : len(written)]
        note = f"  p50 {np.percentile(times, 50):.1f} ms  p95 {np.percentile(times, 95):.1f} ms"
        note += f"  first answer {row['start_s']:.1f} s  peak {row['peak_mib']:.0f} MiB"
        _print_row(name, {key: scores[name][key] for key in written}, clusters, note)
        if name != OURS:
            ahead = {m: [scores[OURS][key][m] - scores[name][key][m] for key in written] for m in ("mrr@10", "hit@5")}
            for measure, values in ahead.items():
                interval = mean_interval(values, clusters)
                print(f"    ours ahead in {measure} by {np.mean(values):.3f} [{interval.low:.3f}, {interval.high:.3f}]")
    _report_styles(styles, scores)


def _report_styles(
    styles: dict[str, list[tuple[Question, str]]], scores: dict[str, dict[str, dict[str, float]]]
) -> None:
    print("hit@5 by typing style, against the same questions as written:")
    for style, rows in styles.items():
        cells = []
        for name, row in scores.items():
            kept = np.mean([row[f"{style}|{q.id}"]["hit@5"] for q, _ in rows])
            base = np.mean([row[f"as written|{q.id}"]["hit@5"] for q, _ in rows])
            cells.append(f"{name} {kept:.3f} ({kept - base:+.3f})")
        print(f"  {style:16} {len(rows):5}  {'  '.join(cells)}")


def _documents(assistant: Assistant) -> list[tuple[str, str]]:
    """Return (guide id, all the text that our own index has of it)."""
    asked: dict[str, list[str]] = {}
    for guide_id, question in assistant.index.questions:
        asked.setdefault(guide_id, []).append(question)
    return [
        (g.id, "\n\n".join([g.title, *(f"{p.heading}\n{p.text}" for p in g.passages), "\n".join(asked.get(g.id, []))]))
        for g in assistant.index.guides.values()
    ]


def _measured(name: str, command: list[str], folder: Path) -> dict:
    started = time.time()
    subprocess.run(command, check=True, capture_output=True, cwd=PROJECT)
    row = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return {**row, "start_s": row["ready"] - started}


def report_beir(folder: Path, embedder: Embedder) -> None:
    """Print every leg and the fusion on a BEIR folder, with the fusion's lead over the best leg."""
    queries, gold, _ = read_beir(folder)
    rows = [json.loads(line) for _, line in numbered_lines(folder / "corpus.jsonl")]
    documents = {str(row["_id"]): clean(f"{row.get('title', '')}. {row['text']}") for row in rows}
    ids, texts = list(documents), list(documents.values())
    exact, folded = KeywordIndex.build(texts, exact_terms), KeywordIndex.build(texts, folded_terms)
    vectors = embedder.encode(texts)
    dense = ExactSearch(vectors)
    ranked: dict[str, dict[str, list[str]]] = {leg: {} for leg in ("exact", "folded", "dense", "fused")}
    for key in gold:
        query = clean(queries[key])
        keyword = folded.scores(query)
        marked = exact.scores(query) if is_marked(query) else keyword
        vector = embedder.encode([query])[0]
        nearest = dense.scores(vector, DENSE_NEIGHBOURS)
        near = with_keyword_neighbours(nearest, keyword, vectors, vector)
        for leg, scores in (
            ("exact", marked),
            ("folded", keyword),
            ("dense", nearest),
            ("fused", fuse(marked, keyword, near)),
        ):
            ranked[leg][key] = _best(scores, ids)
    strict = {key: {doc: ANSWERS for doc, relevance in docs.items() if relevance} for key, docs in gold.items()}
    print(f"{folder.name}: {len(gold)} questions, {len(ids)} documents")
    scores = {leg: rank_scores(strict, found) for leg, found in ranked.items()}
    for leg, rows in scores.items():
        _print_row(leg, rows, list(rows))
    for measure in ("mrr@10", "ndcg@10"):
        means = {leg: float(np.mean([row[measure] for row in rows.values()])) for leg, rows in scores.items()}
        best = max((leg for leg in means if leg != "fused"), key=lambda leg: means[leg])
        print(f"    fusion against its best leg ({best}) in {measure}: {means['fused'] - means[best]:+.4f}")


if __name__ == "__main__":
    main()
