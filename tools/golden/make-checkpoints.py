"""Makes test/golden/checkpoints: weights as people keep them, of two checkpoints of test/golden/models.

    python tools/golden/make-checkpoints.py test/golden/models test/golden/checkpoints

Needs torch, safetensors and transformers; takes seconds. Each folder holds only weights.

- save-model: a masked language model by `safetensors.torch.save_model`, which keeps one name of a
  shared tensor
- training, training-legacy: a classifier inside DataParallel and torch.compile, saved with its
  optimizer, scheduler, random state and epoch
- lightning: a classifier as the member `model` of a class, under `state_dict`
- float8-e4m3, float8-e5m2: a classifier rounded to eight bits, in safetensors and by torch.save, and
  the same values in float32
"""

import argparse
import shutil
from collections import OrderedDict
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file, save_model
from transformers import MobileBertForMaskedLM, MobileBertForSequenceClassification

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("models", type=Path)
parser.add_argument("out", type=Path)
args = parser.parse_args()


def folder(name):
    path = args.out / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


masked = MobileBertForMaskedLM.from_pretrained(args.models / "masked-lm")
save_model(masked, str(folder("save-model") / "model.safetensors"))

classifier = MobileBertForSequenceClassification.from_pretrained(args.models / "sequence-single")
weights = load_file(args.models / "sequence-single" / "model.safetensors")

optimizer = torch.optim.AdamW(classifier.parameters(), lr=0.0)
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1.0)
loss = classifier(input_ids=torch.tensor([[1, 2, 3]]), labels=torch.tensor([1])).loss
loss.backward()
optimizer.step()
scheduler.step()
wrapped = torch.nn.DataParallel(torch.compile(classifier))
checkpoint = {
    "epoch": 3,
    "best": float("inf"),
    "rng_state": torch.get_rng_state()[:16].clone(),
    "model_state_dict": OrderedDict((name, weights[name.split(".", 2)[2]]) for name in wrapped.state_dict()),
    "optimizer_state_dict": optimizer.state_dict(),
    "scheduler_state_dict": scheduler.state_dict(),
    "betas": (0.9, 0.999),
    "dtype": torch.float32,
    "device": torch.device("cpu"),
    "size": torch.Size([2, 3]),
    "seen": {1, 2},
    "note": b"bytes",
}
torch.save(checkpoint, folder("training") / "pytorch_model.bin")
torch.save(
    checkpoint,
    folder("training-legacy") / "pytorch_model.bin",
    _use_new_zipfile_serialization=False,
)
members = OrderedDict((f"model.{name}", tensor) for name, tensor in weights.items())
members["loss.weight"] = torch.ones(2)
first = next(iter(members))
members[first] = members[first].clone()
members[first].note = "a tensor with an attribute"
parameter = torch.nn.Parameter(members["model.classifier.bias"])
parameter.note = "a parameter with one"
members["model.classifier.bias"] = parameter
torch.save(
    {"state_dict": members, "pytorch-lightning_version": "2.5.0", "callbacks": {"a": {"best": torch.ones(1)}}},
    folder("lightning") / "pytorch_model.bin",
)
for name, dtype in (("float8-e4m3", torch.float8_e4m3fn), ("float8-e5m2", torch.float8_e5m2)):
    path = folder(name)
    rounded = OrderedDict((key, tensor.to(dtype)) for key, tensor in weights.items())
    save_file(rounded, path / "model.safetensors", {"format": "pt"})
    torch.save(rounded, path / "pytorch_model.bin")
    wide = {key: tensor.to(torch.float32) for key, tensor in rounded.items()}
    save_file(wide, path / "float32.safetensors", {"format": "pt"})
