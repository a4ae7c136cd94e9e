"""Exports the full-size MobileBERT for bench/peers: ONNX for the peers, safetensors for this package.

    python tools/golden/export-onnx.py build/peers      (half a minute; 230 MB, never committed)

The weights are the hashed ones of tools/golden/make-full.py. The folder has the layout of a model on
the Hugging Face hub:

- config.json, model.safetensors
- onnx/model.onnx: traced by torch.onnx, as published MobileBERT graphs are; batch and length dynamic
- onnx/model_quantized.onnx: made by onnxruntime's quantize_dynamic with the settings of
  transformers.js' scripts/quantize.py: int8 weights, one scale per tensor, uint8 activations; only
  products of activations with weights are quantised
- inputs.json: 512 token ids; a call of N tokens takes the first N
- made-with.json: the versions that made them
"""

import argparse
import importlib.util
import json
import logging
import platform
import tempfile
import warnings
from pathlib import Path

import onnx
import onnxruntime
import torch
import transformers
from onnxruntime.quantization import QuantType, quantize_dynamic

HEADS = ("MobileBertForQuestionAnswering", "MobileBertForSequenceClassification")
OUTPUTS = {HEADS[0]: ("start_logits", "end_logits"), HEADS[1]: ("logits",)}
INPUTS = ("input_ids", "attention_mask", "token_type_ids")
LENGTH = 512
OPSET = 17
AXES = {0: "batch", 1: "length"}


def import_tool(name):
    """A script of this folder as a module. Its name has hyphens, so `import` cannot load it."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Positional(torch.nn.Module):
    """The model with its arguments in the order of INPUTS and a tuple as output."""

    def __init__(self, model, outputs):
        super().__init__()
        self.model = model
        self.outputs = outputs

    def forward(self, input_ids, attention_mask, token_type_ids):
        found = self.model(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        )
        return tuple(found[name] for name in self.outputs)


def export(model, outputs, path):
    """Writes the graph to `path`, with the weights inside the file."""
    zeros, ones = torch.zeros(2, 8, dtype=torch.int64), torch.ones(2, 8, dtype=torch.int64)
    spans = {name: AXES for name in (*INPUTS, *outputs)}
    if "logits" in outputs:
        spans["logits"] = {0: "batch"}
    torch.onnx.export(
        Positional(model, outputs).eval(),
        (zeros, ones, zeros),
        path,
        input_names=list(INPUTS),
        output_names=list(outputs),
        dynamic_axes=spans,
        opset_version=OPSET,
        dynamo=False,
    )


def quantize(source, target):
    """Quantises as transformers.js' scripts/quantize.py does for a graph without convolutions."""
    quantize_dynamic(
        source,
        target,
        per_channel=False,
        reduce_range=False,
        weight_type=QuantType.QInt8,
        extra_options={"EnableSubgraph": True, "MatMulConstBOnly": True},
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("out", type=Path, help="build/peers")
    parser.add_argument("--head", choices=HEADS, default=HEADS[0])
    arguments = parser.parse_args()
    folder, head = arguments.out, arguments.head
    (folder / "onnx").mkdir(parents=True, exist_ok=True)
    transformers.logging.set_verbosity_error()
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)

    golden = import_tool("make-full")
    model = golden.make_model(head)
    model.save_pretrained(folder)
    ids = golden.hashed_integers(f"input_ids.{LENGTH}", LENGTH, model.config.vocab_size)
    (folder / "inputs.json").write_text(json.dumps({"input_ids": ids.tolist()}), encoding="utf-8")

    graph = folder / "onnx" / "model.onnx"
    export(model, OUTPUTS[head], graph)
    quantize(graph, folder / "onnx" / "model_quantized.onnx")
    modules = (torch, transformers, onnx, onnxruntime)
    record = {module.__name__: module.__version__ for module in modules}
    record = {"head": head, "opset": OPSET, "Python": platform.python_version(), **record}
    (folder / "made-with.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
