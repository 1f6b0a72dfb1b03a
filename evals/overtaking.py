"""Whether a document's clause finds the guide line that it changes: `python -m evals.overtaking [--others FILE]`.

`overtaken.jsonl` has clauses in the words of decrees, each with a part of the line of our guides whose value it changes.
`--others` is a JSONL.gz of articles of other laws (`title`, `text`); of their clauses with values, what share finds a line at all
is printed: a person looks at those for nothing.
"""

import argparse
import gzip
import json
import random
import re
from collections.abc import Iterator
from datetime import date
from itertools import islice
from pathlib import Path

from evals.statistics import share_line
from rag.documents.units import Unit, UnitKind
from rag.guides import load_guides
from rag.jsonl import read_rows
from rag.overtaking import Overtaking, set_by_rule
from rag.settings import PROJECT
from rag.sheets import load_sheets

_CLAUSES = Path(__file__).with_name("overtaken.jsonl")
_OTHERS = 1200


def main() -> None:
    """Print the shares, and the clauses whose line was not among those shown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--others", type=Path, help="JSONL.gz of articles of other laws")
    arguments = parser.parse_args()
    corpus = PROJECT / "corpus"
    guides = load_guides(corpus, load_sheets(corpus / "facts"))
    overtaking = Overtaking(guides.values(), date.today())
    first = shown = 0
    rows = read_rows(_CLAUSES)
    for row in rows:
        found = [hit.line.text for hit in overtaking.lines([_unit(row["text"], row["heading"])], row["title"])]
        first += any(row["line"] in text for text in found[:1])
        shown += any(row["line"] in text for text in found)
        if not any(row["line"] in text for text in found):
            print(f"lost: {row['text']}\n  shown: {found}")
    print(f"the changed line comes first: {share_line(first, len(rows))}")
    print(f"the changed line is shown: {share_line(shown, len(rows))}")
    if arguments.others:
        clauses = list(_other_clauses(arguments.others))
        alarms = sum(bool(overtaking.lines([_unit(text, "")], title)) for title, text in clauses)
        print(f"a clause of another law shows a line: {share_line(alarms, len(clauses))}")


def _unit(text: str, heading: str) -> Unit:
    return Unit(UnitKind.CLAUSE, ("Điều 4", "khoản 1"), text, 1, 1, heading)


def _other_clauses(path: Path) -> Iterator[tuple[str, str]]:
    """Yield titles and clauses with values, the same ones on every run."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        articles = [json.loads(line) for line in lines]
    random.Random(3).shuffle(articles)
    found = ((a["title"], clause) for a in articles for clause in re.split(r"\n(?=\d+\. )", a["text"]))
    valued = (row for row in found if set_by_rule(row[1]))
    return islice(valued, _OTHERS)


if __name__ == "__main__":
    main()
