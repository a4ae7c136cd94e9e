"""Makes test/golden/pipelines: outputs of Python's pipelines for small models, in float64.

    python tools/golden/make-pipelines.py --vocab models/banking77-intents/vocab.txt \
        --out test/golden/pipelines                                          (a minute)

token-classification and fill-mask are transformers' own pipelines. transformers 5 has no
question-answering pipeline: that of version 4 is written out here, on top of transformers' model and
the Rust tokenizers. Weights are not stored: they are the hashes of tools/golden/make-full.py. No text
is padded.
"""

import argparse
import importlib
import json
import platform
from pathlib import Path

import numpy as np
import tokenizers
import torch
import transformers
from transformers import FillMaskPipeline, MobileBertConfig, MobileBertTokenizerFast
from transformers import TokenClassificationPipeline

full = importlib.import_module("make-full")

SIZES = dict(
    vocab_size=30522, embedding_size=12, hidden_size=32, intra_bottleneck_size=20, num_attention_heads=4,
    intermediate_size=28, num_hidden_layers=2, num_feedforward_networks=2, max_position_embeddings=96,
)  # fmt: skip
LABELS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "MISC-X"]
HEADS = {
    "token-classification": "MobileBertForTokenClassification",
    "fill-mask": "MobileBertForMaskedLM",
    "question-answering": "MobileBertForQuestionAnswering",
}

SHORT = [
    "My card was declined at the Café Müller in São Paulo.",
    "Is it unbelievably transferable? 🙂 日本語 naïvely re-verified",
    "top-up",
    "I'd like to change my PIN, please; it doesn't work abroad, e.g. in Østerbro or Kraków!",
    "\tTabs\nand  double   blanks\u200b, 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 ﬁne 한국어 İstanbul straße ",
    "xyzzyqwertyuiopasdfghjklzxcvbnm" * 3 + "xyzzyqwertyuiop is unknown",
]
LONG = (
    "Ana María Ibáñez moved from Buenos Aires to Reykjavík in 1987, where she opened a bakery. "
    "The bakery, which smelled of cardamom and unforgettable sourdough, stood between a bookshop "
    "and the harbour. Fishermen came at five o'clock; schoolchildren at eight. In 2003 a fire 🔥 "
    "destroyed the ovens, but the neighbours rebuilt everything within eleven weeks. Since then, "
    "Ibáñez's grandson Þórður has run the counter, while she writes a newspaper column about bread, "
    "immigration and the weather. The column was translated into Japanese (日本語) and Portuguese; "
    "its best-known sentence is: a loaf does not ask for your passport. Tourists photograph the "
    "hand-painted sign, which misspells the word croissant, and nobody has ever dared to correct it."
)
WORDS = [
    ["Ana", "María", "lives", "in", "Reykjavík", "."],
    ["unforgettable", "sourdough", "🔥", "is", "re-baked"],
]

# ---------------------------------------------------------------------------------------------------
# Models
# ---------------------------------------------------------------------------------------------------


def make_model(head):
    config = MobileBertConfig(attn_implementation="eager", **SIZES)
    if head == "MobileBertForTokenClassification":
        config.id2label = dict(enumerate(LABELS))
        config.label2id = {label: i for i, label in enumerate(LABELS)}
    model = getattr(transformers, head)(config).eval()
    for name, parameter in model.named_parameters():
        parameter.data = torch.from_numpy(full.hashed_tensor(name, tuple(parameter.shape)))
    model.tie_weights()
    return model.double()


# ---------------------------------------------------------------------------------------------------
# token-classification
# ---------------------------------------------------------------------------------------------------


def windows(length, room, stride):
    """Ranges of at most `room` tokens that overlap by `stride`, as the Rust tokenizers truncate."""
    starts = range(0, max(1, length), room - stride)
    ends = [min(start + room, length) for start in starts]
    return list(zip(starts, ends[: ends.index(length) + 1]))


class Windowed(TokenClassificationPipeline):
    """Python's pipeline without two faults: padding in a text's last window, and lost text.

    Python pads the last window, and the Rust tokenizers 0.23 lose overflowing tokens (github.com/
    huggingface/tokenizers/issues/2091). Here a text is encoded whole, then cut into windows.
    """

    PER_TOKEN = ("input_ids", "attention_mask", "token_type_ids", "special_tokens_mask", "offset_mapping")

    def preprocess(self, sentence, tokenizer_params=None, **params):
        if tokenizer_params is None:
            yield from super().preprocess(sentence, **params)
            return
        limit, self.tokenizer.model_max_length = self.tokenizer.model_max_length, 10**6
        (whole,) = super().preprocess(sentence, **params)
        self.tokenizer.model_max_length = limit
        length = whole["input_ids"].shape[1]
        ranges = windows(length - 2, limit - 2, tokenizer_params["stride"])
        for start, end in ranges:
            kept = [0, *range(start + 1, end + 1), length - 1]
            part = whole | {key: whole[key][:, kept] for key in self.PER_TOKEN}
            if "word_ids" in whole:
                part["word_ids"] = [whole["word_ids"][i] for i in kept]
            yield part | {"is_last": end == length - 2}


STRATEGIES = ("none", "simple", "first", "average", "max")
TOKEN_CALLS = (
    [(text, {"aggregation_strategy": strategy}) for strategy in STRATEGIES for text in SHORT]
    + [(text, {"aggregation_strategy": "simple", "ignore_labels": []}) for text in SHORT]
    + [(SHORT[0], {"aggregation_strategy": "none", "ignore_labels": ["B-PER", "MISC-X"]})]
    + [(SHORT[3], {"aggregation_strategy": "average", "ignore_labels": ["PER", "O"]})]
    + [(LONG, {"aggregation_strategy": strategy}) for strategy in ("none", "simple")]
    + [
        (LONG, {"aggregation_strategy": strategy, "stride": stride})
        for strategy in ("simple", "first", "average", "max")
        for stride in (0, 7, 40)
    ]
    + [
        (words, {"aggregation_strategy": strategy, "is_split_into_words": True} | extra)
        for words in WORDS
        for strategy in ("none", "simple", "first", "max")
        for extra in ({}, {"delimiter": "--"})
    ]
    + [(LONG.split(" "), {"aggregation_strategy": "first", "is_split_into_words": True, "stride": 10})]
)  # fmt: skip


def run_token_classification(model, tokenizer):
    pipe = Windowed(model=model, tokenizer=tokenizer)
    return [call(text, options, pipe(text, **options)) for text, options in TOKEN_CALLS]


# ---------------------------------------------------------------------------------------------------
# fill-mask
# ---------------------------------------------------------------------------------------------------

FILL_CALLS = [
    ("Paris is the [MASK] of France.", {}),
    ("The [MASK] bakery opened in [MASK], didn't it?", {"top_k": 3}),
    ("[MASK]", {"top_k": 12}),
    ("I've lost my [MASK] 🙂 in São Paulo", {"top_k": 1}),
    ("My [MASK] is lost", {"targets": ["card", "passport", "dog", "card"]}),
    ("My [MASK] is lost", {"targets": ["card", "unforgettableness", "日本"], "top_k": 2}),
    ("My [MASK] is [MASK]", {"targets": "lost"}),
    ("[MASK] [UNK] [SEP] [MASK]", {"top_k": 2}),
]


def run_fill_mask(model, tokenizer):
    pipe = FillMaskPipeline(model=model, tokenizer=tokenizer)
    return [call(text, options, pipe(text, **options)) for text, options in FILL_CALLS]


# ---------------------------------------------------------------------------------------------------
# question-answering, as in transformers 4
# ---------------------------------------------------------------------------------------------------

QUESTIONS = ["Who runs the counter now?", "Where did Ana María move to?", "What does a loaf not ask for?"]
ANSWER_CALLS = (
    [(question, LONG, {}) for question in QUESTIONS]
    + [(QUESTIONS[0], SHORT[i], {"top_k": 4}) for i in range(len(SHORT))]
    + [(question, LONG, {"top_k": 5, "max_seq_len": 48, "doc_stride": 12}) for question in QUESTIONS]
    + [(QUESTIONS[1], LONG, {"top_k": 6, "max_seq_len": 40, "doc_stride": 0, "align_to_words": False})]
    + [(QUESTIONS[1], LONG, {"top_k": 6, "max_seq_len": 31, "doc_stride": 17, "max_answer_len": 1})]
    + [(QUESTIONS[2], LONG, {"top_k": 3, "max_answer_len": 60})]
    + [(QUESTIONS[2], LONG, {"top_k": 8, "handle_impossible_answer": True, "max_seq_len": 64, "doc_stride": 20})]
    + [(QUESTIONS[0], SHORT[2], {"top_k": 9, "handle_impossible_answer": True})]
    + [(QUESTIONS[0], LONG, {"max_seq_len": 48, "doc_stride": 12, "handle_impossible_answer": True})]
)  # fmt: skip


def softmax(logits):
    exps = np.exp(logits - logits.max())
    return exps / exps.sum()


def window_answers(start_logits, end_logits, is_context, top_k, max_answer_len):
    """(P(no answer), [(score, start, end)]) of one window; start and end are its tokens."""
    taken = is_context.copy()
    taken[0] = True  # [CLS]
    start = softmax(np.where(taken, start_logits, -10000.0))
    end = softmax(np.where(taken, end_logits, -10000.0))
    null_score = start[0] * end[0]
    start[0] = end[0] = 0
    candidates = np.tril(np.triu(np.outer(start, end)), max_answer_len - 1)
    order = np.argsort(-candidates, axis=None, kind="stable")[:top_k]
    places = (np.unravel_index(index, candidates.shape) for index in order)
    spans = [(candidates[s, e], s, e) for s, e in places if candidates[s, e] > 0]
    return null_score, [span for span in spans if is_context[span[1]] and is_context[span[2]]]


def answer(
    model, tokenizer, question, context, top_k=1, max_seq_len=None, doc_stride=None, max_answer_len=15,
    handle_impossible_answer=False, align_to_words=True,
):  # fmt: skip
    max_seq_len = max_seq_len or min(tokenizer.model_max_length, 384)
    doc_stride = min(max_seq_len // 2, 128) if doc_stride is None else doc_stride
    rust = tokenizer.backend_tokenizer
    first = rust.encode(question, add_special_tokens=False).ids
    second = rust.encode(context, add_special_tokens=False)
    cls, sep = tokenizer.cls_token_id, tokenizer.sep_token_id
    answers, null_scores = [], []
    for begin, stop in windows(len(second.ids), max_seq_len - 3 - len(first), doc_stride):
        ids = [cls, *first, sep, *second.ids[begin:stop], sep]
        types = [0] * (len(first) + 2) + [1] * (stop - begin + 1)
        is_context = np.zeros(len(ids), dtype=bool)
        is_context[len(first) + 2 : -1] = True
        with torch.no_grad():
            outputs = model(input_ids=torch.tensor([ids]), token_type_ids=torch.tensor([types]))
        start_logits, end_logits = outputs.start_logits[0].numpy(), outputs.end_logits[0].numpy()
        null_score, spans = window_answers(start_logits, end_logits, is_context, top_k, max_answer_len)
        null_scores.append(null_score)
        for score, s, e in spans:
            s, e = (int(place) - len(first) - 2 + begin for place in (s, e))
            if align_to_words:
                # word_to_chars of a window's encoding knows only the tokens of the window.
                words = second.word_ids[begin:stop]
                s = begin + words.index(second.word_ids[s])
                e = stop - 1 - words[::-1].index(second.word_ids[e])
            start, end = second.offsets[s][0], second.offsets[e][1]
            text = context[start:end]
            known = next((one for one in answers if one["answer"].lower() == text.lower()), None)
            if known:
                known["score"] += float(score)
            else:
                answers.append({"score": float(score), "start": start, "end": end, "answer": text})
    if handle_impossible_answer:
        answers.append({"score": float(min(null_scores)), "start": 0, "end": 0, "answer": ""})
    return sorted(answers, key=lambda one: -one["score"])[:top_k]


def run_question_answering(model, tokenizer):
    return [
        call(question, options, answer(model, tokenizer, question, context, **options))
        | {"context": context}
        for question, context, options in ANSWER_CALLS
    ]


# ---------------------------------------------------------------------------------------------------
# Command
# ---------------------------------------------------------------------------------------------------


def call(text, options, expected):
    return {"text": text, "options": options, "expected": expected}


def check_scores(task, value):
    """Fails where rounding could swap two neighbours of a ranking."""
    if not isinstance(value, list) or not value:
        return
    if isinstance(value[0], list):
        for one in value:
            check_scores(task, one)
        return
    if task == "token-classification":
        return
    scores = [one["score"] for one in value]
    for above, below in zip(scores, scores[1:]):
        assert above - below > 1e-6 * above, (task, above, below)


def plain(value):
    """numpy's numbers as JSON numbers."""
    return value.item() if isinstance(value, np.generic) else value


README = """\
# Outputs of Python's pipelines

Calls of token-classification, fill-mask and question-answering with all their outputs, on small models
with hashed weights and the released vocabulary. Made by
`python tools/golden/make-pipelines.py --vocab models/banking77-intents/vocab.txt --out test/golden/pipelines`
with {versions}.

A file holds `config` (config.json of the model), `shapes` (of its tensors by name), `model_max_length` of
the tokenizer, and `calls`: `text` (a question has a `context` as well), `options`, `expected`.

No weight is stored: `hashedTensor(name, shape)` in
test/support/hashed-weights.ts makes the same float32 numbers as the script. The arithmetic is float64.
`start` and `end` count code points.

token-classification and fill-mask are transformers' own pipelines. The script cuts a text into windows
itself, because the pipeline pads the last window and the Rust tokenizers 0.23 lose overflowing tokens.
question-answering is the pipeline of transformers 4, written out in the script: transformers 5 has
none.
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--vocab", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="test/golden/pipelines")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(1)
    runs = {
        "token-classification": run_token_classification,
        "fill-mask": run_fill_mask,
        "question-answering": run_question_answering,
    }
    for task, run in runs.items():
        model = make_model(HEADS[task])
        tokenizer = MobileBertTokenizerFast(
            vocab=str(args.vocab), model_max_length=SIZES["max_position_embeddings"]
        )
        calls = run(model, tokenizer)
        for one in calls:
            check_scores(task, one["expected"])
        record = {
            "config": json.loads(model.config.to_json_string(use_diff=True)),
            "shapes": {name: list(parameter.shape) for name, parameter in model.named_parameters()},
            "model_max_length": SIZES["max_position_embeddings"],
            "calls": calls,
        }
        text = json.dumps(record, ensure_ascii=False, default=plain)
        (args.out / f"{task}.json").write_text(text + "\n", encoding="utf-8")
    modules = (torch, transformers, tokenizers, np)
    found = [f"{module.__name__} {module.__version__}" for module in modules]
    versions = ", ".join([f"Python {platform.python_version()}", *found])
    (args.out / "README.md").write_text(README.format(versions=versions), encoding="utf-8")


if __name__ == "__main__":
    main()
