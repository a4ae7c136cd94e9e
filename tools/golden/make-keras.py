"""Makes tf_model.h5 files from checkpoints in test/golden/models, in Keras' layout.

    python tools/golden/make-keras.py test/golden/models test/golden

- formats/keras...: the checkpoint head-size-1 as TFMobileBertModel.save_weights wrote it, in single,
  half and double precision, and with the newer structures of HDF5. The layout is that of tf_keras'
  hdf5_format.py: a group for each layer; "layer_names" and "weight_names" as attributes, in several
  parts where they are too long for one.
- keras/CASE: heads.

Names and transposes are those of modeling_tf_pytorch_utils.py and modeling_tf_mobilebert.py
(transformers 4). TensorFlow is not needed; h5py is.
"""

import argparse
import json
import re
import shutil
from pathlib import Path

import h5py
import numpy as np
from safetensors.numpy import load_file

# Bytes of an attribute; Keras splits longer ones.
MOST_BYTES = 64512
HEADS = {"cls.predictions": "predictions___cls", "cls.seq_relationship": "seq_relationship___cls"}
# Weights that the model adds itself, outside of Keras' layers.
OWN_WEIGHT = re.compile(r"word_embeddings/weight|predictions/(dense|decoder)/weight")
TABLES = ("position_embeddings", "token_type_embeddings")


def keras_name(name, scope, config):
    """PyTorch's name of a parameter -> Keras' layer and weight."""
    for torch_prefix, layer in HEADS.items():
        if name.startswith(torch_prefix):
            name = layer + name.removeprefix("cls")
    if not re.match(r"mobilebert\.|\w+___cls\.|classifier\.|qa_outputs\.", name):
        name = f"mobilebert.{name}"
    path = name.replace(".", "/")
    # A layer of the encoder is called "layer_._0", a feed-forward network "ffn.0".
    path = re.sub(r"\blayer/(\d+)/", r"layer_._\1/", path)
    path = re.sub(r"\bffn/(\d+)/", r"ffn.\1/", path)
    *scopes, module, part = path.split("/")
    if module in TABLES:
        part = "embeddings"
    elif module == "LayerNorm":
        # NoNorm keeps PyTorch's names; Keras' LayerNormalization has its own.
        if "transform" in scopes or config["normalization_type"] == "layer_norm":
            part = {"weight": "gamma", "bias": "beta"}[part]
    elif part == "weight" and not OWN_WEIGHT.search(path):
        part = "kernel"
    return path.split("/")[0], "/".join([scope, *scopes, module, part]) + ":0"


def write_list(group, name, texts, variable, most):
    """Writes an attribute, or several where it is too long for one."""
    if variable:
        group.attrs.create(name, texts, dtype=h5py.string_dtype())
        return
    data = np.asarray([text.encode() for text in texts])
    count = -(-data.nbytes // most)
    parts = [data] if count <= 1 else np.array_split(data, count)
    for number, part in enumerate(parts):
        group.attrs[name if count <= 1 else f"{name}{number}"] = part


def write(tensors, path, scope, config, dtype=np.float32, libver="earliest", most=MOST_BYTES):
    layers = {}
    for name, tensor in tensors.items():
        layer, weight = keras_name(name, scope, config)
        layers.setdefault(layer, {})[weight] = tensor.T if weight.endswith("kernel:0") else tensor
    variable = libver == "latest"
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w", libver=libver) as file:
        write_list(file, "layer_names", list(layers), variable, most)
        file.attrs["backend"] = "tensorflow"
        file.attrs["keras_version"] = "2.15.0"
        for layer, weights in layers.items():
            group = file.create_group(layer)
            write_list(group, "weight_names", list(weights), variable, most)
            for weight, tensor in weights.items():
                group.create_dataset(weight, data=np.ascontiguousarray(tensor.astype(dtype)))


def load(folder):
    """Tensors and configuration; TensorFlow's language models save the decoder, tied or not."""
    config = json.loads((folder / "config.json").read_text())
    tensors = dict(sorted(load_file(folder / "model.safetensors").items()))
    if "cls.predictions.bias" in tensors:
        words = tensors["mobilebert.embeddings.word_embeddings.weight"]
        tensors.setdefault("cls.predictions.decoder.weight", words)
    return tensors, config


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("models", type=Path, help="test/golden/models")
    parser.add_argument("out", type=Path, help="test/golden")
    arguments = parser.parse_args()
    formats, heads = arguments.out / "formats", arguments.out / "keras"
    tensors, config = load(arguments.models / "head-size-1")
    kinds = {
        "keras": {},
        "keras-parts": {"most": 1024},
        "keras-float16": {"dtype": np.float16},
        "keras-float64": {"dtype": np.float64},
        "keras-latest": {"libver": "latest"},
    }
    for name, options in kinds.items():
        shutil.rmtree(formats / name, ignore_errors=True)
        write(tensors, formats / name / "tf_model.h5", "tf_mobile_bert_model", config, **options)
    shutil.rmtree(heads, ignore_errors=True)
    for case in ("pretraining", "masked-lm-layer-norm", "sequence-single", "question", "token"):
        tensors, config = load(arguments.models / case)
        words = re.findall(r"[A-Z][a-z]+", config["architectures"][0].replace("LM", "Lm"))
        scope = "_".join(["tf", *words, "1"]).lower()
        write(tensors, heads / case / "tf_model.h5", scope, config)


if __name__ == "__main__":
    main()
