"""Write a short answer from guide lines, without a model. Nothing here does I/O.

The lead answers what was asked (a fee question gets the fee), then come steps or a short list, a warning,
and a corrected old rule when the question assumes one. Every line is a guide's own line with its [n].
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from rag.answers import Citation
from rag.atoms import AtomKind, atoms
from rag.factlock import Encode
from rag.guides import Guide, Line, Passage, Section
from rag.questions import QuestionKind
from rag.retrieval import content_words, terms
from rag.text import sentences

MAX_CHARS = 900
MAX_LINES = 8
_SIMPLE_LINES = 2
_MAX_MORE_LINES = 12
_LEAD_SENTENCES = 2
_LIST_LINES = 4

# Where the answer to a kind of question stands, and the kinds of facts that answer it in other sections.
_HOME: dict[QuestionKind, tuple[tuple[Section, ...], frozenset[str]]] = {
    QuestionKind.FEE: ((Section.FEE,), frozenset({"fee"})),
    QuestionKind.WHERE: ((Section.PLACE,), frozenset({"place"})),
    QuestionKind.HOW_LONG: ((Section.DEADLINE,), frozenset({"deadline"})),
    QuestionKind.PAPERS: ((Section.PAPERS,), frozenset({"document"})),
    QuestionKind.PENALTY: ((Section.PENALTY,), frozenset({"penalty"})),
    QuestionKind.CONTACT: ((Section.CONTACT,), frozenset({"contact"})),
    QuestionKind.WHO: ((Section.WHO,), frozenset({"requirement"})),
    QuestionKind.ERROR: ((Section.ERRORS,), frozenset({"error-fix"})),
    QuestionKind.SCAM: ((Section.WARNING,), frozenset({"warning"})),
    QuestionKind.HOW: ((Section.STEPS,), frozenset({"step"})),
}
# Kinds whose answer is a plain fact: when the guide has none, the learner is told so.
MUST_HAVE = {
    QuestionKind.FEE: "lệ phí",
    QuestionKind.HOW_LONG: "thời hạn",
    QuestionKind.PENALTY: "mức phạt",
}
_PERIODS = frozenset({"ngày làm việc", "giờ làm việc", "ngày", "tháng", "năm", "tuần", "giờ", "phút"})
_FREE = re.compile(r"không (?:mất|thu|tốn|phải nộp|phải trả)|miễn (?:phí|lệ phí)|được miễn")
_ALIKE = 0.5  # what likeness of meaning counts beside shared terms
_BESIDE = (Section.CHANGED, Section.UNCLEAR)


class Form(StrEnum):
    """The form in which an answer is wanted."""

    PLAIN = "plain"
    SIMPLER = "simpler"
    DETAILED = "detailed"
    STEPS = "steps"


@dataclass(frozen=True, slots=True)
class Statement:
    """One line chosen for the answer, and how it is shown: opening, lead, step, item or warning."""

    passage: Passage
    line: Line
    role: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A composed answer: what is seen first, the rest, the citations, the kinds that the guide could not answer, and whether
    the first line corrects an old rule.
    """

    text: str
    more: str | None
    citations: tuple[Citation, ...]
    unanswered: tuple[QuestionKind, ...] = ()
    opens: bool = False


def compose(
    question: str,
    kinds: tuple[QuestionKind, ...],
    guide: Guide,
    day: date,
    encode: Encode,
    form: Form = Form.PLAIN,
    beside: Sequence[Statement] = (),
    opening: Sequence[Statement] = (),
) -> Draft:
    """Compose from the lines of `guide` that are true on `day`; `encode` is an embedder's, for how alike texts are.

    `beside` are leads from other guides, for the other things that were asked; `opening` comes before everything.
    """
    chooser = _Chooser(question, guide, day, encode)
    leads, unanswered = chooser.leads(kinds)
    unanswered = tuple(kind for kind in unanswered if not any(answers(kind, s.line) for s in opening))
    chosen = chooser.formed(form, kinds, leads)
    chosen = _each_once([*opening, *chosen[: len(leads)], *beside, *chosen[len(leads) :]])
    most = _SIMPLE_LINES if form is Form.SIMPLER else 2 * MAX_LINES if form is Form.DETAILED else MAX_LINES
    if warning := chooser.warning(chosen):
        chosen = [*chosen[: most - 1], warning, *chosen[most - 1 :]]
    shown, rest = _within(chosen, most)
    rest = _each_once([*shown, *rest, *chooser.remaining()])[len(shown) :]
    return replace(cited(shown, rest[:_MAX_MORE_LINES]), unanswered=unanswered, opens=bool(opening))


def cited(shown: Sequence[Statement], more: Sequence[Statement] = ()) -> Draft:
    """Return the statements as text with [n] marks, and what they cite."""
    citations = _Citations()
    text = _render(shown, citations)
    return Draft(text, _render(more, citations, headings=True) or None, citations.all())


def lines_for(
    question: str,
    kinds: tuple[QuestionKind, ...],
    guide: Guide,
    day: date,
    encode: Encode,
) -> list[Statement]:
    """Return the lines of `guide` that answer the question, the one that answers it first first."""
    chooser = _Chooser(question, guide, day, encode)
    leads, _ = chooser.leads(kinds)
    return _each_once(chooser.formed(Form.PLAIN, kinds, leads))[:MAX_LINES]


class _Chooser:
    """Scores the lines of one guide against one question."""

    def __init__(self, question: str, guide: Guide, day: date, encode: Encode) -> None:
        self._words = content_words(question)
        self._title = content_words(guide.title)
        self._lines = [(p, line) for p in guide.passages for line in p.lines if line.valid_on(day)]
        self._fit = self._match(question, encode)

    def _match(self, question: str, encode: Encode) -> dict[tuple[str, int], float]:
        """Return how well each line fits the question, by (passage id, line number): shared terms, weighed by how
        few lines of this guide have them, plus likeness of meaning. Roughly in [0, 1.5].
        """
        asked = terms(question)
        texts = [line.text for _, line in self._lines]
        said = [terms(f"{p.heading} {line.text}") for p, line in self._lines]
        weight = {t: math.log(1 + len(said) / n) for t in asked if (n := sum(t in line for line in said))}
        total = sum(weight.values()) or 1.0
        alike = encode(texts) @ encode([question])[0]
        return {
            (p.id, line.number): sum(weight[t] for t in asked & found if t in weight) / total + _ALIKE * float(cosine)
            for (p, line), found, cosine in zip(self._lines, said, alike, strict=True)
        }

    def formed(self, form: Form, kinds: tuple[QuestionKind, ...], leads: list[Statement]) -> list[Statement]:
        """Return the lines of an answer in the wanted form, what matters most first."""
        if form is Form.STEPS and (steps := list(self._steps())):
            return steps
        if form is Form.SIMPLER:
            return [*leads[:1], Statement(*self._short(), "item"), *leads[1:], *self.support(kinds, leads)]
        lines = [*leads, *self.overtaken(leads), *self.corrections(), *self.support(kinds, leads)]
        return [*lines, *self.remaining()] if form is Form.DETAILED else lines

    def fit(self, passage: Passage, line: Line) -> float:
        """Return how well the line fits the question."""
        return self._fit[passage.id, line.number]

    def leads(self, kinds: tuple[QuestionKind, ...]) -> tuple[list[Statement], tuple[QuestionKind, ...]]:
        """Return one lead a kind (at most three), the best-matching first line otherwise, and the kinds without one."""
        leads: list[Statement] = []
        unanswered: list[QuestionKind] = []
        for kind in kinds[:3]:
            if found := self._lead(kind):
                leads.append(Statement(*found, "lead"))
            elif kind in MUST_HAVE:
                unanswered.append(kind)
        if not leads or not any(k in _HOME for k in kinds):
            leads.insert(0, Statement(*self._direct(kinds), "lead"))
        return leads, tuple(unanswered)

    def _lead(self, kind: QuestionKind) -> tuple[Passage, Line] | None:
        if kind not in _HOME or kind is QuestionKind.HOW:
            return None
        sections, facts = _HOME[kind]
        rows = [
            (
                self.fit(p, line)
                + 0.3 * (p.section in sections)
                + 0.2 * (p.section is Section.SHORT)
                + 0.4 * answers(kind, line),
                -n,
                p,
                line,
            )
            for n, (p, line) in enumerate(self._lines)
            if p.section not in _BESIDE
            and line.step is None
            and (p.section in sections or any(i.kind in facts for i in line.items))
        ]
        return max(rows, key=lambda row: row[:2])[2:] if rows else None

    def _short(self) -> tuple[Passage, Line]:
        """Return the line of the guide's short answer that fits best, of all its lines where none of those is true today."""
        short = [row for row in self._lines if row[0].section is Section.SHORT]
        return max(short or self._lines, key=lambda row: self.fit(*row))

    def _direct(self, kinds: tuple[QuestionKind, ...]) -> tuple[Passage, Line]:
        """Return the guide's short answer, unless another line fits the question's own words much better.

        A how-question is answered by the steps that follow, so the short answer leads.
        """
        short = self._short()
        if kinds == (QuestionKind.HOW,):
            return short
        rows = (row for row in self._lines if row[0].section not in _BESIDE and row[1].step is None)
        best = max(rows, key=lambda row: self.fit(*row))
        return best if self.fit(*best) > self.fit(*short) + 0.2 else short

    def corrections(self) -> Iterator[Statement]:
        """Yield the changed rule that the question's words (beyond the guide's subject) refer to, if any."""
        special = self._words - self._title
        rows = [
            (len(special & content_words(line.text)), p, line)
            for p, line in self._lines
            if p.section is Section.CHANGED
        ]
        best = max(rows, key=lambda row: row[0], default=None)
        if best and best[0] >= 2:
            yield Statement(best[1], best[2], "item")

    def overtaken(self, leads: Sequence[Statement]) -> Iterator[Statement]:
        """Yield the old rules that the leads took the place of: what changed cites the same item as what holds now."""
        ended = {item.id for lead in leads for item in lead.line.items if item.kind == "superseded"}
        for p, line in self._lines:
            if p.section is Section.CHANGED and ended & {item.id for item in line.items}:
                yield Statement(p, line, "item")

    def support(self, kinds: tuple[QuestionKind, ...], leads: list[Statement]) -> Iterator[Statement]:
        """Yield what follows the lead: the steps for a how-question, the lead's neighbours for a fact."""
        asks_how = set(kinds) & {QuestionKind.HOW, QuestionKind.ERROR} or not any(k in _HOME for k in kinds)
        best_lead = max(self.fit(s.passage, s.line) for s in leads)
        steps = [self.fit(p, line) for p, line in self._lines if line.step is not None]
        if asks_how or (not set(kinds) & set(MUST_HAVE) and max(steps, default=0.0) > best_lead):
            yield from self._steps()
        if not set(kinds) & set(MUST_HAVE):
            yield Statement(*self._short(), "item")
        for lead in leads:
            rows = [(p, line) for p, line in self._lines if p.id == lead.passage.id and line is not lead.line]
            rows = [row for row in rows if row[0].section is not Section.STEPS]
            for p, line in sorted(rows, key=lambda row: -self.fit(*row))[:_LIST_LINES]:
                yield Statement(p, line, "item")

    def _steps(self) -> Iterator[Statement]:
        parts = {p.id: p for p, _ in self._lines if p.section is Section.STEPS}
        if not parts:
            return
        best = max(parts.values(), key=lambda p: sum(self.fit(p, line) for line in p.lines) / len(p.lines))
        for p, line in self._lines:
            if p is best or p.id == best.id:
                yield Statement(p, line, "step" if line.step is not None else "item")

    def warning(self, chosen: list[Statement]) -> Statement | None:
        """Return the most fitting warning that is not chosen yet."""
        rows = [(p, line) for p, line in self._lines if p.section is Section.WARNING]
        if not rows or any(s.passage.section is Section.WARNING for s in chosen):
            return None
        return Statement(*max(rows, key=lambda row: self.fit(*row)), "warning")

    def remaining(self) -> Iterator[Statement]:
        """Yield all other lines in the guide's own order, for "xem thêm"."""
        for p, line in self._lines:
            yield Statement(p, line, "step" if line.step is not None else "item")


def answers(kind: QuestionKind, line: Line) -> bool:
    """Tell whether the line has the shape of an answer: an amount for a fee, a period or day for how long."""
    found = atoms(line.text)
    if kind is QuestionKind.FEE:
        return any(a.kind is AtomKind.MONEY for a in found) or _FREE.search(line.text.lower()) is not None
    if kind is QuestionKind.PENALTY:
        return any(a.kind is AtomKind.MONEY for a in found)
    if kind is QuestionKind.HOW_LONG:
        return any(a.kind is AtomKind.DATE or a.unit in _PERIODS for a in found)
    if kind is QuestionKind.CONTACT:
        return any(a.kind is AtomKind.URL or (a.kind is AtomKind.NUMBER and len(a.value) >= 3) for a in found)
    return False


def _each_once(statements: list[Statement]) -> list[Statement]:
    """Keep the first statement of each line."""
    first: dict[tuple[str, int], Statement] = {}
    for statement in statements:
        first.setdefault((statement.passage.id, statement.line.number), statement)
    return list(first.values())


def _within(chosen: list[Statement], most: int) -> tuple[list[Statement], list[Statement]]:
    """Split into what is seen first and the rest; the first lead is at most two sentences and always seen."""
    shown: list[Statement] = []
    rest: list[Statement] = []
    used = lead_sentences = 0
    for statement in chosen:
        cost = len(statement.line.text) + (28 if statement.role == "warning" else 10)
        role = statement.role
        if role == "lead" and shown and lead_sentences + len(sentences(statement.line.text)) > _LEAD_SENTENCES:
            role = "item"
        if role == "lead":
            lead_sentences += len(sentences(statement.line.text))
        if len(shown) < most and used + cost <= MAX_CHARS:
            shown.append(Statement(statement.passage, statement.line, role))
            used += cost
        else:
            rest.append(Statement(statement.passage, statement.line, "item" if role == "lead" else role))
    return shown, rest


class _Citations:
    """Numbers citations in the order of use; neighbouring lines of a passage share one."""

    def __init__(self) -> None:
        self._runs: list[tuple[Passage, list[int]]] = []

    def mark(self, statement: Statement) -> int:
        passage, row = statement.passage, statement.passage.lines.index(statement.line)
        for number, (other, rows) in enumerate(self._runs, 1):
            if other.id == passage.id and row in rows:
                return number
        if self._runs and self._runs[-1][0].id == passage.id and self._runs[-1][1][-1] == row - 1:
            self._runs[-1][1].append(row)
        else:
            self._runs.append((passage, [row]))
        return len(self._runs)

    def all(self) -> tuple[Citation, ...]:
        return tuple(
            Citation(
                number, p.guide_id, p.id, f"{p.guide_title} – {p.heading}",
                "\n".join(p.lines[row].text for row in rows),
                tuple(dict.fromkeys(source for row in rows for source in p.lines[row].sources)),
            )
            for number, (p, rows) in enumerate(self._runs, 1)
        )  # fmt: skip


def _render(statements: Sequence[Statement], citations: _Citations, headings: bool = False) -> str:
    blocks: list[str] = []
    previous, step = "", 0
    for statement in statements:
        heading = statement.passage.heading
        if headings and heading != previous:
            blocks.append(f"\n**{heading}**\n")
        mark = f"{statement.line.text} [{citations.mark(statement)}]"
        same_list = bool(blocks) and heading == previous
        if statement.role == "step":
            step = step + 1 if same_list and step else statement.line.step or 1
            blocks.append(f"{step}. {mark}")
        elif statement.role in ("lead", "opening"):
            blocks.append(f"{mark}\n")
        elif statement.role == "warning":
            blocks.append(f"\n**Cẩn thận:** {mark}")
        else:
            blocks.append(f"- {mark}")
            step = 0
        previous = heading
    return re.sub(r"\n{3,}", "\n\n", "\n".join(blocks)).strip()
