"""A large corpus that nobody wrote: `python -m evals.synthetic OUT [--guides N]`, to measure size, not quality.

Guides are made of the syllables and bigrams of the real ones (a walk along the bigrams of their lines), with the real
number of passages, lines and questions of their own, so that terms are as frequent and postings as long as in a real corpus of
that size. Questions written for passages are left out: people write those, and nobody will for 100,000. Sheets have one fact a
line. Everything follows from a seed.
"""

import argparse
import json
import random
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

from rag.guides import HEADINGS, TOPICS, Guide, load_guides
from rag.settings import PROJECT
from rag.sheets import load_sheets
from rag.text import syllables

DEFAULT_GUIDES = 12_000  # about 100,000 passages
_SEED = 11
_SOURCES = "sources:\n  - {id: s1, publisher: Trang thử, title: Bài thử, url: 'https://example.invalid/', date: 2026-01-01, official: false}\n"


class _Walker:
    """Writes sentences that use the words of real ones."""

    def __init__(self, texts: list[str], chance: random.Random) -> None:
        self._chance = chance
        self._after: dict[str, list[str]] = defaultdict(list)
        for text in texts:
            for word, following in pairwise(["", *syllables(text)]):
                self._after[word].append(following)

    def sentence(self, length: int) -> str:
        word, words = "", []
        while len(words) < length:
            word = self._chance.choice(self._after[word] or self._after[""])
            words.append(word)
        return " ".join(words).capitalize()


def write_corpus(out: Path, guides: list[Guide], wanted: int) -> int:
    """Write `wanted` guides modelled on `guides` under `out`; return how many passages they have."""
    chance = random.Random(_SEED)
    lines = [line.text for guide in guides for p in guide.passages for line in p.lines]
    walker = _Walker(lines, chance)
    asker = _Walker([question for guide in guides for question in guide.questions], chance)
    topics = list(TOPICS)
    passages = 0
    for topic in topics:
        (out / "guides" / topic).mkdir(parents=True)
    (out / "facts").mkdir()
    (out / "questions").mkdir()
    for n in range(wanted):
        model, topic = guides[n % len(guides)], topics[n % len(topics)]
        passages += len(model.passages)
        guide_id = f"thu-{n:06}"
        body, facts = _body(model, walker)
        questions = [asker.sentence(chance.randint(4, 14)) for _ in model.questions]
        title = walker.sentence(8)[:80]
        head = [
            f"id: {guide_id}", f"title: {json.dumps(title, ensure_ascii=False)}", f"topic: {topic}", "audience: [người dân]",
            f"covers: [{guide_id}]", "as_of: 2026-01-01", "questions:",
            *(f"  - {json.dumps(question, ensure_ascii=False)}" for question in questions),
        ]  # fmt: skip
        text = "\n".join(["---", *head, "---", "", *body, ""])
        (out / "guides" / topic / f"{guide_id}.md").write_text(text, encoding="utf-8", newline="\n")
        (out / "facts" / f"{guide_id}.yaml").write_text(
            _sheet(guide_id, title, topic, facts), encoding="utf-8", newline="\n"
        )
    return passages


def _body(model: Guide, walker: _Walker) -> tuple[list[str], list[str]]:
    """Return the lines of a guide with the sections of `model`, and the facts that they state."""
    names = {section: name for name, section in HEADINGS.items()}
    body, facts, section = [], [], None
    for passage in model.passages:
        if passage.section is not section:
            body += ["", f"## {names[passage.section]}"]
            section = passage.section
        if ": " in passage.heading:
            body.append(f"### {passage.heading.partition(': ')[2]}")
        for line in passage.lines:
            facts.append(walker.sentence(max(4, len(syllables(line.text)))))
            body.append(f"- {facts[-1]}. {{f{len(facts)}}}")
    return body, facts


def _sheet(guide_id: str, title: str, topic: str, facts: list[str]) -> str:
    rows = [
        f"  - {{id: f{n}, kind: step, text: {json.dumps(text, ensure_ascii=False)}, sources: [s1], confidence: high}}\n"
        for n, text in enumerate(facts, 1)
    ]
    head = f"id: {guide_id}\ntitle: {json.dumps(title, ensure_ascii=False)}\ntopic: {topic}\nas_of: 2026-01-01\n"
    return (
        head
        + "audience: [người dân]\nlegal_basis: []\nfacts:\n"
        + "".join(rows)
        + _SOURCES
        + "superseded: []\nconflicts: []\n"
    )


def main() -> None:
    """Write a synthetic corpus."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="an empty or absent folder")
    parser.add_argument("--guides", type=int, default=DEFAULT_GUIDES)
    options = parser.parse_args()
    corpus = PROJECT / "corpus"
    guides = list(load_guides(corpus, load_sheets(corpus / "facts")).values())
    print(f"{options.guides} guides, {write_corpus(options.out, guides, options.guides)} passages in {options.out}")


if __name__ == "__main__":
    main()
