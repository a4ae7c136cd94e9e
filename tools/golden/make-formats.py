"""Makes test/golden/formats: one tiny checkpoint of test/golden/models in every file format.

    python tools/golden/make-formats.py test/golden/models/head-size-1 test/golden/formats

Each folder holds only weights; config.json stays with the checkpoint. The folders `...-views` hold
what PyTorch can save besides plain tensors: shared storages, transposed, sliced and padded views,
integers. The legacy format names storages by their addresses, so its files differ from run to run;
their tensors do not.
"""

import argparse
import json
import shutil
import zipfile
from collections import OrderedDict
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("checkpoint", type=Path)
parser.add_argument("out", type=Path)
args = parser.parse_args()

weights = OrderedDict(sorted(load_file(args.checkpoint / "model.safetensors").items()))


def folder(name):
    path = args.out / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def halves():
    names = list(weights)
    middle = len(names) // 2
    for number, part in enumerate((names[:middle], names[middle:]), start=1):
        yield f"{number:05d}-of-00002", {name: weights[name] for name in part}


def index(path, files):
    total = sum(tensor.nbytes for tensor in weights.values())
    text = json.dumps({"metadata": {"total_size": total}, "weight_map": files}, indent=2)
    path.write_text(text + "\n")


def repack(source, target, compression, last=()):
    """The same archive by Python's zipfile, which writes sizes before the data; `last` goes last."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", compression) as new:
        for name in sorted(old.namelist(), key=lambda name: name.endswith(tuple(last))):
            new.writestr(zipfile.ZipInfo(name), old.read(name), compression)


def views():
    """The same tensors, stored in unusual but valid ways."""
    stored = OrderedDict()
    fused = {}
    for name, tensor in weights.items():
        if tensor.dim() == 2 and "query" in name:
            stored[name] = tensor.t().contiguous().t()
        elif "self.key.weight" in name or "self.value.bias" in name:
            wide = torch.zeros(*tensor.shape[:-1], tensor.shape[-1] + 3)
            wide[..., 2:-1] = tensor
            stored[name] = wide[..., 2:-1]
        elif "FakeNorm" in name or "LayerNorm" in name:
            fused.setdefault(name.rsplit(".", 1)[0], {})[name] = tensor
        else:
            stored[name] = tensor
    for parts in fused.values():
        both = torch.cat(list(parts.values()))
        start = 0
        for name, tensor in parts.items():
            stored[name] = both[start : start + len(tensor)]
            start += len(tensor)
    stored["embeddings.position_ids"] = torch.arange(8).unsqueeze(0)
    stored["unused.copy"] = stored["embeddings.word_embeddings.weight"]
    stored["unused.parameter"] = torch.nn.Parameter(torch.ones(2), requires_grad=False)
    return stored


zipped = folder("zip") / "pytorch_model.bin"
torch.save(weights, zipped)
torch.save(weights, folder("legacy") / "pytorch_model.bin", _use_new_zipfile_serialization=False)
repack(zipped, folder("zip-deflated") / "pytorch_model.bin", zipfile.ZIP_DEFLATED)
repack(zipped, folder("zip-last") / "pytorch_model.bin", zipfile.ZIP_STORED, last=["data.pkl"])
torch.save(views(), folder("zip-views") / "pytorch_model.bin")
torch.save(
    views(), folder("legacy-views") / "pytorch_model.bin", _use_new_zipfile_serialization=False
)
torch.save(weights, folder("zip-protocol-4") / "pytorch_model.bin", pickle_protocol=4)
for dtype in (torch.float64, torch.float16, torch.bfloat16):
    name = str(dtype).removeprefix("torch.")
    converted = OrderedDict((key, tensor.to(dtype)) for key, tensor in weights.items())
    torch.save(converted, folder(f"zip-{name}") / "pytorch_model.bin")
    torch.save(
        converted,
        folder(f"legacy-{name}") / "pytorch_model.bin",
        _use_new_zipfile_serialization=False,
    )
    save_file(converted, folder(f"safetensors-{name}") / "model.safetensors", {"format": "pt"})

files = {"safetensors": {}, "bin": {}}
parts = {"safetensors": folder("sharded-safetensors"), "bin": folder("sharded-zip")}
for number, part in halves():
    save_file(part, parts["safetensors"] / f"model-{number}.safetensors", {"format": "pt"})
    files["safetensors"].update({name: f"model-{number}.safetensors" for name in part})
    torch.save(part, parts["bin"] / f"pytorch_model-{number}.bin")
    files["bin"].update({name: f"pytorch_model-{number}.bin" for name in part})
index(parts["safetensors"] / "model.safetensors.index.json", files["safetensors"])
index(parts["bin"] / "pytorch_model.bin.index.json", files["bin"])
