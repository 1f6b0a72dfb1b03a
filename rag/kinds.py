"""Which kind of thing a question asks for, by a small linear classifier trained on the written questions."""

from pathlib import Path

from rag.linear import LinearClassifier
from rag.questions import QuestionKind

# A second kind is answered too when it is at least this likely (chosen on `evals/cases/question_kinds.jsonl`).
_SECOND = 0.25
# A bare subject ("hộ chiếu") has no kind that stands out.
_ASKING = 0.45


class KindClassifier:
    """Tells kinds by the weights of `corpus/kinds.safetensors`."""

    def __init__(self, path: Path) -> None:
        """Read the weights. Raises ModelError."""
        self._classifier = LinearClassifier(path)

    def chances(self, question: str) -> dict[QuestionKind, float]:
        """Return the probability of each kind; they sum to 1."""
        return {QuestionKind(kind): chance for kind, chance in self._classifier.chances(question).items()}

    def kinds(self, question: str) -> tuple[QuestionKind, ...]:
        """Return the likeliest kind and any other that is likely, in the order in which answers are given."""
        chance = self.chances(question)
        top = max(chance, key=lambda kind: chance[kind])
        return tuple(kind for kind in QuestionKind if kind is top or chance[kind] >= _SECOND)

    def is_asking(self, question: str) -> bool:
        """Tell whether any kind stands out: "hộ chiếu ở đâu" asks, "hộ chiếu" only names a subject."""
        return max(self.chances(question).values()) >= _ASKING
