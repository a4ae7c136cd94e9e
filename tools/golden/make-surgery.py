"""Makes test/golden/surgery: Hugging Face's outputs with pruned heads or resized embeddings.

    python tools/golden/make-surgery.py test/golden/models test/golden/surgery            (seconds)

Starts from checkpoints of the first folder. Heads are pruned as transformers did up to version 4
(find_pruneable_heads_and_indices, prune_linear_layer): later versions have neither, so the linear
layers are sliced here. Token embeddings are resized by transformers' own resize_token_embeddings.
All arithmetic of the outputs is float64.
"""

import argparse
import json
import shutil
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file

# name, checkpoint and call it starts from, heads by layer
PRUNED = [
    ("pruned-question", "question", {0: [1], 1: [0, 2]}),
    ("pruned-bottleneck-attention", "bottleneck-attention", {0: [2]}),
    ("pruned-masked-lm-even", "masked-lm-even", {0: [0, 3]}),
]

# name, checkpoint, new number of words
RESIZED = [
    ("model-more", "base-odd", 48),
    ("model-less", "base-odd", 40),
    ("tied-more", "masked-lm", 50),
    ("tied-less", "masked-lm", 40),
    ("untied-more", "masked-lm-untied", 50),
    ("pretraining-more", "pretraining", 44),
]

# Enough new words to measure their distribution.
SPREAD_WORDS = 4000


def load(models, name):
    """A case's model, the arguments of its call, and its record."""
    case = json.loads((models / name / "case.json").read_text())
    model_class = getattr(transformers, case["head"])
    options = dict(attn_implementation="eager", dtype=torch.float32)
    model = model_class.from_pretrained(models / case["checkpoint"], **options)
    golden = load_file(models / name / "golden.safetensors")
    prefix = "inputs."
    inputs = {key[len(prefix) :]: golden[key] for key in golden if key.startswith(prefix)}
    return model.eval(), inputs, case


def slice_linear(layer, index, dim):
    """prune_linear_layer of transformers 4: keeps some rows (dim 0) or columns (dim 1)."""
    layer.weight = torch.nn.Parameter(layer.weight.index_select(dim, index).contiguous())
    if dim == 0:
        layer.bias = torch.nn.Parameter(layer.bias[index].contiguous())
    layer.out_features, layer.in_features = layer.weight.shape


def prune(model, heads):
    for layer, pruned in heads.items():
        attention = model.base_model.encoder.layer[layer].attention
        inner = attention.self
        size = inner.attention_head_size
        kept = [head for head in range(inner.num_attention_heads) if head not in pruned]
        index = torch.tensor([head * size + i for head in kept for i in range(size)])
        for linear in (inner.query, inner.key, inner.value):
            slice_linear(linear, index, 0)
        slice_linear(attention.output.dense, index, 1)
        inner.num_attention_heads -= len(pruned)
        inner.all_head_size = inner.num_attention_heads * size


def outputs_of(model, inputs):
    """Every output in float64, tuples as hidden_states.0 and so on."""
    double = model.double()
    inputs = {k: v.double() if v.is_floating_point() else v for k, v in inputs.items()}
    with torch.no_grad():
        out = double(**inputs, output_hidden_states=True, output_attentions=True)
    flat = {}
    for key, value in out.items():
        if isinstance(value, tuple):
            flat |= {f"outputs.{key}.{i}": tensor.clone() for i, tensor in enumerate(value)}
        else:
            flat[f"outputs.{key}"] = value.clone()
    return flat


def make_pruned(models, out, name, source, heads):
    model, inputs, case = load(models, source)
    prune(model, heads)
    folder = out / name
    folder.mkdir(parents=True)
    model.config.pruned_heads = {str(layer): pruned for layer, pruned in heads.items()}
    model.save_pretrained(folder)
    golden = {f"inputs.{key}": value for key, value in inputs.items()}
    save_file(golden | outputs_of(model, inputs), folder / "golden.safetensors")
    record = {"what": "heads pruned", "checkpoint": name, "source": source, "float32Error": {}}
    write_json(folder / "case.json", case | record)


def counts(model):
    without = model.num_parameters(exclude_embeddings=True)
    return {"parameters": model.num_parameters(), "withoutEmbeddings": without}


def make_resized(models):
    cases = []
    for name, source, words in RESIZED:
        torch.manual_seed(0)
        model, _, _ = load(models, source)
        before = counts(model)
        model.resize_token_embeddings(words)
        state = model.state_dict()
        shapes = {key: list(value.shape) for key, value in state.items() if words in value.shape}
        head = getattr(model, "cls", None)
        last = float(head.predictions.decoder.bias[-1].detach()) if head is not None else None
        case = {"name": name, "source": source, "words": words, "shapes": shapes}
        cases.append(case | {"lastBias": last, "before": before, "after": counts(model)})
    return cases


def make_spread(models, source):
    """Mean and standard deviation of many new rows, column by column."""
    model, _, _ = load(models, source)
    old = model.config.vocab_size
    torch.manual_seed(0)
    model.resize_token_embeddings(old + SPREAD_WORDS)
    rows = model.get_input_embeddings().weight[old:].double()
    figures = {"mean": rows.mean(0).tolist(), "deviation": rows.std(0).tolist()}
    return {"source": source, "words": old + SPREAD_WORDS} | figures


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("models", type=Path, help="test/golden/models")
    parser.add_argument("out", type=Path, help="test/golden/surgery")
    args = parser.parse_args()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.set_num_threads(1)
    for old in args.out.glob("*/case.json"):
        shutil.rmtree(old.parent)
    for case in PRUNED:
        make_pruned(args.models, args.out, *case)
    # It has more words than dimensions, so their covariance is positive definite.
    spread = make_spread(args.models, "masked-lm")
    write_json(args.out / "resized.json", {"cases": make_resized(args.models), "spread": spread})


if __name__ == "__main__":
    main()
