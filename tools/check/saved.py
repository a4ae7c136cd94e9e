"""Opens models saved by `save_pretrained` with Python's safetensors and transformers, and compares.

    node tools/check/saved.js FOLDER && python tools/check/saved.py FOLDER

FOLDER holds one folder for each saved model, with input ids (`ids.json`) and the model's output
(`answer.json`). Loading must find every key, and outputs must agree to 1e-5 of their L2 norm.
"""

import argparse
import json
from pathlib import Path

import torch
import transformers
from safetensors import safe_open

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("folder", type=Path)
folder = parser.parse_args().folder

for path in sorted(item for item in folder.iterdir() if item.is_dir()):
    tensors = 0
    for file in sorted(path.glob("*.safetensors")):
        with safe_open(file, "pt") as opened:
            assert opened.metadata() == {"format": "pt"}, opened.metadata()
            tensors += len(list(opened.keys()))
    config = transformers.AutoConfig.from_pretrained(path)
    (name,) = config.architectures
    Class = getattr(transformers, name)
    dtype = torch.float16 if path.name.endswith("-fp16") else torch.float32
    assert config.dtype == dtype, config.dtype
    # Half precision is widened to float32, as in this package.
    model, info = Class.from_pretrained(path, dtype=torch.float32, output_loading_info=True)
    assert not any(info.values()), info
    ids = torch.tensor(json.loads((path / "ids.json").read_text()))
    answer = json.loads((path / "answer.json").read_text())
    with torch.no_grad():
        found = model.eval()(input_ids=ids)[answer["name"]]
    expected = torch.tensor(answer["data"]).reshape(answer["dims"])
    error = float((found - expected).norm() / found.norm())
    assert error < 1e-5, (path.name, error)
    print(f"{path.name:40} {tensors:4} tensors, relative L2 {error:.1e}")
