"""Train what is shipped, OUT/embedding, OUT/kinds.safetensors, OUT/scams.safetensors and OUT/fluency.npy:
`python -m rag.training OUT [--data FOLDER] [--classifiers]`.

A WordLevel tokenizer over lower-case syllables, accented and folded, and one vector a syllable; a text is the mean of
its vectors. First general Vietnamese (title or heading → text of encyclopedia, law and official procedures, where
`--data` has them; the model card names them), then the guides: learners' questions, headings and lines against every
passage of the corpus at once, so that each passage is a negative of all others and no hard negative is missed.
Texts are dropped to no diacritics, or mistyped, at random. Uses torch; the result is a sentence-transformers
`StaticEmbedding`, read at run time without torch.
"""

import argparse
import gzip
import json
import random
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rag.asked import Asked, load_asked, load_believed
from rag.collection import indexed_text
from rag.fluency import digests, units
from rag.guides import Guide, load_guides
from rag.linear import runs
from rag.routing import Message, Route, load_messages, load_rules, plain
from rag.settings import PROJECT
from rag.sheets import load_sheets
from rag.spelling import load_syllables
from rag.text import SYLLABLE, clean, fold, syllables

DIMENSION = 256
GENERAL_STEPS = 800
GENERAL_BATCH = 1024
GENERAL_RATE = 0.01
GUIDE_STEPS = 400
GUIDE_BATCH = 512
GUIDE_RATE = 0.01
# Share of syllables left out at random, of questions and of passages: without it a few rare words carry everything.
DROPPED_SHARE = 0.4
TEMPERATURE = 0.05
FOLDED_SHARE = 0.4
MISTYPED_SHARE = 0.1
# A passage of the same guide answers better than any other: it gets this share of the target.
SAME_GUIDE_SHARE = 0.4
MAX_VOCABULARY = 16_000
MAX_PASSAGE_SYLLABLES = 160
MAX_TEXT_CHARS = 800
MIN_COUNT = 3
GENERAL_MIN_COUNT = 2
SCAM_STRENGTH = 5.0
SCAM_SMALLEST = 0.05
UNKNOWN = "[UNK]"
SEED = 7

Pair = tuple[str, str]


def general_pairs(folder: Path) -> Iterator[Pair]:
    """Yield (short text, longer text) pairs of the data that may train shipped weights."""
    for row in _rows(folder / "viwiki2017_sections.jsonl.gz"):
        if paragraphs := row["paras"]:
            yield f"{row['title']} {row['heading']}", paragraphs[0]
            first, _, rest = paragraphs[0].partition(". ")
            if len(rest) > 60:
                yield first, rest
    for row in _rows(folder / "laws_tocit_articles.jsonl.gz"):
        yield row["title"], row["text"]
        first, _, rest = row["text"].partition(". ")
        if len(rest) > 60:
            yield first, f"{row['title']} {rest}"
    for row in _rows(folder / "msdocs_vi_sections.jsonl.gz"):
        yield f"{row['title']} {row['heading']}", row["text"]
    for row in _rows(folder / "tthc_nhdandz_procedures.jsonl.gz"):
        yield row["metadata"]["tên_thủ_tục"], row["content"]["trình_tự_thực_hiện"]
    names = {row["URL_Chi_Tiet"]: row["Ten_Dich_Vu"] for row in _rows(folder / "tthc_congan_list.jsonl.gz")}
    for row in _rows(folder / "tthc_congan_thanhhoa.jsonl.gz"):
        name = names.get(row["URL_Chi_Tiet"], "")
        yield from (
            (f"{name} {key.replace('_', ' ')}", f"{name} {value}") for key, value in row.items() if name and value
        )


def general_texts(folder: Path) -> Iterator[str]:
    """Yield every text of the data that may train what is shipped."""

    def texts(value: Any) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, list | dict):
            for part in value.values() if isinstance(value, dict) else value:
                yield from texts(part)

    for path in sorted(folder.glob("*.jsonl.gz")):
        yield from texts(list(_rows(path)))


def guide_pairs(guides: Sequence[Guide], asked: Sequence[Asked]) -> list[Pair]:
    """Return (short text, passage id) pairs: who asks or says this needs that passage."""
    pairs = [(row.question, row.passage) for row in asked]
    for guide in guides:
        pairs += [(question, guide.passages[0].id) for question in guide.questions]
        for passage in guide.passages:
            pairs.append((f"{guide.title} {passage.heading}", passage.id))
            pairs += [(line.text, passage.id) for line in passage.lines]
    return pairs


def build_tokenizer(texts: Sequence[str], own: Sequence[str]):
    """Return a `tokenizers` WordLevel tokenizer over the syllables of `texts` and their folded forms, all of `own` first."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    def counted(rows: Sequence[str]) -> list[str]:
        counts = Counter(unit for text in rows for unit in (*syllables(text), *syllables(fold(text))))
        return [word for word, _ in sorted(counts.items(), key=lambda row: (-row[1], row[0]))]

    words = list(dict.fromkeys([UNKNOWN, *counted(own), *counted(texts)]))[:MAX_VOCABULARY]
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(words)}, unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(SYLLABLE.pattern), behavior="removed", invert=True)
    return tokenizer


class Trainer:
    """The vectors while they learn."""

    def __init__(self, tokenizer: Any) -> None:
        import torch

        torch.manual_seed(SEED)
        torch.set_num_threads(2)
        self.tokenizer = tokenizer
        self.bag = torch.nn.EmbeddingBag(tokenizer.get_vocab_size(), DIMENSION, mode="mean")
        torch.nn.init.normal_(self.bag.weight, std=0.1)

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the tokens of cleaned texts, at least one each."""
        rows = self.tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [row.ids[:MAX_PASSAGE_SYLLABLES] or [0] for row in rows]

    def encode(self, ids: Sequence[Sequence[int]]):
        """Return normalised vectors, shape (len(ids), DIMENSION)."""
        import torch

        offsets = torch.tensor([0, *[len(row) for row in ids][:-1]]).cumsum(0)
        return torch.nn.functional.normalize(self.bag(torch.tensor([i for row in ids for i in row]), offsets), dim=1)

    def learn_pairs(self, pairs: Sequence[Pair], rng: random.Random) -> None:
        """Contrast the pairs of a batch with each other, both ways (InfoNCE, van den Oord et al. 2018)."""
        import torch

        def loss() -> Any:
            batch = rng.sample(pairs, min(GENERAL_BATCH, len(pairs)))
            left, right = (
                self.encode(self.ids([_typed(text, rng) for text in side])) for side in zip(*batch, strict=True)
            )
            similarity, target = left @ right.T / TEMPERATURE, torch.arange(len(batch))
            return torch.nn.functional.cross_entropy(similarity, target) + torch.nn.functional.cross_entropy(
                similarity.T, target
            )

        self._descend(loss, GENERAL_STEPS, GENERAL_RATE)

    def learn_guides(self, pairs: Sequence[Pair], passages: dict[str, str], rng: random.Random) -> None:
        """Contrast every short text with all passages; those of the same guide share `SAME_GUIDE_SHARE` of the target."""
        import torch

        ids = list(passages)
        tokens = self.ids(list(passages.values()))
        row = {passage_id: n for n, passage_id in enumerate(ids)}
        guides = np.array([passage_id.partition("#")[0] for passage_id in ids])
        same = torch.from_numpy(guides[:, None] == guides[None, :]).float()
        target = SAME_GUIDE_SHARE * same / same.sum(1, keepdim=True) + (1 - SAME_GUIDE_SHARE) * torch.eye(len(ids))

        def loss() -> Any:
            batch = rng.sample(pairs, min(GUIDE_BATCH, len(pairs)))
            left = self.encode(_thinned(self.ids([_typed(text, rng) for text, _ in batch]), rng))
            similarity = left @ self.encode(_thinned(tokens, rng)).T / TEMPERATURE
            return torch.nn.functional.cross_entropy(similarity, target[[row[passage_id] for _, passage_id in batch]])

        self._descend(loss, GUIDE_STEPS, GUIDE_RATE)

    def _descend(self, loss: Any, steps: int, rate: float) -> None:
        import torch

        optimiser = torch.optim.Adam(self.bag.parameters(), lr=rate)
        for step in range(steps):
            for group in optimiser.param_groups:
                group["lr"] = rate * (1 - step / steps)
            value = loss()
            optimiser.zero_grad()
            value.backward()
            optimiser.step()
            if step % 100 == 0:
                print(f"step {step}: loss {value.item():.3f}", file=sys.stderr)

    def save(self, out: Path) -> None:
        """Write a sentence-transformers model."""
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.base.modules import Normalize
        from sentence_transformers.sentence_transformer.modules import StaticEmbedding

        # Half precision in full width: the file packs to half its size, and every reader still takes it.
        weights = self.bag.weight.detach().numpy().astype("float16").astype("float32")
        SentenceTransformer(modules=[StaticEmbedding(self.tokenizer, embedding_weights=weights), Normalize()]).save(
            str(out), create_model_card=False
        )


def train(guides: Sequence[Guide], asked: Sequence[Asked], data: Path | None) -> Trainer:
    """Train on general pairs, if there are any, and then on the guides."""
    rng = random.Random(SEED)
    general = [(clean(a), clean(b[:MAX_TEXT_CHARS])) for a, b in general_pairs(data)] if data else []
    passages = {p.id: indexed_text(p) for guide in guides for p in guide.passages}
    pairs = [(clean(text), passage_id) for text, passage_id in guide_pairs(guides, asked)]
    own = [*passages.values(), *(text for text, _ in pairs)]
    trainer = Trainer(build_tokenizer([text for pair in general for text in pair], own))
    if general:
        trainer.learn_pairs(general, rng)
    trainer.learn_guides(pairs, passages, rng)
    return trainer


def train_kinds(asked: Sequence[Asked], out: Path) -> None:
    """Fit the classifier of question kinds on the written questions and write what `rag.kinds` reads."""
    fit_classifier([row.question for row in asked], [row.kind.value for row in asked], out)


def train_scams(messages: Sequence[Message], questions: Sequence[str], chat: Mapping[str, str], out: Path) -> None:
    """Fit the classifier of scams on messages and on questions to the guides; write what `rag.routing` reads."""
    rows = [*messages, *(Message(Route.SEARCH, question) for question in questions)]
    labels = [Route.SCAM if row.route is Route.SCAM else Route.SEARCH for row in rows]
    fit_classifier([plain(row.text, chat) for row in rows], labels, out, SCAM_STRENGTH, SCAM_SMALLEST)


def train_fluency(corpus: Path, own: Iterable[str], data: Path, out: Path) -> None:
    """Write which words and pairs of words `rag.fluency` knows: all of our own, and of general Vietnamese what occurs again."""
    known = {unit for text in own for unit in units(text)} | set(load_syllables(corpus))
    counts = Counter(unit for text in general_texts(data) for unit in units(text) if " " in unit)
    np.save(out, digests([*known, *(unit for unit, n in counts.items() if n >= GENERAL_MIN_COUNT)]))


def fit_classifier(
    texts: Sequence[str],
    labels: Sequence[str],
    out: Path,
    strength: float = 1.0,
    smallest: float = 0.0,
) -> None:
    """Fit logistic regression (`strength` is scikit-learn's C) and write what `rag.linear` reads, without the terms whose
    weights are all smaller than `smallest`.
    """
    from safetensors.numpy import save_file
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression

    # The stubs know no function as analyzer.
    counter = CountVectorizer(analyzer=runs, min_df=MIN_COUNT, binary=True)  # pyright: ignore[reportArgumentType]
    model = LogisticRegression(C=strength, max_iter=2000).fit(counter.fit_transform(texts), list(map(str, labels)))
    weights, bias = model.coef_.T, model.intercept_
    if len(bias) == 1:  # of two labels scikit-learn keeps the second one's odds
        weights, bias = np.hstack([-weights / 2, weights / 2]), np.array([-bias[0] / 2, bias[0] / 2])
    kept = np.abs(weights).max(axis=1) >= smallest
    tensors = {"weights": np.ascontiguousarray(weights[kept], np.float16), "bias": bias.astype(np.float16)}
    names = {"terms": list(counter.get_feature_names_out()[kept]), "labels": list(model.classes_)}
    save_file(tensors, out, metadata={key: json.dumps(value, ensure_ascii=False) for key, value in names.items()})


def _typed(text: str, rng: random.Random) -> str:
    """Drop the diacritics of some texts, and misplace a letter of some words."""
    if rng.random() < FOLDED_SHARE:
        text = fold(text)
    if rng.random() < MISTYPED_SHARE:
        at = rng.randrange(max(1, len(text) - 1))
        text = text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :]
    return text


def _thinned(rows: Sequence[list[int]], rng: random.Random) -> list[list[int]]:
    """Leave out `DROPPED_SHARE` of the tokens, never all of a text."""
    return [[i for i in row if rng.random() >= DROPPED_SHARE] or row for row in rows]


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def main() -> None:
    """Train and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="the corpus folder, or another to compare")
    parser.add_argument("--data", type=Path, help="folder with the general data that the model card names")
    parser.add_argument(
        "--classifiers", action="store_true", help="not the embedding: seconds, with --data two minutes"
    )
    options = parser.parse_args()
    corpus = PROJECT / "corpus"
    guides = list(load_guides(corpus, load_sheets(corpus / "facts")).values())
    asked = load_asked(corpus, {p.id for guide in guides for p in guide.passages})
    options.out.mkdir(parents=True, exist_ok=True)
    train_kinds(asked, options.out / "kinds.safetensors")
    believed = load_believed(corpus, {guide.id: guide for guide in guides})
    questions = [*(q for guide in guides for q in guide.questions), *(row.question for row in (*asked, *believed))]
    messages, (_, chat) = load_messages(corpus), load_rules(corpus)
    train_scams(messages, questions, chat, options.out / "scams.safetensors")
    if options.data:
        lines = [line.text for guide in guides for passage in guide.passages for line in passage.lines]
        titles = [title for guide in guides for title in (guide.title, *(p.heading for p in guide.passages))]
        own = [*lines, *titles, *questions, *(message.text for message in messages)]
        train_fluency(corpus, own, options.data, options.out / "fluency.npy")
    if not options.classifiers:
        train(guides, asked, options.data).save(options.out / "embedding")


if __name__ == "__main__":
    main()
