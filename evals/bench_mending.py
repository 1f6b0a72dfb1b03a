"""What mending repairs, what it harms, and whether a page's score tells good text from bad: `python -m evals.bench_mending [DATA]`.

DATA is a folder with `laws_tocit_articles.jsonl.gz`, articles of law; without it the corpus's own guides are spoilt. Each
fault is planted in printed lines at the rates that the table names; CER is the edit distance to the clean text over its
length, before and after mending. Scans are drawn, made worse by degrees and read by tesseract-ocr-vie, then mended and
scored; an alarm is a score under 0.8. The articles are also among those of which `corpus/fluency.npy` knows pairs, so that
figures for other texts are a little worse; `--other FILE` (BEIR's corpus.jsonl) measures harm on those.
"""

import argparse
import gzip
import io
import json
import random
import re
import shutil
import subprocess
import sys
import textwrap
import time
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageFont
from rapidfuzz.distance import Levenshtein

from evals.statistics import share_line
from rag.documents.legacy import TCVN3, VNI
from rag.documents.mending import mend, score_lines
from rag.documents.pages import TRUSTED_SCORE, PrintedLine
from rag.guides import load_guides
from rag.settings import PROJECT
from rag.sheets import load_sheets
from rag.text import clean

GOOD_CER, BAD_CER = 0.01, 0.05
HARM_BAR, MISS_BAR, ALARM_BAR = 0.005, 0.02, 0.02
# The first articles chose the weights of `rag.documents.quality`; pages are scored from the next ones on.
_CALIBRATED = 28
_ARTICLES, _HARMED, _LINE_CHARS, _SCAN_CHARS = 300, 2000, 95, 1100
# Debian's fonts-freefont-ttf and fonts-noto-core, which have all Vietnamese letters.
_FONTS = ("/usr/share/fonts/truetype/freefont/FreeSerif.ttf", "/usr/share/fonts/truetype/noto/NotoSerif-Regular.ttf")
_SEED = 7
_LETTER = re.compile(r"(?<=[^\W\d_])(?=[^\W\d_])")
_SPELT_MARKS = str.maketrans({"ư": "u", "ơ": "o", "ă": "a", "â": "a", "ê": "e", "ô": "o"})

Spoil = Callable[[str, random.Random], str]


def _encode(table: dict[str, str], text: str) -> str:
    return "".join(table.get(c, table.get(c.lower(), c)) for c in text)


_TO_TCVN3 = {letter: byte for byte, letter in TCVN3.items() if byte != "μ"}
_TO_VNI = {letter: byte for byte, letter in reversed(VNI.items())}


def _split(rate: float) -> Spoil:
    return lambda text, chance: _LETTER.sub(lambda _: " " if chance.random() < rate else "", text)


def _glue(rate: float) -> Spoil:
    return lambda text, chance: re.sub(" ", lambda _: "" if chance.random() < rate else " ", text)


def _lose_marks(rate: float) -> Spoil:
    """Take the hat, breve or horn off one vowel of a syllable, its tone stays: "người" → "ngưòi"."""

    def spoil(text: str, chance: random.Random) -> str:
        def lose(match: re.Match[str]) -> str:
            word = match[0]
            parts = unicodedata.normalize("NFD", word)
            places = [n for n, c in enumerate(parts) if c in "\u0302\u0306\u031b"]
            if not places or chance.random() >= rate:
                return word
            at = chance.choice(places)
            return unicodedata.normalize("NFC", parts[:at] + parts[at + 1 :])

        return re.sub(r"[^\W\d_]+", lose, text)

    return spoil


def _letters_for_digits(text: str, chance: random.Random) -> str:
    return re.sub(r"(?<=\d)0(?=\d|\.)|(?<=\d\.)0", lambda _: chance.choice("0O"), text)


FAULTS: dict[str, tuple[Spoil, str]] = {
    "TCVN3, font named": (lambda text, _: _encode(_TO_TCVN3, text), ".VnTime"),
    "TCVN3, no font": (lambda text, _: _encode(_TO_TCVN3, text), ""),
    "TCVN3, capitals font": (lambda text, _: _encode(_TO_TCVN3, text.lower()), ".VnTimeH"),
    "VNI, font named": (lambda text, _: _encode(_TO_VNI, text), "VNI-Times"),
    "VNI, no font": (lambda text, _: _encode(_TO_VNI, text), ""),
    "NFD": (lambda text, _: unicodedata.normalize("NFD", text), ""),
    "letters split, 2 %": (_split(0.02), ""),
    "letters split, 10 %": (_split(0.1), ""),
    "letters split, 30 %": (_split(0.3), ""),
    "letters split, all": (_split(1.0), ""),
    "words glued, 5 %": (_glue(0.05), ""),
    "words glued, 20 %": (_glue(0.2), ""),
    "marks lost, 2 %": (_lose_marks(0.02), ""),
    "marks lost, 10 %": (_lose_marks(0.1), ""),
    "O for 0": (_letters_for_digits, ""),
}


@dataclass(frozen=True, slots=True)
class Grade:
    """How badly a page is scanned: dots an inch, blur in points, degrees off, share of speckles."""

    dpi: int
    blur: float = 0.0
    skew: float = 0.0
    speckles: float = 0.0

    def __str__(self) -> str:
        worse = (f"blur {self.blur}", f"skew {self.skew}", f"speckles {self.speckles:.0%}")
        return ", ".join(
            [f"{self.dpi} dpi", *(w for w, n in zip(worse, (self.blur, self.skew, self.speckles), strict=True) if n)]
        )


GRADES = (
    Grade(300),
    Grade(200),
    Grade(200, skew=1.5),
    Grade(200, speckles=0.01),
    Grade(200, speckles=0.02),
    Grade(200, blur=0.6),
    Grade(200, blur=0.9),
    Grade(200, blur=1.05),
    Grade(200, blur=1.2),
    Grade(120),
    Grade(120, blur=0.5),
    Grade(100),
    Grade(80),
    Grade(70),
)


def articles(data: Path | None) -> list[str]:
    """Return clean texts, shuffled by a fixed seed."""
    if data is None:
        corpus = PROJECT / "corpus"
        texts = [
            "\n".join(line.text for line in passage.lines)
            for guide in load_guides(corpus, load_sheets(corpus / "facts")).values()
            for passage in guide.passages
        ]
    else:
        with gzip.open(data / "laws_tocit_articles.jsonl.gz", "rt", encoding="utf-8") as file:
            texts = [json.loads(line)["text"] for line in file]
    random.Random(_SEED).shuffle(texts)
    return [clean(text) for text in texts]


def printed(text: str) -> list[str]:
    """Return a text in lines of a page's width."""
    return [line for part in text.split("\n") for line in textwrap.wrap(part, _LINE_CHARS, break_on_hyphens=False)]


def cer(actual: str, expected: str) -> float:
    """Return the edits that turn `actual` into `expected`, in characters of `expected`."""
    return Levenshtein.distance(actual, expected) / len(expected)


def scan(text: str, grade: Grade, seed: int) -> Image.Image:
    """Return a page with `text`, drawn and made worse."""
    scale = grade.dpi / 72
    image = Image.new("L", (round(595 * scale), round(500 * scale)), 255)
    draw, font = ImageDraw.Draw(image), ImageFont.truetype(_FONTS[seed % 2], 12 * scale)
    for n, line in enumerate(printed(text)):
        draw.text((40 * scale, (40 + 20 * n) * scale), line, font=font, fill=20)
    if grade.skew:
        image = image.rotate(grade.skew, Image.Resampling.BICUBIC, fillcolor=255)
    if grade.blur:
        image = image.filter(ImageFilter.GaussianBlur(grade.blur * scale))
    chance = random.Random(seed)
    for _ in range(round(grade.speckles * image.width * image.height)):
        image.putpixel((chance.randrange(image.width), chance.randrange(image.height)), 60)
    return image


def recognise(image: Image.Image, dpi: int) -> list[PrintedLine]:
    """Return the lines that tesseract reads, each as sure as its words are on average.

    The page is one block (--psm 6): what is measured are letters, not whether the layout was understood.
    """
    png = io.BytesIO()
    image.save(png, "PNG")
    command = ["tesseract", "-", "-", "-l", "vie", "--psm", "6", "--dpi", str(dpi), "tsv"]
    table = subprocess.run(
        command, input=png.getvalue(), capture_output=True, check=True, env={"OMP_THREAD_LIMIT": "1"}
    )
    words: dict[tuple[str, ...], list[tuple[str, float]]] = defaultdict(list)
    for row in table.stdout.decode().splitlines()[1:]:
        cells = row.split("\t")
        if cells[0] == "5" and cells[11].strip():
            words[tuple(cells[1:5])].append((cells[11], float(cells[10]) / 100))
    return [
        PrintedLine(" ".join(word for word, _ in line), sure=sum(sure for _, sure in line) / len(line))
        for line in words.values()
    ]


def mended(lines: Sequence[PrintedLine]) -> list[PrintedLine]:
    """Return the lines as a reader hands them on."""
    return [PrintedLine(mend(line.text, line.font)[0], font=line.font, sure=line.sure) for line in lines]


def _print_faults(texts: Sequence[str]) -> None:
    print(f"{'fault':24} {'CER before':>10} {'CER after':>10} {'lines right':>12}   of {len(texts)} articles")
    for name, (spoil, font) in FAULTS.items():
        chance = random.Random(_SEED)
        lines = [line.upper() if "capitals" in name else line for text in texts for line in printed(text)]
        spoilt = [spoil(line, chance) for line in lines]
        repaired = [mend(line, font)[0] for line in spoilt]
        size = sum(map(len, lines))
        before, after = (sum(map(Levenshtein.distance, wrong, lines)) / size for wrong in (spoilt, repaired))
        right = sum(a == b for a, b in zip(repaired, lines, strict=True)) / len(lines)
        print(f"{name:24} {before:10.2%} {after:10.2%} {right:12.1%}")


def _harm(name: str, texts: Sequence[str], show: bool) -> float:
    """Print how many clean texts mending changes, and how; return their share."""
    kinds: Counter[str] = Counter()
    harmed, shown = 0, []
    for text in texts:
        changed = [(line, *mend(line)) for line in printed(text) if mend(line)[0] != line]
        harmed += bool(changed)
        kinds.update("+".join(sorted(faults)) or "a space behind a stop" for _, _, faults in changed)
        shown += [f"    {line}\n    {after}" for line, after, _ in changed]
    print(f"{f'changed: {name}':28} {share_line(harmed, len(texts))}  {dict(kinds)}")
    if show:
        print(*shown[:200], sep="\n")
    return harmed / len(texts)


def _line_us(texts: Sequence[str]) -> float:
    lines = [line for text in texts for line in printed(text)]
    rounds = []
    for _ in range(3):
        started = time.perf_counter()
        for line in lines:
            mend(line)
        rounds.append(time.perf_counter() - started)
    return 1e6 * min(rounds) / len(lines)


@dataclass(frozen=True, slots=True)
class Scored:
    """A page that was spoilt, mended and scored."""

    grade: str
    cer: float
    score: float
    text: str


def scored_pages(texts: Sequence[str], scans: int) -> Iterator[Scored]:
    """Yield pages spoilt by scanning, by old letters that nobody decoded, by split letters, and clean ones."""
    chance = random.Random(_SEED)
    for text in texts:
        lines = printed(text[:_SCAN_CHARS])
        yield _score("clean", [PrintedLine(line) for line in lines], lines)
        for name in ("letters split, 30 %", "words glued, 20 %", "marks lost, 10 %", "NFD"):
            spoilt = [FAULTS[name][0](line, chance) for line in lines]
            yield _score(name, mended([PrintedLine(line) for line in spoilt]), lines)
        yield _score("TCVN3, not decoded", [PrintedLine(_encode(_TO_TCVN3, line)) for line in lines], lines)
        yield _score("VNI, not decoded", [PrintedLine(_encode(_TO_VNI, line)) for line in lines], lines)
    if shutil.which("tesseract"):
        for grade in GRADES:
            for n, text in enumerate(texts[:scans]):
                page = text[:_SCAN_CHARS]
                yield _score(str(grade), mended(recognise(scan(page, grade, n), grade.dpi)), printed(page))


def _score(grade: str, lines: Sequence[PrintedLine], expected: Sequence[str]) -> Scored:
    text = " ".join(line.text for line in lines)
    return Scored(grade, cer(text, " ".join(expected)), score_lines(lines)[0], text)


def _print_scores(pages: Sequence[Scored], show: bool) -> tuple[float, float]:
    """Print scores by grade, then misses and false alarms; return the shares of both."""
    print(f"{'page':34} {'pages':>5} {'median CER':>10} {'score':>6} {'passed':>7}")
    for grade in dict.fromkeys(page.grade for page in pages):
        mine = [page for page in pages if page.grade == grade]
        middle = sorted(page.cer for page in mine)[len(mine) // 2]
        mean, passed = sum(page.score for page in mine) / len(mine), sum(page.score >= TRUSTED_SCORE for page in mine)
        print(f"{grade:34} {len(mine):5} {middle:10.2%} {mean:6.2f} {passed / len(mine):7.1%}")
    bad, good = [p for p in pages if p.cer > BAD_CER], [p for p in pages if p.cer <= GOOD_CER]
    missed, alarms = [p for p in bad if p.score >= TRUSTED_SCORE], [p for p in good if p.score < TRUSTED_SCORE]
    print(f"{f'missed: CER > {BAD_CER:.0%}':28} {share_line(len(missed), len(bad))}")
    print(f"{f'false alarms: CER ≤ {GOOD_CER:.0%}':28} {share_line(len(alarms), len(good))}")
    if show:
        for page in (*missed, *alarms):
            print(f"{page.grade}: CER {page.cer:.1%}, score {page.score:.2f}\n    {page.text}")
    return len(missed) / len(bad), len(alarms) / len(good)


def main() -> None:
    """Print the figures; exit 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="?", type=Path, help="folder of laws_tocit_articles.jsonl.gz")
    parser.add_argument("--other", action="append", type=Path, default=[], help="clean texts to measure harm on")
    parser.add_argument("--pages", type=int, default=100, help="pages that are spoilt and scored")
    parser.add_argument("--scans", type=int, default=5, help="pages a grade that tesseract reads")
    parser.add_argument("--show", action="store_true", help="print what was changed, missed and alarmed")
    options = parser.parse_args()
    texts = articles(options.data)
    _print_faults(texts[:_ARTICLES])
    harms = [_harm("articles" if options.data else "guides", texts[:_HARMED], options.show)]
    for path in options.other:
        rows = path.read_text(encoding="utf-8").splitlines()
        harms.append(_harm(path.parent.name, [clean(json.loads(row)["text"]) for row in rows], options.show))
    print(f"a line takes {_line_us(texts[:_ARTICLES]):.0f} µs")
    long = [text for text in texts if len(text) > _SCAN_CHARS // 2]
    missed, alarms = _print_scores(
        list(scored_pages(long[_CALIBRATED : _CALIBRATED + options.pages], options.scans)), options.show
    )
    if max(harms) > HARM_BAR or missed > MISS_BAR or alarms > ALARM_BAR:
        sys.exit(1)


if __name__ == "__main__":
    main()
