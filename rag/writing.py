"""Let a language model word an answer from guide lines, and keep only what the fact lock lets through. Nothing here does I/O.

The model sees the lines that the composed answer is made of, numbered, with links and phone numbers as tokens. Each sentence
is locked as soon as it is whole: against the lines it cites, else against those it is most like. A sentence with a wrong fact
or that is no Vietnamese is replaced by the line that it speaks of; any other that fails is dropped. A line half told is shown
itself; what else the composed answer says goes behind "xem thêm", so a written answer never knows less than a composed one.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag.answers import Citation
from rag.atoms import AtomKind, atoms
from rag.compose import MAX_CHARS, Draft, Form
from rag.factlock import MARK, Encode, objections
from rag.fluency import Fluency
from rag.llm import ChatModel, Completion
from rag.prompts import load_prompt
from rag.retrieval import content_words
from rag.text import clean, sentences, syllables

_PROMPTS = {Form.PLAIN: "answer", Form.SIMPLER: "answer-simpler", Form.DETAILED: "answer-detailed"}
_MAX_SENTENCES = 6
_MIN_SYLLABLES = 4
_LISTED = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+")
_MARKDOWN = re.compile(r"[*_#`]+|!?\[([^\]\[]*)\]\([^)]*\)")
_DOUBLED = re.compile(r"\[\[\s*(\d+)\s*\]\]")
# Empty brackets, and tokens that stand after the end of a sentence like marks.
_STRAY = re.compile(r"\[\s*\]\.?|(?<=\w[.!?])(?:[\s,]*\[\[[a-z-]+-\d+\]\])+[\s,.]*$")
_TOKEN = re.compile(r"\[\[([a-z-]+-\d+)\]\]")
# A line of a composed answer without its list mark, warning word and citations.
_COMPOSED = re.compile(r"^(?:\s*(?:\d+\.|-)\s+|\*\*Cẩn thận:\*\*\s*)?(.*?)(?:\s*\[\d+\])+$")
# A sentence ends with its citation marks, or at a full stop before a capital letter, or with its line.
_SENTENCES = re.compile(r"\n+|(?<=[.!?…])\s+(?=[A-ZĐÀ-Ỹ])|(?<=\])\s*\.?\s+(?=[A-ZĐÀ-Ỹ])")
# What is kept free of the shown text for the composed lead.
_LEAD_CHARS = 200
# Share of a composed line's words that must have been said: at 0.8 a 135-million-parameter model could mix up two lines unseen.
_SAID = 0.85
_STEP = re.compile(r"\d+\. ")

Shown = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Written:
    """A written answer: text with [n] marks, what is left for "xem thêm", and the sentences that were not let through."""

    text: str
    more: str | None
    dropped: tuple[tuple[str, str], ...]


class Writer:
    """Writes with one model."""

    def __init__(self, model: ChatModel, encode: Encode, fluency: Fluency) -> None:
        self.model = model
        self._encode = encode
        self._fluency = fluency
        self._system = load_prompt("answer-system")
        self._prompts = {form: load_prompt(name) for form, name in _PROMPTS.items()}

    def write(
        self,
        question: str,
        draft: Draft,
        form: Form = Form.PLAIN,
        visitor: str = "",
        on_text: Shown = lambda _: None,
    ) -> Written | None:
        """Word the draft as an answer to a masked question; None when nothing that the model wrote may be shown.

        `on_text` gets the locked text so far: nothing when the model is asked, then more after each sentence. Raises ModelError.
        """
        tokens = _Tokens()
        citations = tuple(c for c in draft.citations if f"[{c.number}]" in draft.text)
        quotes = "\n".join(f"[{c.number}] {tokens.hide(c.quote)}" for c in citations)
        locked = _Locked(citations, self._encode, self._fluency, tokens, on_text)
        user = self._prompts[form].fill(question=question, quotes=quotes)
        on_text("")
        completion = self.model.complete(self._system.fill(), user, visitor, locked.add)
        locked.close(completion)
        return self._with_rest(locked, draft) if locked.lines else None

    def _with_rest(self, locked: "_Locked", draft: Draft) -> Written | None:
        """Put the composed lead first unless it was said (a correction in any case), then what was written, then what else the
        quotes say that were written from, and everything else that was not said behind "xem thêm"; None when the model said
        nothing beyond the lead.
        """
        lines = [line for line in draft.text.split("\n") if line.strip()]
        unsaid = [line for line in lines if not self._says(locked.lines, lines[0], line)]
        first = lines[:1] if draft.opens or lines[:1] == unsaid[:1] else []
        kept = [line for line in locked.lines if not any(self._repeats(line, lead) for lead in first)]
        if not kept:
            return None
        touched = {n for line in kept for n in MARK.findall(line)}
        beside = [line for line in unsaid if line not in first and touched.intersection(MARK.findall(line))]
        if any(map(_STEP.match, beside)):
            beside = [line for line in lines if line in beside or _STEP.match(line)]
        told = [line for line in lines if line not in first and line not in beside]
        kept = [
            one for one in kept
            if any(self._says([one], lines[0], line) for line in told)
            or not any(self._repeats(one, other) for other in beside)
        ]  # fmt: skip
        if not kept:
            return None
        hidden = [line for line in told if not self._says(kept, lines[0], line)]
        more = "\n".join([*hidden, *([draft.more] if draft.more else [])])
        shown = ("\n".join(part) for part in (first, kept, beside) if part)
        return Written("\n\n".join(shown), more or None, tuple(locked.dropped))

    def _repeats(self, line: str, lead: str) -> bool:
        return not objections(_bare(line), "", _bare(lead), self._encode)

    def _says(self, said: Sequence[str], lead: str, line: str) -> bool:
        """Tell whether each sentence of a composed line stands in one that was said (beside the lead, which stays unless it was
        said, too), with nearly all of its words.
        """
        match = _COMPOSED.match(line)
        known = [_bare(one if line == lead else f"{one}\n{lead}") for one in said]
        return match is not None and all(any(self._covers(one, part) for one in known) for part in sentences(match[1]))

    def _covers(self, said: str, part: str) -> bool:
        words = content_words(part)
        return len(words & content_words(said)) >= _SAID * len(words) and not objections(part, "", said, self._encode)


def _bare(line: str) -> str:
    return MARK.sub("", line)


class _Locked:
    """The sentences of an answer that may be shown, as they come."""

    def __init__(
        self, citations: tuple[Citation, ...], encode: Encode, fluency: Fluency, tokens: "_Tokens", on_text: Shown
    ) -> None:
        self.lines: list[str] = []
        self.dropped: list[tuple[str, str]] = []
        self._citations = citations
        self._encode = encode
        self._fluency = fluency
        self._tokens = tokens
        self._on_text = on_text
        self._rest = ""

    def add(self, text: str) -> None:
        """Take a piece of text; lock every sentence that it completes."""
        self._rest += text
        *whole, self._rest = _SENTENCES.split(self._rest)
        for sentence in whole:
            self._lock(sentence)

    def close(self, completion: Completion) -> None:
        """Lock the last sentence, unless the model was stopped in it."""
        if completion.whole:
            self._lock(self._rest)

    def _lock(self, raw: str) -> None:
        raw = _DOUBLED.sub(r"[\1]", raw)
        cited = [int(n) for n in MARK.findall(raw)]
        text = _LISTED.sub("", _MARKDOWN.sub(r"\1", _STRAY.sub("", MARK.sub("", raw))))
        text = self._tokens.show(text).strip()
        if len(syllables(text)) < _MIN_SYLLABLES or len(self.lines) >= _MAX_SENTENCES or text.endswith("?"):
            return  # an answer asks nothing: small models repeat the question
        if self.lines and not objections(text, "", "\n".join(map(_bare, self.lines)), self._encode):
            return  # said already
        tried: list[tuple[list[str], Citation]] = []
        for citation in sorted(self._citations, key=lambda c: c.number not in cited):
            lost = objections(text, citation.title, citation.quote, self._encode)
            lost = lost or self._fluency.oddities(text, citation.quote)
            if not lost:
                self._say(text, citation)
                return
            tried.append((lost, citation))
        self.dropped.append((text, "; ".join(tried[0][0]) if tried else ""))
        # It speaks of this line, but wrongly: the line itself is said instead.
        if near := next((citation for lost, citation in tried if "" not in lost), None):
            self._say(self._line(text, near), near)

    def _say(self, text: str, citation: Citation) -> None:
        line = f"{text.rstrip('.')}. [{citation.number}]"
        if line not in self.lines and sum(map(len, self.lines)) + len(text) <= MAX_CHARS - _LEAD_CHARS:
            self.lines.append(line)
            self._on_text("\n".join(self.lines))

    def _line(self, text: str, citation: Citation) -> str:
        """Return the line of a quote that a sentence speaks of."""
        lines = citation.quote.split("\n")
        return next((line for line in lines if "" not in objections(text, "", line, self._encode)), lines[0])


class _Tokens:
    """Links, mails and phone numbers as the model sees them: it cannot misspell what it does not see."""

    def __init__(self) -> None:
        self._hidden: dict[str, str] = {}

    def hide(self, text: str) -> str:
        """Return cleaned `text` with a token for each of them."""
        text = clean(text)
        for atom in atoms(text):
            if atom.kind in (AtomKind.URL, AtomKind.EMAIL):
                name = "lien-ket"
            elif atom.kind is AtomKind.NUMBER and not atom.unit and len(atom.value) >= 7:
                name = "so-dien-thoai"
            else:
                continue
            known = next((token for token, hidden in self._hidden.items() if hidden == atom.text), None)
            token = known or f"{name}-{1 + sum(t.startswith(name) for t in self._hidden)}"
            self._hidden[token] = atom.text
            text = text.replace(atom.text, f"[[{token}]]")
        return text

    def show(self, text: str) -> str:
        """Put back what the tokens stand for; unknown tokens are dropped."""
        return re.sub(r" {2,}", " ", _TOKEN.sub(lambda match: self._hidden.get(match[1], ""), text))
