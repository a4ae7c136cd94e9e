"""Makes test/golden/float8.json: what PyTorch makes of every byte of its two eight-bit float types.

    python tools/golden/make-float8.py test/golden/float8.json

For each type, by safetensors' name, 256 numbers; NaN and infinities are texts.
"""

import argparse
import json
import math
from pathlib import Path

import torch

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("out", type=Path)
args = parser.parse_args()


def shown(value):
    return value if math.isfinite(value) else str(value)


def values(dtype):
    every = torch.arange(256, dtype=torch.uint8).view(dtype)
    return [shown(value) for value in every.to(torch.float64).tolist()]


tables = {"F8_E4M3": values(torch.float8_e4m3fn), "F8_E5M2": values(torch.float8_e5m2)}
args.out.write_text(json.dumps({"torch": torch.__version__, **tables}) + "\n")
