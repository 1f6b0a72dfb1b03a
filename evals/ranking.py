"""Ranking metrics of guides and passages, computed by ir-measures (trec_eval's definitions), never by hand.

Scores are derived from the rank, because trec_eval breaks ties by id. A case without gold is unscored; a case whose
answer ranks nothing scores 0.
"""

from collections.abc import Iterable, Mapping, Sequence

import ir_measures
from ir_measures import AP, RR, R, Success, nDCG

from evals.cases import Case
from evals.runs import Output

# Success@k = 1[a relevant one in the first k]; R@k = relevant in the first k / relevant; RR@10 = 1 / rank of the first
# relevant one; nDCG@10 = Σ (2^rel − 1) / log₂(rank + 1), over the ideal order (Järvelin & Kekäläinen 2002); AP@10 = mean
# of the precisions at the relevant ranks.
MEASURES = {
    "hit@1": Success @ 1,
    "hit@5": Success @ 5,
    "recall@10": R @ 10,
    "mrr@10": RR @ 10,
    "ndcg@10": nDCG(gains={0: 0, 1: 1, 2: 3}) @ 10,
    "map@10": AP @ 10,
}
ANSWERS, HELPS = 2, 1


def rank_scores(
    gold: Mapping[str, Mapping[str, int]], ranked: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, float]]:
    """Return the measures by query. `gold` is query → id → relevance (2 answers, 1 helps), `ranked` query → ids, best first.

    Only ids of relevance 2 count as relevant for the measures that know no grades.
    """
    qrels = [ir_measures.Qrel(q, doc, rel) for q, docs in gold.items() for doc, rel in docs.items()]
    run = [
        ir_measures.ScoredDoc(q, doc, -float(rank))
        for q in gold
        for rank, doc in enumerate(dict.fromkeys(ranked.get(q, ())))
    ]
    strict = {
        name: m if name == "ndcg@10" else m.__class__(**{**m.params, "rel": ANSWERS}) for name, m in MEASURES.items()
    }
    scores: dict[str, dict[str, float]] = {q: dict.fromkeys(MEASURES, 0.0) for q in gold}
    names = {measure: name for name, measure in strict.items()}
    for row in ir_measures.iter_calc(list(strict.values()), qrels, run):
        scores[row.query_id][names[row.measure]] = float(row.value)
    return scores


def guide_gold(cases: Iterable[Case]) -> dict[str, dict[str, int]]:
    """Return the relevant guides of every case that has some."""
    return {c.id: {**dict.fromkeys(c.also, HELPS), **dict.fromkeys(c.guides, ANSWERS)} for c in cases if c.guides}


def passage_gold(cases: Iterable[Case]) -> dict[str, dict[str, int]]:
    """Return the relevant passages of every case that names some."""
    return {c.id: dict.fromkeys(c.passages, ANSWERS) for c in cases if c.passages}


def ranking_scores(cases: Sequence[Case], outputs: Mapping[str, Output]) -> dict[str, dict[str, float]]:
    """Return by case the measures on guides ("guide-hit@1" …) and, where the trace has them, on passages."""
    guides = rank_scores(guide_gold(cases), {k: o.answer["guide_ids"] for k, o in outputs.items()})
    traced = [c for c in cases if outputs[c.id].passages or outputs[c.id].views]
    passages = rank_scores(passage_gold(traced), {k: [p for p, _ in o.passages] for k, o in outputs.items()})
    scores: dict[str, dict[str, float]] = {}
    for prefix, found in (("guide", guides), ("passage", passages)):
        for case_id, row in found.items():
            scores.setdefault(case_id, {}).update({f"{prefix}-{name}": value for name, value in row.items()})
    return scores
