"""Makes test/golden/pipelines-2: outputs of Python's pipelines for small MobileBERTs, in float64.

    python tools/golden/make-pipelines-2.py models/banking77-intents test/golden/pipelines-2   (seconds)

The first folder holds the tokenizer. Weights are not stored: they are the hashes of make-full.py.
zero-shot-classification and feature-extraction are transformers' own pipelines; numpy pools features
and packs them into bits. Python has no pipelines for next sentences and multiple choice, so their
outputs come from its tokenizer and models.
"""

import argparse
import importlib.util
import json
import platform
from pathlib import Path

import numpy as np
import torch
import transformers
from transformers import AutoTokenizer, MobileBertConfig, pipeline

POSITIONS = 64
SIZES = dict(
    vocab_size=30522, embedding_size=16, hidden_size=32, intra_bottleneck_size=16, num_attention_heads=4,
    intermediate_size=24, max_position_embeddings=POSITIONS, num_hidden_layers=2, num_feedforward_networks=2,
)  # fmt: skip

SHORT = "I lost my card in Rome"
LONG = (
    "Last week I upgraded my iOS version and ever since then my phone has been overheating whenever "
    "I use your app. I have tried everything that the help pages say, from removing the app to "
    "restoring the phone, and nothing of it has made any difference whatsoever, so please tell me "
    "what else I could possibly do about this before I return it to the shop."
)
ODD = "Ünï\u00adcödé: 東京タワー, naïve café… 👩‍🚀 x²≠√2"
TEXTS = [SHORT, LONG, "?", ODD, "", "My top-up failed. Where is the money?"]
LABELS = ["travel", "card", "mobile phone", "weather"]
LONG_LABEL = "anything that has to do with money, cards, banks, accounts and the like"


def full_script():
    """make-full.py as a module. Its name has a hyphen, so `import` cannot load it."""
    path = Path(__file__).with_name("make-full.py")
    spec = importlib.util.spec_from_file_location("make_full", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


hashed_tensor = full_script().hashed_tensor


def make_model(head, labels=None):
    fields = dict(id2label=dict(enumerate(labels))) if labels else {}
    if labels:
        fields["label2id"] = {label: i for i, label in enumerate(labels)}
    config = MobileBertConfig(attn_implementation="eager", **SIZES, **fields)
    model = getattr(transformers, head)(config).eval()
    for name, parameter in model.named_parameters():
        values = hashed_tensor(name, tuple(parameter.shape))
        parameter.data = torch.from_numpy(values)
    return model.double()


def record_of(model):
    """The parts of a checkpoint: the fields of config.json and the shapes of its tensors."""
    fields = dict(SIZES, model_type="mobilebert", architectures=[type(model).__name__])
    fields["id2label"] = model.config.id2label
    fields["label2id"] = model.config.label2id
    shapes = {name: list(parameter.shape) for name, parameter in model.named_parameters()}
    return {"config": fields, "shapes": shapes}


# ---- zero-shot classification ------------------------------------------------------------------

NLI = ["contradiction", "neutral", "entailment"]
# labels of the model, tokenizer's model_max_length, texts, candidate labels, options
ZERO_SHOT = [
    (NLI, POSITIONS, SHORT, LABELS, {}),
    (NLI, POSITIONS, SHORT, LABELS, {"multi_label": True}),
    (NLI, POSITIONS, TEXTS[:4] + TEXTS[5:], LABELS, {}),
    (NLI, POSITIONS, TEXTS[:4] + TEXTS[5:], LABELS, {"multi_label": True}),
    (NLI, POSITIONS, SHORT, " travel, card,, mobile phone ,", {}),
    (NLI, POSITIONS, [SHORT], "card", {}),
    (NLI, POSITIONS, SHORT, ["card"], {"multi_label": False}),
    (NLI, POSITIONS, ODD, ["travel, or not", " padded "], {"hypothesis_template": "{{This}} is about {0}"}),
    (NLI, POSITIONS, SHORT, ["$&", "{}", "naïve"], {"hypothesis_template": "{}"}),
    (NLI, POSITIONS, LONG, [*LABELS, LONG_LABEL], {"multi_label": True}),
    # the label leaves no room for the text, so nothing is truncated
    (NLI, 16, SHORT, [*LABELS, LONG_LABEL], {"multi_label": True}),
    (["ENTAILMENT", "neutral", "CONTRADICTION"], POSITIONS, [SHORT, LONG], LABELS, {"multi_label": True}),
    (["no", "Entailed", "maybe"], POSITIONS, [SHORT, LONG], LABELS, {"multi_label": True}),
    (["entailment", "not_entailment"], POSITIONS, [SHORT, LONG], LABELS, {}),
    (["LABEL_0", "LABEL_1", "LABEL_2"], POSITIONS, [SHORT, LONG], LABELS, {}),
    (["LABEL_0", "LABEL_1", "LABEL_2"], POSITIONS, [SHORT, LONG], LABELS, {"multi_label": True}),
]  # fmt: skip


def zero_shot(tokenizer_of):
    cases = []
    for labels, length, texts, candidates, options in ZERO_SHOT:
        model = make_model("MobileBertForSequenceClassification", labels)
        classify = pipeline("zero-shot-classification", model=model, tokenizer=tokenizer_of(length))
        results = classify(texts, candidates, **options)
        for result in results if isinstance(results, list) else [results]:
            gaps = -np.diff(result["scores"])
            assert (gaps > 1e-5).all(), f"scores too close to tell their order: {result}"
        cases.append(
            {
                **record_of(model),
                "model_max_length": length,
                "texts": texts,
                "candidate_labels": candidates,
                "options": options,
                "result": results,
            }
        )
    shapes = {len(case["config"]["id2label"]): case.pop("shapes") for case in cases}
    return {"shapes": shapes, "cases": cases}


# ---- feature extraction ------------------------------------------------------------------------


def feature_extraction(tokenizer_of):
    model = make_model("MobileBertModel")
    tokenizer = tokenizer_of(POSITIONS)
    extract = pipeline("feature-extraction", model=model, tokenizer=tokenizer)
    cases = []
    for text in TEXTS:
        states = np.array(extract(text, truncation=True)[0])
        mean = states.mean(axis=0)
        bits = np.packbits(mean > 0)
        cases.append(
            {
                "text": text,
                "none": states.tolist(),
                "mean": mean.tolist(),
                "cls": states[0].tolist(),
                "last_token": states[-1].tolist(),
                "normalized_mean": (mean / np.linalg.norm(mean)).tolist(),
                "ubinary_mean": bits.tolist(),
                "binary_mean": (bits.astype(np.int16) - 128).tolist(),
            }
        )
    return {**record_of(model), "model_max_length": POSITIONS, "cases": cases}


# ---- next sentences and multiple choice --------------------------------------------------------


def logits_of(model, tokenizer, first, second):
    """Logits of pairs one by one, so that nothing is padded."""
    inputs = tokenizer(first, second, truncation=True, return_tensors="pt")
    with torch.no_grad():
        return model(**inputs).logits


def next_sentence(tokenizer_of):
    model = make_model("MobileBertForNextSentencePrediction")
    tokenizer = tokenizer_of(POSITIONS)
    pairs = [(a, b) for a in TEXTS for b in (SHORT, ODD, LONG)]
    scores = [logits_of(model, tokenizer, *pair).softmax(-1)[0, 0].item() for pair in pairs]
    cases = [{"text": a, "next": b, "score": score} for (a, b), score in zip(pairs, scores)]
    return {**record_of(model), "model_max_length": POSITIONS, "cases": cases}


def multiple_choice(tokenizer_of):
    model = make_model("MobileBertForMultipleChoice")
    tokenizer = tokenizer_of(POSITIONS)
    choices = [[*LABELS, LONG], ["yes", "no"], [ODD], TEXTS, [*LABELS], [SHORT, LONG, ODD]]
    cases = []
    for text, ofText in zip(TEXTS, choices):
        # The model takes [batch, choices, length]; a single choice at a time needs no padding.
        one = lambda choice: tokenizer(text, choice, truncation=True, return_tensors="pt")
        with torch.no_grad():
            logits = [model(**{k: v[None] for k, v in one(c).items()}).logits[0, 0] for c in ofText]
        scores = torch.stack(logits).softmax(0).tolist()
        cases.append({"text": text, "choices": ofText, "scores": scores})
    return {**record_of(model), "model_max_length": POSITIONS, "cases": cases}


# ---- command -----------------------------------------------------------------------------------

README = """\
# Python's pipelines on small MobileBERTs

Outputs of transformers' zero-shot-classification and feature-extraction pipelines, and of its models
for next sentences and multiple choice, in float64. Made by
`python tools/golden/make-pipelines-2.py models/banking77-intents test/golden/pipelines-2` with
{versions}.

Two layers with the released vocabulary and {positions} positions, so that the long text is cut. No
weight is stored: `hashedTensor(name, shape)` of test/support/hashed-weights.ts makes them from the
`shapes` in each file. A file holds the configuration, the tokenizer's `model_max_length` and the cases:
the arguments of a call and its outputs, rounded to nine digits.
"""


def rounded(value):
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, list):
        return [rounded(item) for item in value]
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return value


def versions():
    modules = (torch, transformers, np)
    found = [f"{module.__name__} {module.__version__}" for module in modules]
    return ", ".join([f"Python {platform.python_version()}", *found])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("tokenizer", type=Path, help="models/banking77-intents")
    parser.add_argument("out", type=Path, help="test/golden/pipelines-2")
    arguments = parser.parse_args()
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(1)

    def tokenizer_of(length):
        return AutoTokenizer.from_pretrained(arguments.tokenizer, model_max_length=length)

    files = {
        "zero-shot": zero_shot,
        "feature-extraction": feature_extraction,
        "next-sentence": next_sentence,
        "multiple-choice": multiple_choice,
    }
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, make in files.items():
        text = json.dumps(rounded(make(tokenizer_of)), ensure_ascii=False)
        (arguments.out / f"{name}.json").write_text(text + "\n")
    text = README.format(versions=versions(), positions=POSITIONS)
    (arguments.out / "README.md").write_text(text)


if __name__ == "__main__":
    main()
