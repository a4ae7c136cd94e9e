"""Makes test/runtimes/expected.json: the twenty numbers that every runtime has to compute.

    python tools/golden/make-runtimes.py .            (seconds; the argument is the repository)

Ten logits and their inputs are copied from a case of test/golden/models (Hugging Face, float64). Ten
scores come from transformers' text-classification pipeline, for a question to the bundled model in
float32.
"""

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import pipeline

CASE = "sequence-single"
MODEL = "models/banking77-intents"
QUESTION = "I lost my card in Rome, and who pays for the one that you send me?"
COUNT = 10


def logits(root: Path) -> dict:
    folder = f"test/golden/models/{CASE}"
    golden = load_file(root / folder / "golden.safetensors")
    names = ("input_ids", "attention_mask", "token_type_ids")
    return {
        "folder": folder,
        "inputs": {name: golden[f"inputs.{name}"].tolist() for name in names},
        "expected": golden["outputs.logits"].flatten().tolist()[:COUNT],
    }


def scores(root: Path) -> dict:
    # Otherwise it would run in half precision, in which the checkpoint is stored.
    classify = pipeline(
        "text-classification", str(root / MODEL), device="cpu", dtype=torch.float32
    )
    return {
        "folder": MODEL,
        "question": QUESTION,
        "expected": classify(QUESTION, top_k=COUNT),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    root = parser.parse_args().root
    target = root / "test/runtimes/expected.json"
    expected = {"logits": logits(root), "pipeline": scores(root)}
    target.write_text(json.dumps(expected, indent=2) + "\n")


if __name__ == "__main__":
    main()
