"""Makes ONNX files from checkpoints in test/golden/models, as PyTorch and onnxruntime write them.

    python tools/golden/make-onnx.py test/golden/models test/golden

- formats/onnx...: the checkpoint head-size-1. Every file holds its weights to the bit: both of
  PyTorch's exporters, with and without folded constants, values in a second file, initializers
  before nodes, half precision.
- onnx/CASE/onnx: heads, in files named as transformers.js names them.
- onnx/outputs.json: ids, and the outputs of PyTorch (with the dequantised weights of a quantised
  file) and of onnxruntime.
"""

import argparse
import json
import logging
import shutil
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
import transformers
from onnx import numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers.float16 import convert_float_to_float16

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
OPSET = 18
IDS = [[2, 5, 11, 7, 3, 0], [9, 1, 4, 8, 6, 10]]

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)


def load(folder):
    name = json.loads((folder / "config.json").read_text())["architectures"][0]
    return getattr(transformers, name).from_pretrained(folder, attn_implementation="eager").eval()


def export(model, path, dynamo=False, folding=True, external=False):
    ids = torch.tensor(IDS)
    arguments = (ids, torch.ones_like(ids), torch.zeros_like(ids))
    axes = {name: {0: "batch", 1: "length"} for name in INPUTS}
    spans = {"dynamic_shapes": tuple(axes.values())} if dynamo else {"dynamic_axes": axes}
    torch.onnx.export(
        model,
        arguments,
        path,
        input_names=list(INPUTS),
        opset_version=OPSET,
        do_constant_folding=folding,
        dynamo=dynamo,
        external_data=external,
        verbose=False,
        **spans,
    )
    graph = onnx.load(path, load_external_data=False)
    strip(graph.graph)
    onnx.save(graph, path)


def strip(graph):
    """Removes metadata that is long or tells where the exporter ran."""
    for node in graph.node:
        kept = [entry for entry in node.metadata_props if entry.key.endswith("name_scopes")]
        del node.metadata_props[:]
        node.metadata_props.extend(kept)
        node.ClearField("doc_string")
    for value in (*graph.value_info, *graph.input, *graph.output, *graph.initializer):
        del value.metadata_props[:]
    del graph.metadata_props[:]


def varint(number):
    more, number = number >> 7, number & 127
    return bytes([number | 128]) + varint(more) if more else bytes([number])


def field(number, payload):
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def initializers_first(source, target):
    """The same model with the fields of its graph in another order, which the format allows."""
    model = onnx.load(source)
    nodes = b"".join(field(1, node.SerializeToString()) for node in model.graph.node)
    tensors = b"".join(field(5, tensor.SerializeToString()) for tensor in model.graph.initializer)
    rest = onnx.ModelProto()
    rest.CopyFrom(model)
    rest.ClearField("graph")
    target.write_bytes(rest.SerializeToString() + field(7, tensors + nodes))


def outside(source, target):
    """Writes values to a second file, named as transformers.js names it."""
    onnx.save_model(
        onnx.load(source),
        target,
        save_as_external_data=True,
        all_tensors_to_one_file=True,
        location=f"{target.name}_data",
        size_threshold=64,
    )


def make_formats(checkpoint, out):
    def folder(name):
        path = out / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        return path / "model.onnx"

    model = load(checkpoint)
    plain = folder("onnx")
    export(model, plain)
    export(model, folder("onnx-unfolded"), folding=False)
    export(model, folder("onnx-dynamo"), dynamo=True)
    initializers_first(plain, folder("onnx-initializers-first"))
    outside(plain, folder("onnx-external"))
    onnx.save(convert_float_to_float16(onnx.load(plain)), folder("onnx-float16"))


def quantize(source, target, **options):
    """Quantises as transformers.js' scripts/quantize.py does for a graph without convolutions."""
    settings = {"per_channel": False, "reduce_range": False, "weight_type": QuantType.QInt8}
    extra = {"EnableSubgraph": True, "MatMulConstBOnly": True}
    quantize_dynamic(source, target, **{**settings, **options}, extra_options=extra)


def dequantised(model, path):
    """Gives the model the dequantised values of every weight that the file quantised."""
    tensors = {t.name: numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer}
    found = []
    for name, tensor in tensors.items():
        if not name.endswith("_quantized"):
            continue
        base = name.removesuffix("_quantized")
        zero, scale = tensors[f"{base}_zero_point"], tensors[f"{base}_scale"]
        found.append((tensor.astype(np.int32) - zero).astype(np.float32) * scale)
    head = getattr(getattr(model, "cls", None), "predictions", None)
    if head is not None:
        # One matrix holds the decoder and the dense weight; quantised, the decoder is no longer tied.
        size = model.config.embedding_size
        stacked = next(v for v in found if v.shape == (model.config.hidden_size, len(head.bias)))
        found.append(stacked[size:])
        head.decoder.weight = torch.nn.Parameter(torch.from_numpy(stacked[:size].T.copy()))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() < 2 or name.endswith("decoder.weight"):
                continue
            step = np.abs(parameter.numpy()).max() / 40
            near = [
                value
                for one in found
                for value in (one, one.T)
                if value.shape == parameter.shape
                and np.abs(value - parameter.numpy()).max() < step
            ]
            assert len(near) == 1, (name, len(near))
            parameter.copy_(torch.from_numpy(near[0]))
    return model


def answers(model, path):
    """Outputs by name: of PyTorch with the weights of the file, and of onnxruntime with the file."""
    ids = torch.tensor(IDS)
    quantised = any(t.data_type in (2, 3) for t in onnx.load(path).graph.initializer)
    model = dequantised(model, path) if quantised else model
    with torch.no_grad():
        found = model(ids).to_tuple()
    session = onnxruntime.InferenceSession(path)
    wanted = {one.name for one in session.get_inputs()}
    feeds = {"input_ids": ids.numpy(), "attention_mask": np.ones_like(ids.numpy())}
    feeds["token_type_ids"] = np.zeros_like(ids.numpy())
    native = session.run(None, {name: feeds[name] for name in feeds if name in wanted})
    plain = lambda arrays: [np.asarray(a, np.float64).round(7).ravel().tolist() for a in arrays]
    return {"torch": plain(found), "onnxruntime": plain(native)}


def make_heads(models, out):
    shutil.rmtree(out, ignore_errors=True)
    record = {"input_ids": IDS}
    for case in ("masked-lm", "masked-lm-untied", "sequence-single", "question", "token"):
        folder = out / case / "onnx"
        folder.mkdir(parents=True)
        export(load(models / case), folder / "model.onnx")
        files = ["model.onnx"]
        if case in ("masked-lm", "sequence-single"):
            quantize(folder / "model.onnx", folder / "model_quantized.onnx")
            files.append("model_quantized.onnx")
        if case == "sequence-single":
            kind = {"per_channel": True, "reduce_range": True, "weight_type": QuantType.QUInt8}
            quantize(folder / "model.onnx", folder / "model_uint8.onnx", **kind)
            halves = convert_float_to_float16(onnx.load(folder / "model.onnx"), keep_io_types=True)
            onnx.save(halves, folder / "model_fp16.onnx")
            files += ["model_uint8.onnx", "model_fp16.onnx"]
        if case == "masked-lm":
            export(load(models / case), folder / "model_dynamo.onnx", dynamo=True)
            files.append("model_dynamo.onnx")
        record[case] = {f: answers(load(models / case), folder / f) for f in files}
    (out / "outputs.json").write_text(json.dumps(record) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("models", type=Path, help="test/golden/models")
    parser.add_argument("out", type=Path, help="test/golden")
    arguments = parser.parse_args()
    transformers.logging.set_verbosity_error()
    torch.manual_seed(0)
    make_formats(arguments.models / "head-size-1", arguments.out / "formats")
    make_heads(arguments.models, arguments.out / "onnx")


if __name__ == "__main__":
    main()
