"""Train the shipped static embedding on the guides: `python -m rag.train_embedding OUT`.

A WordLevel tokenizer over cleaned lower-case syllables, accented and folded, and one vector a syllable;
a text is the mean of its vectors. Contrastive training on (guide question, passage) and (heading or line,
rest of the passage) pairs with in-batch negatives (temperature 0.05), 30 % of the short texts folded.
Uses torch; the result is a sentence-transformers `StaticEmbedding`, read at run time without torch.
"""

import random
import sys
from collections import Counter
from pathlib import Path

from rag.guides import Guide, load_guides
from rag.index import indexed_text
from rag.settings import PROJECT
from rag.sheets import load_sheets
from rag.text import clean, fold, syllables

DIMENSION = 192
STEPS = 600
BATCH = 256
LEARNING_RATE = 0.01
TEMPERATURE = 0.05
FOLDED_SHARE = 0.3
MAX_VOCABULARY = 12_000
UNKNOWN = "[UNK]"
SEED = 7


def training_pairs(guides: list[Guide]) -> list[tuple[str, str]]:
    """Return (short text, passage text) pairs that mean the same."""
    pairs: list[tuple[str, str]] = []
    for guide in guides:
        passages = [indexed_text(p) for p in guide.passages]
        pairs += [(question, text) for question in guide.questions for text in passages[:4]]
        for passage in guide.passages:
            pairs.append((f"{guide.title} {passage.heading}", indexed_text(passage)))
            pairs += [(line.text, indexed_text(passage)) for line in passage.lines]
    return pairs


def build_tokenizer(texts: list[str]):
    """Return a `tokenizers` WordLevel tokenizer over the syllables of `texts` and their folded forms."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    counts = Counter(unit for text in texts for unit in (*syllables(clean(text)), *syllables(fold(clean(text)))))
    words = [UNKNOWN, *(word for word, _ in sorted(counts.items(), key=lambda row: (-row[1], row[0]))[:MAX_VOCABULARY])]
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(words)}, unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"\d+(?:[/.,:-]\w+)+|\w+"), behavior="removed", invert=True)
    return tokenizer


def train(guides: list[Guide], out: Path) -> None:
    """Train on `guides` and save a sentence-transformers model in `out`."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Normalize
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    torch.manual_seed(SEED)
    torch.set_num_threads(2)
    rng = random.Random(SEED)
    pairs = training_pairs(guides)
    tokenizer = build_tokenizer([text for pair in pairs for text in pair])
    embedding = torch.nn.EmbeddingBag(tokenizer.get_vocab_size(), DIMENSION, mode="mean")
    torch.nn.init.normal_(embedding.weight, std=0.1)
    optimiser = torch.optim.Adam(embedding.parameters(), lr=LEARNING_RATE)

    def encode(texts: list[str]):
        ids = [e.ids or [0] for e in tokenizer.encode_batch(texts, add_special_tokens=False)]
        offsets = torch.tensor([0, *[len(row) for row in ids][:-1]]).cumsum(0)
        return torch.nn.functional.normalize(embedding(torch.tensor([i for row in ids for i in row]), offsets), dim=1)

    for step in range(STEPS):
        batch = rng.sample(pairs, min(BATCH, len(pairs)))
        left = [fold(a) if rng.random() < FOLDED_SHARE else a for a, _ in batch]
        similarity = encode([clean(t) for t in left]) @ encode([clean(b) for _, b in batch]).T / TEMPERATURE
        target = torch.arange(len(batch))
        loss = torch.nn.functional.cross_entropy(similarity, target) + torch.nn.functional.cross_entropy(
            similarity.T, target
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step % 100 == 0:
            print(f"step {step}: loss {loss.item():.3f}", file=sys.stderr)
    weights = embedding.weight.detach().numpy().astype("float32")
    module = StaticEmbedding(tokenizer, embedding_weights=weights)
    SentenceTransformer(modules=[module, Normalize()]).save(str(out))


if __name__ == "__main__":
    corpus = PROJECT / "corpus"
    train(list(load_guides(corpus, load_sheets(corpus / "facts")).values()), Path(sys.argv[1]))
