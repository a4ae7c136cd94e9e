"""Makes test/golden/bundled: outputs of Python's pipelines for the bundled restaurant models.

    python tools/golden/make-bundled.py --models models --out test/golden/bundled          (a minute)

The pipelines, and the question answering of transformers 4, are those of
tools/golden/make-pipelines.py. The texts come from the models' test files. All arithmetic is float64.
No text is padded.
"""

import argparse
import importlib
import json
import platform
from pathlib import Path

import numpy as np
import tokenizers
import torch
import transformers
from transformers import MobileBertForQuestionAnswering, MobileBertForTokenClassification, MobileBertTokenizerFast

pipelines = importlib.import_module("make-pipelines")

EVERY = 75
STRATEGIES = ("none", "first", "average", "max")


def sample(path):
    """Utterances from all parts of a test file, its questions, and a long text of other utterances."""
    record = json.loads((path / "test.json").read_text(encoding="utf-8"))
    texts = [one["text"] for one in record["utterances"]]
    return texts[EVERY::EVERY], list(record.get("questions", {}).values()), " ".join(texts[EVERY // 2 :: EVERY])


def run_token_classification(path, model, tokenizer):
    pipe = pipelines.Windowed(model=model, tokenizer=tokenizer)
    texts, _, long = sample(path)
    calls = [(text, {"aggregation_strategy": "simple"}) for text in texts]
    calls += [(text, {"aggregation_strategy": strategy}) for strategy in STRATEGIES for text in texts[-12:]]
    calls += [(long, {"aggregation_strategy": "first", "stride": stride}) for stride in (0, 32)]
    return [pipelines.call(text, options, pipe(text, **options)) for text, options in calls]


def run_question_answering(path, model, tokenizer):
    texts, questions, long = sample(path)
    possible = {"handle_impossible_answer": True}
    calls = [(question, text, possible) for text in texts for question in questions]
    calls += [(question, text, {"top_k": 3}) for text in texts[-6:] for question in questions]
    windows = {"max_seq_len": 64, "doc_stride": 16, "top_k": 4}
    calls += [(question, long, options) for question in questions for options in (windows, windows | possible)]
    return [
        pipelines.call(question, options, pipelines.answer(model, tokenizer, question, text, **options))
        | {"context": text}
        for question, text, options in calls
    ]


RUNS = {
    "token-classification": ("restaurant8k-slots", MobileBertForTokenClassification, run_token_classification),
    "question-answering": ("restaurant8k-answers", MobileBertForQuestionAnswering, run_question_answering),
}

README = """\
# Outputs of Python's pipelines for the bundled models

Calls of token-classification and question-answering with all their outputs, on
models/restaurant8k-slots and models/restaurant8k-answers. Made by
`python tools/golden/make-bundled.py --models models --out test/golden/bundled`
with {versions}.

A file holds `model`, its folder's name, and `calls`: `text` (a question has a `context` as well), `options`,
`expected`. The arithmetic is float64. `start` and `end` count code points. The texts are the models' test
utterances (restaurant8k, PolyAI, CC BY 4.0). The pipelines are those of [pipelines](../pipelines/README.md).
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="test/golden/bundled")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(1)
    for task, (name, kind, run) in RUNS.items():
        path = args.models / name
        model = kind.from_pretrained(path, dtype=torch.float64, attn_implementation="eager").eval()
        tokenizer = MobileBertTokenizerFast.from_pretrained(path)
        calls = run(path, model, tokenizer)
        for one in calls:
            pipelines.check_scores(task, one["expected"])
        lines = [json.dumps(one, ensure_ascii=False, default=pipelines.plain) for one in calls]
        text = ",\n".join(lines)
        (args.out / f"{task}.json").write_text(f'{{"model": "{name}", "calls": [\n{text}\n]}}\n', encoding="utf-8")
    modules = (torch, transformers, tokenizers, np)
    found = [f"{module.__name__} {module.__version__}" for module in modules]
    versions = ", ".join([f"Python {platform.python_version()}", *found])
    (args.out / "README.md").write_text(README.format(versions=versions), encoding="utf-8")


if __name__ == "__main__":
    main()
