"""Exports the full-size MobileBERT in every file format, for bench/ours/formats.ts.

    python tools/golden/export-formats.py build/formats      (a minute; 1.1 GB, never committed)

The weights are the hashed ones of tools/golden/make-full.py. Every folder is a checkpoint of its own:

- fp32 weights in safetensors, PyTorch, ONNX and Keras files
- fp16 weights in safetensors and ONNX files
- the ONNX model quantised to int8, and the same weights dequantised in safetensors

expected.json holds eight token ids and PyTorch's float64 outputs for each of these three sets of
weights.
"""

import argparse
import copy
import importlib.util
import json
import logging
import shutil
import warnings
import zipfile
from pathlib import Path

import onnx
import torch
import transformers
from huggingface_hub import save_torch_state_dict
from onnxruntime.transformers.float16 import convert_float_to_float16
from safetensors.torch import save_file

HEAD = "MobileBertForQuestionAnswering"
OUTPUTS = ("start_logits", "end_logits")
KERAS_SCOPE = "tf_mobile_bert_for_question_answering_1"
LENGTH = 8
SHARD = "40MB"
# The smallest half-precision number above zero.
LEAST_HALF = 2**-24


def import_tool(name):
    """A script of this folder as a module. Its name has hyphens, so `import` cannot load it."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def deflate(source, target):
    """The same archive with deflated entries, as zip programs write them."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))


def halved(model):
    """A copy with every weight rounded to half precision as onnxruntime does: none becomes zero."""
    rounded = copy.deepcopy(model)
    for parameter in rounded.parameters():
        data = parameter.data
        tiny = (data != 0) & (data.abs() < LEAST_HALF)
        parameter.data = torch.where(tiny, data.sign() * LEAST_HALF, data).half().float()
    return rounded


def answer(model, ids):
    """Logits in float64, by output."""
    with torch.no_grad():
        found = copy.deepcopy(model).double()(input_ids=ids)
    return {name: found[name][0].tolist() for name in OUTPUTS}


def save_safetensors(model, folder, dtype=torch.float32):
    weights = {name: tensor.to(dtype) for name, tensor in model.state_dict().items()}
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


def save_torch(model, folder):
    weights = model.state_dict()
    zipped = folder("torch-zip") / "pytorch_model.bin"
    torch.save(weights, zipped)
    deflate(zipped, folder("torch-zip-deflated") / "pytorch_model.bin")
    legacy = folder("torch-legacy") / "pytorch_model.bin"
    torch.save(weights, legacy, _use_new_zipfile_serialization=False)
    save_torch_state_dict(
        weights, folder("torch-zip-sharded"), max_shard_size=SHARD, safe_serialization=False
    )


def save_keras(model, folder):
    tensors = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    keras = import_tool("make-keras")
    keras.write(tensors, folder / "tf_model.h5", KERAS_SCOPE, model.config.to_dict())


def save_onnx(model, folder):
    """Writes fp32, fp16 and int8 graphs. Returns the model with the weights of the int8 graph."""
    exporter = import_tool("export-onnx")

    def graph(name, file):
        path = folder(name) / "onnx" / file
        path.parent.mkdir()
        return path

    plain = graph("onnx", "model.onnx")
    exporter.export(model, OUTPUTS, plain)
    halves = convert_float_to_float16(
        onnx.load(plain), min_positive_val=LEAST_HALF, keep_io_types=True
    )
    onnx.save(halves, graph("onnx-fp16", "model_fp16.onnx"))
    quantized = graph("onnx-quantized", "model_quantized.onnx")
    exporter.quantize(plain, quantized)
    return import_tool("make-onnx").dequantised(copy.deepcopy(model), quantized)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("out", type=Path, help="build/formats")
    out = parser.parse_args().out
    shutil.rmtree(out, ignore_errors=True)
    transformers.logging.set_verbosity_error()
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)

    golden = import_tool("make-full")
    model = golden.make_model(HEAD)
    model.config.architectures = [HEAD]
    half = halved(model)

    def folder(name):
        path = out / name
        path.mkdir(parents=True)
        model.config.save_pretrained(path)
        return path

    save_safetensors(model, folder("safetensors"))
    save_torch_state_dict(model.state_dict(), folder("safetensors-sharded"), max_shard_size=SHARD)
    save_torch(model, folder)
    save_keras(model, folder("keras"))
    save_safetensors(half, folder("safetensors-fp16"), torch.float16)
    dequantised = save_onnx(model, folder)
    save_safetensors(dequantised, folder("safetensors-dequantised"))

    ids = torch.from_numpy(golden.hashed_integers(f"input_ids.{LENGTH}", LENGTH, 30522))[None]
    models = {"fp32": model, "fp16": half, "q8": dequantised}
    logits = {name: answer(one, ids) for name, one in models.items()}
    record = {"input_ids": ids.tolist(), "logits": logits}
    (out / "expected.json").write_text(json.dumps(record) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
