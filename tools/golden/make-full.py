"""Makes test/golden/full: outputs of Hugging Face's full-size MobileBERT in float64.

    python tools/golden/make-full.py test/golden/full            (seconds)

The weights are not stored: each is a hash of its tensor's name and its index, and
test/support/hashed-weights.ts makes the same bits. Attention is eager, dropout is off. The same model
also runs in float32, and the relative L2 error of each output is recorded.
"""

import argparse
import json
import platform
import re
from pathlib import Path

import numpy as np
import torch
import transformers
from safetensors.torch import save_file
from transformers import MobileBertConfig

LENGTHS = (7, 32, 128, 384)
HEADS = (
    "MobileBertForQuestionAnswering",
    "MobileBertForMaskedLM",
    "MobileBertForSequenceClassification",
)
NUM_LABELS = {"MobileBertForSequenceClassification": 5}
KEPT_COLUMNS = 64

# ---------------------------------------------------------------------------------------------------
# Numbers from names
# ---------------------------------------------------------------------------------------------------

# (pattern, centre, spread): the first pattern that is found in a tensor's name makes its weights
# uniform in centre +- spread. These numbers keep hidden states near 0.6 and tokens distinct through
# 24 layers, with attention neither uniform nor saturated.
SPREADS = (
    (r"LayerNorm\.weight$", 0.95, 0.1),
    (r"bias$", 0, 0.02),
    (r"word_embeddings\.weight$", 0, 1),
    (r"embeddings\.weight$", 0, 0.5),
)
# Everything else is a matrix: uniform with variance gain^2 / fan-in.
GAINS = (
    (r"\.(query|key)\.weight$", 2),
    (r"\.output\.bottleneck\.dense\.weight$", 0.25),
    (r"\.\d+\.output\.dense\.weight$", 0.5),
    (r"", 1),
)


def hash_text(text):
    """FNV-1a of the UTF-8 bytes, 32 bits."""
    value = 0x811C9DC5
    for byte in text.encode():
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return np.uint32(value)


def hash_counter(name, count):
    """32 bits for each i below count: murmur3's finaliser of (i * 0x9E3779B1) xor a hash of name."""
    bits = np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B1) ^ hash_text(name)
    bits = (bits ^ bits >> np.uint32(16)) * np.uint32(0x85EBCA6B)
    bits = (bits ^ bits >> np.uint32(13)) * np.uint32(0xC2B2AE35)
    return bits ^ bits >> np.uint32(16)


def spread_of(name, shape):
    """(centre, spread) of a tensor."""
    for pattern, centre, spread in SPREADS:
        if re.search(pattern, name):
            return centre, spread
    # predictions.dense is stored [H - E, V] and read from the left.
    fan_in = shape[0] if name.endswith("predictions.dense.weight") else shape[1]
    gain = next(gain for pattern, gain in GAINS if re.search(pattern, name))
    return 0, gain * np.sqrt(3 / fan_in)


def hashed_tensor(name, shape):
    """centre + spread * u in float64, rounded once to float32; u = k / 2^23 in [-1, 1)."""
    centre, spread = spread_of(name, shape)
    bits = hash_counter(name, int(np.prod(shape))) >> np.uint32(8)
    uniform = bits.astype(np.float64) / 2**23 - 1
    return (centre + spread * uniform).astype(np.float32).reshape(shape)


def hashed_integers(name, count, below):
    return (hash_counter(name, count) % np.uint32(below)).astype(np.int64)


# ---------------------------------------------------------------------------------------------------
# Models and calls
# ---------------------------------------------------------------------------------------------------


def make_model(head):
    config = MobileBertConfig(attn_implementation="eager", num_labels=NUM_LABELS.get(head, 2))
    model = getattr(transformers, head)(config).eval()
    for name, parameter in model.named_parameters():
        parameter.data = torch.from_numpy(hashed_tensor(name, tuple(parameter.shape)))
    model.tie_weights()
    return model


def make_inputs(length):
    """One row: hashed ids, the second half of type 1, nothing masked."""
    return {
        "input_ids": torch.from_numpy(hashed_integers(f"input_ids.{length}", length, 30522))[None],
        "token_type_ids": (torch.arange(length) >= length // 2).long()[None],
    }


def kept_columns(vocab_size):
    """16 words from the start of the vocabulary, 16 from its end, the rest evenly between."""
    between = np.linspace(16, vocab_size - 17, KEPT_COLUMNS - 32).astype(np.int64)
    return np.concatenate([np.arange(16), between, np.arange(vocab_size - 16, vocab_size)])


def evaluate(model, inputs, dtype):
    """The outputs that are stored. Of vocabulary logits: some columns, and the norm of every row."""
    with torch.no_grad():
        outputs = dict(model.to(dtype)(**inputs))
    if isinstance(model, transformers.MobileBertForMaskedLM):
        logits = outputs["logits"]
        kept = logits[..., kept_columns(logits.shape[-1])].clone()
        return {"logits": kept, "row_norms": logits.norm(dim=-1)}
    return outputs


def relative_l2(actual, expected):
    return ((actual.double() - expected).norm() / expected.norm()).item()


def checksum(model):
    """The sum of all weights' bits, modulo 2^32."""
    bits = (parameter.detach().numpy().view(np.uint32) for parameter in model.parameters())
    return sum(int(array.sum(dtype=np.uint64)) for array in bits) % 2**32


def shapes_of(model):
    """{name: shape}, with one entry for all layers (`layer.*`) and feed-forward networks (`ffn.*`)."""
    names = {name: list(parameter.shape) for name, parameter in model.named_parameters()}
    return {re.sub(r"\b(layer|ffn)\.\d+", r"\1.*", name): shape for name, shape in names.items()}


# ---------------------------------------------------------------------------------------------------
# Command
# ---------------------------------------------------------------------------------------------------

README = """\
# The full-size MobileBERT with made-up weights

24 layers, 512 / 128, 30,522 words: Hugging Face's default configuration, evaluated in float64 on one
row of 7, 32, 128 and 384 tokens. Made by `python tools/golden/make-full.py test/golden/full` with
{versions}.

No weight is stored. `hashedTensor(name, shape)` in test/support/hashed-weights.ts makes the same
float32 numbers as the script: murmur3's finaliser over a counter and the tensor's name, uniform, spread
by the kind of tensor (the table stands in both). NoNorm weights lie around 0.95; matrices have variance
gain^2 / fan-in, with a gain of 2 for queries and keys, 1/4 where a layer returns to the residual stream
and 1/2 where a feed-forward network does. So hidden states stay near 0.6 and tokens stay apart.

- `golden.safetensors`: `<length>.inputs.<argument>` (I64), `<length>.<class>.<output>` (F64). Of the
  masked-word logits it holds the columns `masked.columns`, and `row_norms`: every whole row's L2 norm.
- `full.json`: `tensors` ({{class: {{name: shape}}}}, `*` for every layer or feed-forward network),
  `checksums` (sum of all weights' bits modulo 2^32), `numLabels`, and `float32Error`: the relative L2
  error of PyTorch's own float32 (eager, one thread) on each output.
"""


def make_head(head, golden, record):
    """Adds one head's outputs at every length to `golden`, and shapes and errors to `record`."""
    model = make_model(head)
    record["checksums"][head] = checksum(model)
    record["tensors"][head] = shapes_of(model)
    single = {length: evaluate(model, make_inputs(length), torch.float32) for length in LENGTHS}
    for length in LENGTHS:
        for key, value in evaluate(model, make_inputs(length), torch.float64).items():
            name = f"{length}.{head}.{key}"
            golden[name] = value
            error = relative_l2(single[length][key], value)
            record["float32Error"][name] = float(f"{error:.3g}")


def versions():
    modules = (torch, transformers, np)
    found = [f"{module.__name__} {module.__version__}" for module in modules]
    return ", ".join([f"Python {platform.python_version()}", *found])


def to_json(record):
    """JSON, indented, with each shape on one line."""
    text = json.dumps(record, indent=2)
    return re.sub(r"\[[\s\d,]+\]", lambda match: json.dumps(json.loads(match[0])), text) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("out", type=Path, help="test/golden/full")
    folder = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(1)

    golden = {"masked.columns": torch.from_numpy(kept_columns(30522))}
    record = {"numLabels": NUM_LABELS, "checksums": {}, "float32Error": {}, "tensors": {}}
    for length in LENGTHS:
        golden |= {f"{length}.inputs.{key}": value for key, value in make_inputs(length).items()}
    for head in HEADS:
        make_head(head, golden, record)
    save_file(golden, folder / "golden.safetensors")
    (folder / "full.json").write_text(to_json(record), encoding="utf-8")
    (folder / "README.md").write_text(README.format(versions=versions()), encoding="utf-8")


if __name__ == "__main__":
    main()
