"""Makes test/golden/models: outputs of Hugging Face's model for small MobileBERTs, in float64.

    python tools/golden/make-models.py test/golden/models            (seconds)

Every case is seeded by its name, so the same versions write the same bytes. Attention is eager,
dropout is off, weights are float32 numbers and all arithmetic is float64. The same model also runs in
float32, and the relative L2 error of each output is recorded.
"""

import argparse
import json
import platform
import re
import shutil
import zlib
from pathlib import Path

import numpy as np
import torch
import transformers
from safetensors.torch import save_file
from transformers import MobileBertConfig

# ---------------------------------------------------------------------------------------------------
# The table of small cases: name, head, what it shows, configuration, inputs (see make_inputs)
# ---------------------------------------------------------------------------------------------------

# No size is a multiple of 4.
ODD = dict(
    vocab_size=43, embedding_size=11, hidden_size=19, intra_bottleneck_size=15, num_attention_heads=3,
    intermediate_size=21, max_position_embeddings=35, num_hidden_layers=2, num_feedforward_networks=2,
)  # fmt: skip
ODD1 = ODD | dict(num_hidden_layers=1)
# Every size is a multiple of 8, heads of 4.
EVEN = dict(
    vocab_size=40, embedding_size=16, hidden_size=32, intra_bottleneck_size=16, num_attention_heads=4,
    intermediate_size=24, max_position_embeddings=24, num_hidden_layers=2, num_feedforward_networks=2,
)  # fmt: skip
EVEN1 = EVEN | dict(num_hidden_layers=1)
SMALLEST = dict(
    vocab_size=2, embedding_size=1, hidden_size=2, intra_bottleneck_size=1, num_attention_heads=1,
    intermediate_size=1, max_position_embeddings=2, num_hidden_layers=1, num_feedforward_networks=1,
    hidden_act="silu",
)  # fmt: skip
LAYER_NORM = dict(normalization_type="layer_norm")
THREE = dict(batch=3, length=7)
RAGGED = dict(batch=3, length=7, mask="ragged", types=True)

BASE, PRE, MLM, NSP = "Model", "ForPreTraining", "ForMaskedLM", "ForNextSentencePrediction"
SEQ, MC = "ForSequenceClassification", "ForMultipleChoice"
TOK, QA = "ForTokenClassification", "ForQuestionAnswering"

# fmt: off
CASES = [
    # shapes, masks, positions
    ("base-odd", BASE, "no size is a multiple of 4; ragged batch", ODD, RAGGED),
    ("base-even", BASE, "sizes of 16 and 32; ragged batch", EVEN, dict(batch=2, length=16, mask="ragged", types=True)),
    ("base-no-pooler", BASE, "MobileBertModel without its pooling layer", ODD, RAGGED | dict(pooler=False)),
    ("base-smallest", BASE, "every size is 1 or 2", SMALLEST, dict(batch=2, length=2, mask="ragged", types=True)),
    ("base-wide", BASE, "head size 12, feed-forward wider than hidden", ODD1 | dict(hidden_size=37, intra_bottleneck_size=24, num_attention_heads=2, intermediate_size=45), RAGGED),
    ("length-1", BASE, "one token, one row", ODD, dict(batch=1, length=1)),
    ("length-1-batch-5", BASE, "one token, five rows", EVEN, dict(batch=5, length=1)),
    ("length-2", BASE, "two tokens: both neighbours of a trigram are at an end", ODD, dict(batch=5, length=2, types=True)),
    ("length-33", BASE, "33 tokens with holes in the mask", ODD, dict(batch=1, length=33, mask="holes")),
    ("length-max", BASE, "max_position_embeddings tokens", ODD, dict(batch=2, length=35, mask="ragged")),
    ("mask-absent", BASE, "neither attention_mask nor token_type_ids", ODD, THREE),
    ("mask-left", BASE, "left-padded rows", ODD, THREE | dict(mask="left")),
    ("mask-holes", BASE, "holes in the mask", EVEN, dict(batch=4, length=7, mask="holes", types=True)),
    ("mask-nothing", BASE, "a row whose mask is all zeros attends evenly", ODD, THREE | dict(mask="nothing")),
    ("positions-reversed", BASE, "position_ids of every row, running backwards", ODD, RAGGED | dict(positions="reversed")),
    ("positions-repeated", BASE, "position_ids [1, S] for the whole batch, with repeats", ODD, RAGGED | dict(positions="repeated")),
    ("embeds", BASE, "inputs_embeds instead of input_ids", ODD, RAGGED | dict(embeds=True)),
    ("embeds-no-trigram", BASE, "inputs_embeds without trigrams", ODD1 | dict(trigram_input=False), RAGGED | dict(embeds=True)),
    # options
    ("act-gelu", BASE, "hidden_act gelu", ODD1 | dict(hidden_act="gelu"), RAGGED),
    ("act-silu", BASE, "hidden_act silu", ODD1 | dict(hidden_act="silu"), RAGGED),
    ("act-gelu-new", BASE, "hidden_act gelu_new", EVEN1 | dict(hidden_act="gelu_new"), RAGGED),
    ("no-trigram", BASE, "trigram_input false; the transformation stays", ODD1 | dict(trigram_input=False), RAGGED),
    ("no-transformation", BASE, "trigram_input false and embedding_size == hidden_size: no transformation", ODD1 | dict(trigram_input=False, embedding_size=19), RAGGED),
    ("square-embedding", BASE, "trigrams with embedding_size == hidden_size", ODD1 | dict(embedding_size=19), RAGGED),
    ("no-bottleneck", BASE, "use_bottleneck false; intra_bottleneck_size is not read", ODD | dict(use_bottleneck=False, hidden_size=21), RAGGED),
    ("no-bottleneck-ffn-1", BASE, "use_bottleneck false and one feed-forward network: BERT's block", EVEN1 | dict(use_bottleneck=False, num_feedforward_networks=1), RAGGED),
    ("bottleneck-attention", BASE, "use_bottleneck_attention true; the shared bottleneck exists and is not read", ODD1 | dict(use_bottleneck_attention=True), RAGGED),
    ("bottleneck-attention-alone", BASE, "use_bottleneck_attention true, key_query_shared_bottleneck false", EVEN1 | dict(use_bottleneck_attention=True, key_query_shared_bottleneck=False), RAGGED),
    ("key-query-apart", BASE, "key_query_shared_bottleneck false (hidden_size == intra_bottleneck_size)", ODD | dict(key_query_shared_bottleneck=False, hidden_size=15), RAGGED),
    ("ffn-1", BASE, "num_feedforward_networks 1", ODD1 | dict(num_feedforward_networks=1), RAGGED),
    ("ffn-4", BASE, "num_feedforward_networks 4, the default", ODD1 | dict(num_feedforward_networks=4), RAGGED),
    ("layer-norm", BASE, "normalization_type layer_norm, layer_norm_eps 1e-12", ODD1 | LAYER_NORM, RAGGED),
    ("layer-norm-eps", BASE, "layer_norm_eps 0.1 tells the norms with PyTorch's default eps (1e-5) apart", ODD | LAYER_NORM | dict(layer_norm_eps=0.1), RAGGED),
    ("layer-norm-quiet", BASE, "variances near 1e-3 where PyTorch's default eps (1e-5) stands beside 1e-12", ODD1 | LAYER_NORM, RAGGED | dict(weights="quiet")),
    ("layer-norm-no-bottleneck", BASE, "layer_norm_eps 0.1 without bottleneck", EVEN1 | LAYER_NORM | dict(layer_norm_eps=0.1, use_bottleneck=False), RAGGED),
    ("no-classifier-activation", BASE, "classifier_activation false: the pooler is the first token", ODD1 | dict(classifier_activation=False), RAGGED),
    ("types-1", BASE, "type_vocab_size 1", ODD1 | dict(type_vocab_size=1), RAGGED),
    ("types-3", BASE, "type_vocab_size 3", ODD1 | dict(type_vocab_size=3), RAGGED),
    ("pad-token-5", BASE, "pad_token_id 5: its row is used like any other", ODD1 | dict(pad_token_id=5), RAGGED),
    ("pad-token-null", BASE, "pad_token_id null", ODD1 | dict(pad_token_id=None), RAGGED),
    ("layers-0", BASE, "num_hidden_layers 0: the embeddings and the pooler", ODD | dict(num_hidden_layers=0), RAGGED),
    ("layers-3", BASE, "num_hidden_layers 3", ODD | dict(num_hidden_layers=3), RAGGED),
    ("head-size-1", BASE, "five heads of size 1", ODD1 | dict(intra_bottleneck_size=5, num_attention_heads=5), RAGGED),
    ("one-head", BASE, "one head", ODD1 | dict(num_attention_heads=1), RAGGED),
    ("dropout", BASE, "dropout in the configuration does nothing at inference", ODD1 | dict(hidden_dropout_prob=0.3, attention_probs_dropout_prob=0.2), RAGGED),
    ("outliers", BASE, "three residual channels hundreds of times larger than the rest", EVEN, RAGGED | dict(weights="outliers")),
    # heads and losses
    ("pretraining", PRE, "the sum of both losses", ODD, RAGGED | dict(labels="pretraining")),
    ("pretraining-untied", PRE, "tie_word_embeddings false: a decoder of its own", ODD1 | dict(tie_word_embeddings=False), RAGGED | dict(labels="pretraining")),
    ("pretraining-half-labels", PRE, "labels without next_sentence_label give no loss", EVEN1, THREE | dict(labels="masked")),
    ("masked-lm", MLM, "labels with -100", ODD, RAGGED | dict(labels="masked")),
    ("masked-lm-even", MLM, "sizes of 16 and 32, no labels", EVEN1, dict(batch=2, length=7, mask="ragged")),
    ("masked-lm-untied", MLM, "tie_word_embeddings false: decoder.bias is read, predictions.bias is not", ODD1 | dict(tie_word_embeddings=False), RAGGED | dict(labels="masked")),
    ("masked-lm-eps", MLM, "the head's own LayerNorm takes layer_norm_eps (0.1); gelu_new", ODD1 | dict(layer_norm_eps=0.1, hidden_act="gelu_new"), RAGGED | dict(labels="masked")),
    ("masked-lm-layer-norm", MLM, "layer_norm throughout, gelu", ODD1 | LAYER_NORM | dict(layer_norm_eps=0.05, hidden_act="gelu", num_hidden_layers=1), RAGGED | dict(labels="masked")),
    ("masked-lm-square", MLM, "embedding_size == hidden_size: predictions.dense is [0, V]", ODD1 | dict(embedding_size=19), RAGGED | dict(labels="masked")),
    ("next-sentence", NSP, "labels", ODD1, RAGGED | dict(labels="pair")),
    ("next-sentence-first-token", NSP, "classifier_activation false", EVEN1 | dict(classifier_activation=False), dict(batch=2, length=7, labels="pair")),
    ("sequence-regression", SEQ, "num_labels 1, problem_type inferred", ODD1 | dict(num_labels=1), RAGGED | dict(labels="regression")),
    ("sequence-regression-3", SEQ, "num_labels 3, problem_type regression", ODD1 | dict(num_labels=3, problem_type="regression"), RAGGED | dict(labels="regression")),
    ("sequence-single", SEQ, "num_labels 7, integer labels: single label inferred; one label ignored", ODD1 | dict(num_labels=7), RAGGED | dict(labels="single")),
    ("sequence-single-2", SEQ, "num_labels 2, problem_type single_label_classification, first token", EVEN1 | dict(problem_type="single_label_classification", classifier_activation=False), dict(batch=4, length=7, mask="ragged", labels="single")),
    ("sequence-multi", SEQ, "num_labels 5, float labels: multi label inferred", ODD1 | dict(num_labels=5), RAGGED | dict(labels="multi")),
    ("sequence-multi-3", SEQ, "problem_type multi_label_classification; classifier_dropout set", ODD1 | dict(num_labels=3, problem_type="multi_label_classification", classifier_dropout=0.4), RAGGED | dict(labels="multi")),
    ("sequence-embeds", SEQ, "inputs_embeds, no labels", ODD1 | dict(num_labels=3), RAGGED | dict(embeds=True)),
    ("choice", MC, "two questions of three choices", ODD1, dict(batch=2, choices=3, length=7, mask="ragged", types=True, labels="choice")),
    ("choice-embeds", MC, "inputs_embeds [B, choices, S, E] and position_ids", ODD1, dict(batch=2, choices=4, length=2, embeds=True, positions="reversed", labels="choice")),
    ("token", TOK, "num_labels 5, labels with -100", ODD1 | dict(num_labels=5), RAGGED | dict(labels="token")),
    ("token-even", TOK, "num_labels 8, every label counts", EVEN1 | dict(num_labels=8), dict(batch=2, length=16, labels="token-all")),
    ("question", QA, "start and end positions", ODD, RAGGED | dict(labels="span")),
    ("question-outside", QA, "positions past the sequence are ignored", ODD1, RAGGED | dict(labels="span-outside")),
    ("question-column", QA, "positions of shape [B, 1]", EVEN1, dict(batch=2, length=16, mask="ragged", types=True, labels="span-column")),
]
# fmt: on

# ---------------------------------------------------------------------------------------------------
# Weights and inputs of a small case
# ---------------------------------------------------------------------------------------------------


# The inputs of norms with PyTorch's default eps, which "quiet" `weights` make small.
QUIET = re.compile(
    r"embeddings\.weight|embedding_transformation\.bias"
    r"|ffn\.\d\.output\.LayerNorm|layer\.\d\.output\.dense"
)
# Residual channels that a model of "outliers" carries larger than the rest: channel, factor.
OUTLIERS = {3: 100, 11: 300, 29: 900}


def fill_weights(model, rng, kind):
    """Random weights: none at its neutral value, activations near 1, attention not uniform."""
    for name, parameter in model.named_parameters():
        shape = tuple(parameter.shape)
        values = rng.standard_normal(shape)
        if name.endswith("LayerNorm.weight"):
            values = 1 + 0.2 * values
        elif name.endswith("bias"):
            values *= 0.2
        elif name.endswith("word_embeddings.weight"):
            pass
        elif "embeddings.weight" in name:
            values *= 0.5
        else:
            gain = 2.0 if ".query." in name or ".key." in name else 1.0
            fan_in = shape[0] if name.endswith("predictions.dense.weight") else shape[1]
            values *= gain / max(fan_in, 1) ** 0.5
        if kind == "quiet" and QUIET.search(name):
            values *= 0.03
        if kind == "outliers":
            scale_outliers(name, values, model.config.hidden_size)
        parameter.data = torch.from_numpy(values.astype(np.float32))
    model.tie_weights()


def scale_outliers(name, values, hidden_size):
    """Makes embeddings large and what reads them small, so that attention stays not uniform."""
    for channel, factor in OUTLIERS.items():
        if name.endswith("embeddings.LayerNorm.weight"):
            values[channel] *= factor
        elif "layer." in name and values.ndim == 2 and values.shape[1] == hidden_size:
            values[:, channel] /= factor


def make_mask(rng, kind, rows, length):
    """A mask [rows, length] of zeros and ones. The first row of a ragged one is full, its last short."""
    mask = np.ones((rows, length), dtype=np.int64)
    if kind in ("ragged", "left"):
        for row in range(1, rows):
            kept = max(1, length - row * max(1, length // rows))
            mask[row, kept:] = 0
        if kind == "left":
            mask = mask[:, ::-1].copy()
    if kind in ("holes", "nothing"):
        mask[:, 1:] = rng.random((rows, length - 1)) < 0.6
    if kind == "nothing":
        mask[rows // 2] = 0
    return mask


def make_labels(rng, kind, config, batch, choices, length):
    """{argument: array}: the labels of a head's loss."""

    def some(high, *shape):
        return rng.integers(0, high, shape)

    def masked(high):
        labels = np.where(rng.random((batch, length)) < 0.5, some(high, batch, length), -100)
        labels[0, 0] = high - 1
        return labels

    start, end = some(length, batch), some(length, batch)
    if kind == "span-outside":
        start[0], end[-1] = length, length + 50
    if kind == "span-column":
        start, end = start[:, None], end[:, None]
    if kind.startswith("span"):
        return {"start_positions": start, "end_positions": end}
    single = some(config.num_labels, batch)
    if config.num_labels == 7:
        single[1] = -100
    regression = rng.standard_normal((batch, config.num_labels) if config.num_labels > 1 else batch)
    makers = {
        "masked": lambda: {"labels": masked(config.vocab_size)},
        "pretraining": lambda: makers["masked"]() | {"next_sentence_label": some(2, batch)},
        "pair": lambda: {"labels": some(2, batch)},
        "regression": lambda: {"labels": regression.astype(np.float32)},
        "single": lambda: {"labels": single},
        "multi": lambda: {"labels": some(2, batch, config.num_labels).astype(np.float32)},
        "choice": lambda: {"labels": some(choices, batch)},
        "token": lambda: {"labels": masked(config.num_labels)},
        "token-all": lambda: {"labels": some(config.num_labels, batch, length)},
    }
    return makers[kind]()


def make_inputs(
    rng,
    config,
    batch,
    length,
    choices=None,
    mask=None,
    types=False,
    positions=None,
    embeds=False,
    labels=None,
):
    """{argument: tensor} of one call. With `choices`, everything is [batch, choices, length]."""
    rows = batch * (choices or 1)
    inputs = {}
    if embeds:
        shape = (rows, length, config.embedding_size)
        inputs["inputs_embeds"] = rng.standard_normal(shape).astype(np.float32)
    else:
        inputs["input_ids"] = rng.integers(0, config.vocab_size, (rows, length))
    if mask:
        inputs["attention_mask"] = make_mask(rng, mask, rows, length)
    if types:
        inputs["token_type_ids"] = rng.integers(0, config.type_vocab_size, (rows, length))
    if positions == "reversed":
        last = config.max_position_embeddings - 1
        inputs["position_ids"] = np.stack([last - row - np.arange(length) for row in range(rows)])
    if positions == "repeated":
        inputs["position_ids"] = (np.arange(length) // 2)[None]
    if choices:
        inputs = {name: x.reshape(batch, choices, *x.shape[1:]) for name, x in inputs.items()}
    if labels:
        inputs |= make_labels(rng, labels, config, batch, choices, length)
    return {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in inputs.items()}


# ---------------------------------------------------------------------------------------------------
# Evaluation
# ---------------------------------------------------------------------------------------------------


def flatten(output):
    """{name: tensor}: tuples get one entry a layer, `hidden_states.0` and so on."""
    flat = {}
    for name, value in output.items():
        if isinstance(value, tuple):
            flat |= {f"{name}.{layer}": tensor for layer, tensor in enumerate(value)}
        elif value is not None:
            flat[name] = value
    return flat


def evaluate(model, inputs, dtype, **options):
    """All outputs of one call in `dtype`; floats among the inputs are converted to it."""
    model.to(dtype)
    converted = {name: x.to(dtype) if x.is_floating_point() else x for name, x in inputs.items()}
    return flatten(model(**converted, **options))


def relative_l2(actual, expected):
    """|actual - expected| / |expected| in float64; the plain norm where the expected one is zero."""
    norm = expected.double().norm().item()
    return (actual.double() - expected.double()).norm().item() / (norm or 1.0)


def is_unread(name, config, call):
    """Whether no output depends on this parameter: it is unused, or softmax cancels it."""
    alone = call["length"] == 1  # one token: attention has one weight, 1
    is_untransformed = not config.trigram_input and config.embedding_size == config.hidden_size
    reasons = {
        ".self.key.bias": True,
        ".self.query.": alone,
        ".self.key.": alone,
        ".bottleneck.attention.": alone or config.use_bottleneck_attention,
        "word_embeddings.weight": call.get("embeds", False),
        "embedding_transformation": is_untransformed,
        "cls.predictions.bias": not config.tie_word_embeddings,
    }
    return any(applies and part in name for part, applies in reasons.items())


def check_every_parameter_matters(model, call, outputs):
    """Fails where a parameter has no influence on any recorded output, though it should."""
    generator = torch.Generator().manual_seed(1)
    total = 0
    for value in outputs.values():
        total += (value * torch.randn(value.shape, generator=generator, dtype=value.dtype)).sum()
    model.zero_grad()
    total.backward()
    for name, parameter in model.named_parameters():
        if parameter.numel() == 0:
            continue
        moved = parameter.grad is not None and parameter.grad.abs().max().item() > 1e-9
        if moved == is_unread(name, model.config, call):
            found = "a gradient" if moved else "no gradient"
            raise SystemExit(f"{type(model).__name__}, {name}: found {found}, expected the contrary")


def make_checkpoint(folder, name, head, options, pooler, weights):
    """A model with weights seeded by `name`, saved by save_pretrained."""
    config = MobileBertConfig(**options, attn_implementation="eager")
    model_class = getattr(transformers, f"MobileBert{head}")
    model = (model_class(config) if pooler else model_class(config, add_pooling_layer=False)).eval()
    fill_weights(model, seeded(name), weights)
    if not (folder / name / "config.json").exists():
        model.save_pretrained(folder / name)
    return model


def make_case(folder, name, model, call, record):
    """Writes golden.safetensors and case.json of one call."""
    tensors = make_inputs(seeded(f"{name} inputs"), model.config, **call)
    # Inside, a head of one layer equals the base model, whose own cases record it.
    inside = type(model).__name__ == "MobileBertModel" or model.config.num_hidden_layers > 1
    wanted = dict(output_hidden_states=inside, output_attentions=inside and call["length"] < 35)
    single = evaluate(model, tensors, torch.float32, **wanted)
    double = evaluate(model, tensors, torch.float64, **wanted)
    check_every_parameter_matters(model, call, double)
    for key, value in double.items():
        if value.dtype != torch.float64 or not value.isfinite().all():
            raise SystemExit(f"{name}: {key} is {value.dtype} or not finite")
    golden = {f"inputs.{key}": value for key, value in tensors.items()}
    golden |= {f"outputs.{key}": value.detach().clone() for key, value in double.items()}
    (folder / name).mkdir(parents=True, exist_ok=True)
    save_file(golden, folder / name / "golden.safetensors")
    errors = {key: float(f"{relative_l2(single[key], value):.3g}") for key, value in double.items()}
    write_json(folder / name / "case.json", record | {"float32Error": errors})


def seeded(text):
    return np.random.default_rng(zlib.crc32(text.encode()))


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def make_models(folder):
    """Writes one folder per case, and README.md. Cases of one configuration share a checkpoint."""
    for old in folder.glob("*/case.json"):
        shutil.rmtree(old.parent)
    checkpoints = {}
    for name, head, what, options, call in CASES:
        call = dict(call)
        pooler, weights = call.pop("pooler", True), call.pop("weights", "plain")
        key = json.dumps([head, options, pooler, weights], sort_keys=True)
        checkpoint = checkpoints.setdefault(key, name)
        model = make_checkpoint(folder, checkpoint, head, options, pooler, weights)
        record = {
            "head": f"MobileBert{head}",
            "what": what,
            "checkpoint": checkpoint,
            "addPoolingLayer": pooler,
        }
        make_case(folder, name, model, call, record)
    (folder / "README.md").write_text(models_readme(), encoding="utf-8")


def models_readme():
    rows = "\n".join(f"| {name} | {head} | {what} |" for name, head, what, *_ in CASES)
    return MODELS_README.format(versions=versions(), count=len(CASES), rows=rows)


def versions():
    modules = (torch, transformers, np)
    found = [f"{module.__name__} {module.__version__}" for module in modules]
    return ", ".join([f"Python {platform.python_version()}", *found])


MODELS_README = """\
# Small MobileBERT checkpoints and Hugging Face's outputs

{count} calls of checkpoints with random weights, with all outputs in float64.
Made by `python tools/golden/make-models.py test/golden/models` with
{versions}; seeded by name.

A folder holds

- `config.json`, `model.safetensors`: as `save_pretrained` writes them (F32; a tied decoder is left
  out); absent where `case.json` names another case's checkpoint,
- `golden.safetensors`: `inputs.<argument>` (I64, or F32 for `inputs_embeds` and float labels) and
  `outputs.<name>` (F64): `last_hidden_state`, `pooler_output`, `logits`, `prediction_logits`,
  `seq_relationship_logits`, `start_logits`, `end_logits`, `loss`, `hidden_states.0` ...
  `hidden_states.L`, `attentions.0` ... `attentions.L-1`,
- `case.json`: `head` (the class), `what` (what the case shows), `checkpoint` (the folder of its
  weights), `addPoolingLayer` (for MobileBertModel only), and `float32Error`: the relative L2
  error of PyTorch's own float32 (eager, one thread) on each output.

Weights are float32 numbers; the model was widened to float64 and evaluated with eager attention.
The script checks that every parameter the function depends on has a gradient in the recorded
outputs. No output depends on the key's bias (softmax cancels it), on `embedding_transformation`
where nothing is transformed, on `bottleneck.attention` under `use_bottleneck_attention`, on the word
embeddings under `inputs_embeds`, or on `cls.predictions.bias` where the decoder is not tied; a single
token gives queries and keys nothing to weigh.

| case | MobileBert... | what it shows |
| --- | --- | --- |
{rows}
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("out", type=Path, help="test/golden/models")
    folder = parser.parse_args().out
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.set_num_threads(1)
    make_models(folder)


if __name__ == "__main__":
    main()
