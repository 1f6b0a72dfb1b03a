"""A conversation that begins at a step of a guide, as `/hoi-dap?ve=GUIDE.NUMBER` asks. An address that means no step of today's begins
at nothing. Nothing here does I/O.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from rag.answers import Turn
from rag.guides import Guide
from ui.steps import Step, step_of


@dataclass(frozen=True, slots=True)
class Beginning:
    """The step that a learner is at, and its guide."""

    guide: Guide
    step: Step

    @property
    def turn(self) -> Turn:
        """The step as the turn before the first question: what is asked next is understood from there."""
        # The title says what it is about, the step what the learner is doing; either alone is a poorer question.
        return Turn(f"{self.guide.title}: {self.step.line.text}", self.step.line.text, self.guide.id)


def beginning(at: str, guides: Mapping[str, Guide], day: date) -> Beginning | None:
    """Return where a conversation begins: "vneid-dang-ky-muc-2.3" is the guide's third step on `day`."""
    guide_id, _, number = at.rpartition(".")
    guide = guides.get(guide_id)
    step = step_of(guide, int(number), day) if guide and re.fullmatch(r"[1-9]\d?", number, re.ASCII) else None
    return Beginning(guide, step) if guide and step else None
