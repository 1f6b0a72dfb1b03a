"""How long the sentences are that learners read: guides, lessons, practice screens. `python -m evals.readability`."""

from collections.abc import Iterable

from evals.language import sentence_words
from rag.course import load_course
from rag.guides import load_guides
from rag.lessons import texts_of as texts_of_lesson
from rag.practice import texts_of as texts_of_screen
from rag.settings import PROJECT
from rag.sheets import load_sheets

SHORT = 20  # words, which in Vietnamese are syllables


def short_share(texts: Iterable[str]) -> tuple[float, int]:
    """Return the share of sentences with at most SHORT words, in [0, 1], and how many sentences there are."""
    lengths = [len(words) for text in texts for words in sentence_words(text)]
    return sum(length <= SHORT for length in lengths) / len(lengths), len(lengths)


def texts() -> dict[str, list[str]]:
    """Return all that learners read of the shipped corpus, by kind."""
    guides = load_guides(PROJECT / "corpus", load_sheets(PROJECT / "corpus" / "facts"))
    course = load_course(PROJECT / "corpus", guides)
    lines = [line.text for guide in guides.values() for passage in guide.passages for line in passage.lines]
    return {
        "guides": [*lines, *(guide.title for guide in guides.values())],
        "lessons": [text for lesson in course.lessons for text in texts_of_lesson(lesson)],
        "practice screens": [text for screen in course.screens.values() for text in texts_of_screen(screen)],
    }


def main() -> None:
    """Print the share of short sentences of each kind and of all."""
    found = texts()
    for kind, said in {**found, "all": [text for some in found.values() for text in some]}.items():
        share, count = short_share(said)
        print(f"{kind}: {share:.1%} of {count} sentences have at most {SHORT} words")


if __name__ == "__main__":
    main()
