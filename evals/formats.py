"""Sets and runs in the formats of others: a trainer's table (CSV, Excel), BEIR folders, TREC files, and the dataset
columns of RAGAS, DeepEval and Inspect. None of those packages is needed. Reads and writes files.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from evals.cases import Case, Nugget, Statement, case_json, readable
from evals.meaning import facts
from evals.ranking import guide_gold, passage_gold
from evals.runs import Output, Run
from rag.errors import CaseError, SpreadsheetError
from rag.guides import Guide
from rag.jsonl import numbered_lines, write_rows
from rag.spreadsheets import Table, numbered_rows, to_csv, to_xlsx
from rag.text import slug

# The columns of a trainer's table and the fields they fill; a list has one entry a line of its cell.
COLUMNS = {
    "mã": "id", "câu hỏi": "question", "cách viết": "style", "chủ đề": "topic", "loại": "kind", "trả lời mong đợi": "expected",
    "hướng dẫn": "guides", "hướng dẫn phụ": "also", "đoạn": "passages", "phải nói": "vital", "nên nói": "okay",
    "không được nói": "must_not_say", "ghi chú": "notes", "người viết": "author", "ngày viết": "created", "người rà soát": "reviewed_by",
}  # fmt: skip
_REQUIRED = ("câu hỏi", "chủ đề", "loại", "trả lời mong đợi", "người viết")
_LISTS = ("expected", "guides", "also", "passages")
_STATEMENT = re.compile(r"^(?P<text>.*?)(?:\s*=\s*(?P<fact>[^~]+?))?(?:\s*~\s*(?P<pattern>.+))?$")
_MAX_CASES = 5_000


def import_table(path: Path) -> list[Case]:
    """Read a trainer's CSV or Excel table. Raises CaseError with one `path:row: …` line a fault."""
    rows = _table_rows(path)
    if not rows:
        raise CaseError(f"{path}:1: the table is empty")
    header = [cell.strip().lower() for cell in rows[0][1]]
    if missing := [name for name in _REQUIRED if name not in header]:
        raise CaseError(f"{path}:1: no column {', '.join(missing)}; the columns are {', '.join(COLUMNS)}")
    cases, problems = [], []
    for number, cells in rows[1:]:
        row = {COLUMNS[name]: cell.strip() for name, cell in zip(header, cells, strict=False) if name in COLUMNS}
        if not any(row.values()):
            continue
        try:
            cases.append(Case.model_validate_json(json.dumps(_case_fields(row))))
        except ValidationError as error:
            problems += [f"{path}:{number}: {readable(found)}" for found in error.errors()]
    if problems:
        raise CaseError("\n".join(problems))
    return cases


def export_table(path: Path, cases: Iterable[Case]) -> None:
    """Write the trainer's table: Excel for `.xlsx`, otherwise CSV that Excel opens rightly."""
    table = Table(tuple(COLUMNS), tuple(_table_cells(case) for case in cases))
    excel = path.suffix.lower() == ".xlsx"
    path.write_bytes(to_xlsx({"ca kiểm tra": table}) if excel else to_csv(table.header, table.rows))


def import_beir(folder: Path, guides: Mapping[str, Guide], author: str) -> list[Case]:
    """Read queries.jsonl and qrels/*.tsv of a BEIR folder whose documents are our guides or passages.

    Raises CaseError with `file:line: …`.
    """
    queries, gold, path = read_beir(folder)
    return _ranked_cases(path, queries, gold, guides, author)


def read_beir(folder: Path) -> tuple[dict[str, str], dict[str, dict[str, int]], Path]:
    """Return the queries of a BEIR folder by id, their relevant documents (query → id → relevance) and the qrels' path.

    Raises CaseError with `file:line: …`.
    """
    queries = {}
    for number, line in numbered_lines(folder / "queries.jsonl"):
        try:
            row = json.loads(line)
            queries[str(row["_id"])] = str(row["text"])
        except (ValueError, KeyError, TypeError) as error:
            raise CaseError(f"{folder / 'queries.jsonl'}:{number}: expected _id and text ({error})") from error
    paths = sorted((folder / "qrels").glob("*.tsv"))
    if not paths:
        raise CaseError(f"{folder / 'qrels'}:1: no .tsv file in it")
    gold: dict[str, dict[str, int]] = {}
    for path in paths:
        for number, line in numbered_lines(path)[1:]:
            query, document, relevance = _fields(path, number, line.split("\t"), 3)
            gold.setdefault(query, {})[document] = _whole(path, number, relevance)
    return queries, gold, paths[0]


def import_trec(qrels: Path, queries: Path, guides: Mapping[str, Guide], author: str) -> list[Case]:
    """Read TREC qrels ("query 0 document relevance") and their questions ("query<TAB>text"). Raises CaseError."""
    texts: dict[str, str] = {}
    for number, line in numbered_lines(queries):
        query, text = _fields(queries, number, line.split("\t", 1), 2)
        texts[query] = text
    gold: dict[str, dict[str, int]] = {}
    for number, line in numbered_lines(qrels):
        query, _, document, relevance = _fields(qrels, number, line.split(), 4)
        gold.setdefault(query, {})[document] = _whole(qrels, number, relevance)
    return _ranked_cases(qrels, texts, gold, guides, author)


def read_trec_run(path: Path) -> dict[str, list[str]]:
    """Read a TREC run ("query Q0 document rank score tag") as query → documents, best first. Raises CaseError."""
    rows: dict[str, list[tuple[float, str]]] = {}
    for number, line in numbered_lines(path):
        query, _, document, rank, _, _ = _fields(path, number, line.split(), 6)
        rows.setdefault(query, []).append((_whole(path, number, rank), document))
    return {query: [document for _, document in sorted(found)] for query, found in rows.items()}


def export_beir(folder: Path, cases: Sequence[Case], guides: Mapping[str, Guide]) -> None:
    """Write corpus.jsonl (passages), queries.jsonl and qrels/test.tsv, as BEIR's loaders read them."""
    (folder / "qrels").mkdir(parents=True, exist_ok=True)
    gold = passage_gold(cases)
    passages = [p for guide in guides.values() for p in guide.passages]
    write_rows(
        folder / "corpus.jsonl",
        ({"_id": p.id, "title": f"{p.guide_title} – {p.heading}", "text": p.text} for p in passages),
    )
    write_rows(folder / "queries.jsonl", ({"_id": c.id, "text": c.question} for c in cases if c.id in gold))
    lines = ["query-id\tcorpus-id\tscore", *(f"{q}\t{d}\t{r}" for q, docs in gold.items() for d, r in docs.items())]
    (folder / "qrels" / "test.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def export_trec(folder: Path, run: Run) -> None:
    """Write guides.qrels, guides.run, passages.qrels and passages.run, as trec_eval reads them."""
    folder.mkdir(parents=True, exist_ok=True)
    cases = run.cases()
    outputs = run.first_outputs().values()
    rankings = {
        "guides": (guide_gold(cases), {o.id: o.answer["guide_ids"] for o in outputs}),
        "passages": (passage_gold(cases), {o.id: [p for p, _ in o.passages] for o in outputs}),
    }
    for name, (gold, ranked) in rankings.items():
        qrels = [f"{q} 0 {d} {r}" for q, docs in gold.items() for d, r in docs.items()]
        rows = [
            f"{q} Q0 {d} {rank} {1 / rank:.6f} {run.manifest.name}"
            for q, docs in ranked.items()
            for rank, d in enumerate(docs, 1)
        ]
        for suffix, lines in (("qrels", qrels), ("run", rows)):
            (folder / f"{name}.{suffix}").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def export_dataset(path: Path, run: Run, guides: Mapping[str, Guide], layout: str) -> None:
    """Write a run in the dataset columns of `layout`: "ragas", "deepeval" (JSONL) or "inspect" (one log)."""
    passages = {p.id: p.text for guide in guides.values() for p in guide.passages}
    rows = [_Row(case, output, passages) for case, output in _pairs(run)]
    if layout == "inspect":
        path.write_text(
            json.dumps(_inspect_log(run, rows), ensure_ascii=False, indent=1), encoding="utf-8", newline="\n"
        )
        return
    write_rows(path, (row.ragas() if layout == "ragas" else row.deepeval() for row in rows))


class _Row:
    """One case with its output, in the words of other tools."""

    def __init__(self, case: Case, output: Output, passages: Mapping[str, str]) -> None:
        self.case, self.output = case, output
        self.contexts = [passages[i] for i, _ in output.passages if i in passages]
        self.reference_contexts = [passages[i] for i in case.passages if i in passages]
        self.reference = " ".join(nugget.text for nugget in case.must_say)

    def ragas(self) -> dict[str, Any]:
        return {
            "user_input": self.case.question, "response": self.output.text, "reference": self.reference,
            "retrieved_contexts": self.contexts, "reference_contexts": self.reference_contexts,
            "retrieved_context_ids": [i for i, _ in self.output.passages], "reference_context_ids": list(self.case.passages),
        }  # fmt: skip

    def deepeval(self) -> dict[str, Any]:
        return {
            "name": self.case.id, "input": self.case.question, "actual_output": self.output.text,
            "expected_output": self.reference, "context": self.reference_contexts, "retrieval_context": self.contexts,
        }  # fmt: skip

    def inspect(self) -> dict[str, Any]:
        return {
            "id": self.case.id, "epoch": self.output.repeat + 1, "input": self.case.question, "target": self.reference,
            "messages": [{"role": "user", "content": self.case.question}, {"role": "assistant", "content": self.output.text}],
            "output": {"model": "binhdan", "choices": [{"message": {"role": "assistant", "content": self.output.text}, "stop_reason": "stop"}]},
            "metadata": {"topic": self.case.topic, "kind": self.case.kind.value, "status": self.output.status},
        }  # fmt: skip


def _inspect_log(run: Run, rows: Sequence[_Row]) -> dict[str, Any]:
    manifest = run.manifest
    return {
        "version": 2, "status": "success",
        "eval": {
            "eval_id": manifest.name, "run_id": manifest.name, "created": manifest.created, "task": manifest.set, "task_id": manifest.set,
            "dataset": {"name": manifest.set, "samples": manifest.cases}, "model": "binhdan",
            "config": {"epochs": manifest.repeats}, "packages": manifest.packages,
        },
        "samples": [row.inspect() for row in rows],
    }  # fmt: skip


def _pairs(run: Run) -> Iterator[tuple[Case, Output]]:
    cases = {case.id: case for case in run.cases()}
    return ((cases[output.id], output) for output in run.outputs())


def _ranked_cases(
    path: Path,
    queries: Mapping[str, str],
    gold: Mapping[str, Mapping[str, int]],
    guides: Mapping[str, Guide],
    author: str,
) -> list[Case]:
    """Make a case of every judged query; a passage's guide is relevant too. They have no nuggets: only ranking is scored."""
    home = {p.id: guide.id for guide in guides.values() for p in guide.passages}
    cases, problems = [], []
    for query, documents in gold.items():
        relevant = [document for document, relevance in documents.items() if relevance > 0]
        unknown = [document for document in relevant if document not in guides and document not in home]
        if query not in queries:
            problems.append(f"{path}:1: query {query!r} has no text")
        problems += [f"{path}:1: {document!r} is neither a guide nor a passage" for document in unknown]
        if query not in queries or unknown or not relevant:
            continue
        found = tuple(dict.fromkeys(home.get(document, document) for document in relevant))
        cases.append(
            Case.model_validate(
                {
                    "id": slug(query), "question": queries[query], "topic": guides[found[0]].topic, "kind": "answerable",
                    "expected": ("answered", "partial"), "guides": found, "author": author, "created": date.today(),
                    "passages": tuple(document for document in relevant if document in home),
                }
            )
        )  # fmt: skip
    if problems:
        raise CaseError("\n".join(dict.fromkeys(problems)))
    return cases


def _case_fields(row: Mapping[str, str]) -> dict[str, Any]:
    lists = {name: re.split(r"[,;\n]\s*", row[name]) for name in _LISTS if row.get(name)}
    plain = {
        name: row[name]
        for name in ("question", "style", "topic", "kind", "notes", "author", "reviewed_by")
        if row.get(name)
    }
    nuggets = [
        {**_statement(line), "importance": importance}
        for importance in ("vital", "okay")
        for line in row.get(importance, "").split("\n")
        if line.strip()
    ]
    forbidden = [_statement(line) for line in row.get("must_not_say", "").split("\n") if line.strip()]
    return {
        **plain, **lists, "must_say": nuggets, "must_not_say": forbidden,
        "id": row.get("id") or slug(row.get("question", ""))[:60].strip("-"),
        "created": row.get("created") or date.today().isoformat(),
    }  # fmt: skip


def _statement(line: str) -> dict[str, str]:
    """Read "what is said = fact ~ pattern"; with neither, the line's own facts, or else its own words, are compared."""
    match = _STATEMENT.match(line.strip())
    given = {k: v.strip() for k, v in (match.groupdict() if match else {"text": line}).items() if v}
    if "fact" not in given and "pattern" not in given:
        own = facts(given["text"])
        given.update({"fact": own[0].text} if own else {"pattern": re.escape(given["text"]).replace(r"\ ", " ")})
    return given


def _table_cells(case: Case) -> tuple[str, ...]:
    row = case_json(case)
    values = {
        **{name: str(row.get(name, "")) for name in COLUMNS.values()},
        **{name: "\n".join(getattr(case, name)) for name in _LISTS},
        "style": case.style.value,
        "vital": _lines(n for n in case.must_say if n.importance == "vital"),
        "okay": _lines(n for n in case.must_say if n.importance == "okay"),
        "must_not_say": _lines(case.must_not_say),
    }
    return tuple(values[name] for name in COLUMNS.values())


def _lines(statements: Iterable[Statement | Nugget]) -> str:
    return "\n".join(
        s.text.replace("=", "＝").replace("~", "∼")
        + (f" = {s.fact}" if s.fact else "")
        + (f" ~ {s.pattern}" if s.pattern else "")
        for s in statements
    )


def _table_rows(path: Path) -> list[tuple[int, list[str]]]:
    try:
        return list(numbered_rows(path.read_bytes(), path.name, _MAX_CASES))
    except OSError as error:
        raise CaseError(f"{path}:1: cannot be read: {error.strerror}") from error
    except SpreadsheetError as error:
        raise CaseError(f"{path}:{error.row}: not a CSV or Excel table that can be read: {error}") from error


def _fields(path: Path, number: int, found: list[str], wanted: int) -> list[str]:
    if len(found) != wanted:
        raise CaseError(f"{path}:{number}: expected {wanted} fields, found {len(found)}")
    return [field.strip() for field in found]


def _whole(path: Path, number: int, text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise CaseError(f"{path}:{number}: {text!r} is not a whole number") from error
