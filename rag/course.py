"""All that can be learned with one corpus: lessons and practice screens, and what was left out of them. Reads files only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rag.guides import Guide
from rag.lessons import Flag, Lesson, load_lessons
from rag.practice import Screen, load_practice


@dataclass(frozen=True, slots=True)
class Course:
    """Lessons in their order, practice screens by id, and the parts whose line the guides no longer have."""

    lessons: tuple[Lesson, ...] = ()
    screens: Mapping[str, Screen] = field(default_factory=dict)
    flags: tuple[Flag, ...] = ()


def load_course(corpus: Path, guides: Mapping[str, Guide]) -> Course:
    """Read a corpus that was checked; nothing is proved again. Raises CorpusError."""
    lessons, lost = load_lessons(corpus, guides, prove=False)
    screens, lost_scenes = load_practice(corpus, guides, prove=False)
    return Course(lessons, screens, lost + lost_scenes)
