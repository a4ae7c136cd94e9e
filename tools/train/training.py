"""Shared by the scripts that train the bundled models: pieces, batches, the small MobileBERT, its optimiser.

`Encoder` turns texts into rows of an embedding table that leaves out pieces that never occur, `make_config` and
`initialise` make a model with that table, `save` writes it with the whole vocabulary.
"""

import collections
import copy
import json
import math
import shutil

import torch
from transformers import MobileBertConfig

MAX_LENGTH = 128


class Encoder:
    """Tokenizes texts into rows of a smaller table: pieces that occur at least `least` times in the training texts.

    Most of the 30,522 pieces never occur. Without them the optimiser's step and the masked-word softmax are several
    times cheaper. `rows` maps every piece of the vocabulary to its row. Rare pieces share the row of [MASK], whose
    meaning the model learns from context; with `kinds` they share one row for each kind of piece: beginnings and
    continuations of words, digits or not. `stand_in` maps a row to the row that masks it.
    """

    def __init__(self, tokenizer, texts, least=1, kinds=False):
        self.tokenizer = tokenizer
        special = set(tokenizer.all_special_ids)
        pieces = tokenizer.convert_ids_to_tokens(range(len(tokenizer)))
        hides = [kind_of(piece) if kinds else "[MASK]" for piece in pieces]
        stand_ins = dict(zip(set(hides), tokenizer.convert_tokens_to_ids(set(hides))))
        counts = collections.Counter(piece for ids in self.tokenize(texts) for piece in ids)
        seen = {piece for piece, count in counts.items() if count >= least}
        row_of = {piece: row for row, piece in enumerate(sorted(seen | special | set(stand_ins.values())))}
        assert row_of[tokenizer.pad_token_id] == 0
        self.size = len(row_of)
        self.is_special = torch.zeros(self.size, dtype=torch.bool)
        self.is_special[[row_of[piece] for piece in special]] = True
        hidden = torch.tensor([row_of[stand_ins[kind]] for kind in hides])
        known = seen | {tokenizer.pad_token_id}
        self.rows = torch.tensor([row_of[p] if p in known else hidden[p].item() for p in range(len(tokenizer))])
        self.stand_in = hidden[sorted(row_of)]

    def tokenize(self, texts):
        return self.tokenizer(list(texts), truncation=True, max_length=MAX_LENGTH)["input_ids"]

    def __call__(self, texts):
        """One 1-D tensor of rows per text."""
        return [self.rows[torch.tensor(ids)] for ids in self.tokenize(texts)]


def kind_of(piece):
    """The unused piece of the vocabulary that stands for rare pieces of this kind."""
    continues = piece.startswith("##")
    if piece.removeprefix("##").isdigit():
        return "[unused3]" if continues else "[unused2]"
    return "[unused1]" if continues else "[MASK]"


def batches(sequences, size, rng):
    """Lists of indices to sequences of similar lengths, in random order: little padding."""
    order = list(range(len(sequences)))
    rng.shuffle(order)
    result = []
    for start in range(0, len(order), 32 * size):
        pool = sorted(order[start : start + 32 * size], key=lambda i: len(sequences[i]))
        result += [pool[i : i + size] for i in range(0, len(pool), size)]
    rng.shuffle(result)
    return result


def hide_words(input_ids, share, encoder, generator):
    """Masks `share` of the pieces by their stand-ins: (input_ids, which are masked)."""
    hidden = (torch.rand(input_ids.shape, generator=generator) < share) & ~encoder.is_special[input_ids]
    return torch.where(hidden, encoder.stand_in[input_ids], input_ids), hidden


def make_config(vocab_size, dropout, **settings):
    return MobileBertConfig(
        vocab_size=vocab_size,
        hidden_size=128,
        embedding_size=64,
        intra_bottleneck_size=64,
        intermediate_size=128,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_feedforward_networks=2,
        max_position_embeddings=MAX_LENGTH,
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
        classifier_dropout=dropout,
        **settings,
    )


@torch.no_grad()
def initialise(model, embedding_std=0.1, branch_gain=0.25):
    """Glorot's normal weights, smaller where a branch joins the residual stream.

    NoNorm does not normalise. With the usual deviation of 0.02 the signal vanishes; with unscaled branches it grows
    ninefold a layer.
    """
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear):
            joins = name.endswith(("output.dense", "bottleneck.dense"))
            torch.nn.init.xavier_normal_(module.weight, branch_gain if joins else 1.0)
            if module.bias is not None:
                module.bias.zero_()
    embeddings = model.mobilebert.embeddings
    embeddings.word_embeddings.weight.normal_(0, embedding_std)
    # [PAD] never gets a gradient; 0 is also what the trigram reads past the ends of a text.
    embeddings.word_embeddings.weight[0] = 0
    embeddings.position_embeddings.weight.normal_(0, 0.02)
    embeddings.token_type_embeddings.weight.zero_()


def make_optimizer(model, rate, decay):
    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and "embeddings" not in n]
    others = [p for n, p in model.named_parameters() if p.ndim != 2 or "embeddings" in n]
    groups = [{"params": matrices, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98), fused=True)


def schedule(optimizer, rate, step, steps, warmup=0.05):
    """Linear warm-up, then a cosine to zero."""
    at = step / steps
    factor = at / warmup if at < warmup else 0.5 * (1 + math.cos(math.pi * (at - warmup) / (1 - warmup)))
    for group in optimizer.param_groups:
        group["lr"] = rate * factor


class Average:
    """The exponential moving average of a model's weights; its horizon grows with the steps."""

    def __init__(self, model, decay):
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self.decay, self.steps = decay, 0

    @torch.no_grad()
    def update(self, model):
        self.steps += 1
        weight = 1 - min(self.decay, (1 + self.steps) / (10 + self.steps))
        torch._foreach_lerp_(list(self.model.parameters()), list(model.parameters()), weight)


def by_length(sequences, most=128):
    """Lists of indices to sequences of equal lengths, which run together without padding."""
    groups = collections.defaultdict(list)
    for i, sequence in enumerate(sequences):
        groups[len(sequence)].append(i)
    for group in groups.values():
        for start in range(0, len(group), most):
            yield group[start : start + most]


TOKENIZER_SETTINGS = {
    "cls_token": "[CLS]",
    "do_lower_case": True,
    "mask_token": "[MASK]",
    "model_max_length": MAX_LENGTH,
    "pad_token": "[PAD]",
    "sep_token": "[SEP]",
    "strip_accents": None,
    "tokenize_chinese_chars": True,
    "tokenizer_class": "MobileBertTokenizer",
    "unk_token": "[UNK]",
}


def save(model, encoder, out, vocab):
    """Saves the model with the whole vocabulary, in half precision, as Hugging Face's loaders expect it."""
    state = model.state_dict()
    name = "mobilebert.embeddings.word_embeddings.weight"
    state[name] = state[name][encoder.rows]
    config = copy.deepcopy(model.config)
    config.vocab_size = len(encoder.rows)
    whole = type(model)(config)
    whole.load_state_dict(state)
    assert all(p.isfinite().all() for p in whole.parameters())
    whole.half().save_pretrained(out)
    (out / "model.safetensors").chmod(0o644)
    shutil.copyfile(vocab / "vocab.txt", out / "vocab.txt")
    (out / "tokenizer_config.json").write_text(json.dumps(TOKENIZER_SETTINGS, indent=2) + "\n")
