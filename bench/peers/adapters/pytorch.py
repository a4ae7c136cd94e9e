"""PyTorch and Hugging Face transformers on one CPU thread, driven by JSON lines as child.js is.

In: the model's folder. Out: one line per request, see child.js.
"""

import json
import os
import resource
import sys
import time
from pathlib import Path

PREFIX = "reply "
# As child.js has it.
TURN_SECONDS = 0.1


def reply(value):
    print(PREFIX + json.dumps(value), flush=True)


def resident():
    """Bytes resident now (Linux; elsewhere the highest so far)."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return peak()


def peak():
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


class Runner:
    def __init__(self, folder):
        self.folder = folder
        self.ids = json.loads(Path(folder, "inputs.json").read_text())["input_ids"]
        self.inputs = {}

    def load(self, length):
        empty = resident()
        start = time.perf_counter()
        import torch
        import transformers

        self.torch = torch
        torch.set_num_threads(1)
        transformers.logging.disable_progress_bar()
        torch.set_grad_enabled(False)
        imported = time.perf_counter()
        model = transformers.MobileBertForQuestionAnswering.from_pretrained(self.folder)
        self.model = model.eval()
        self.call(length)
        return {
            "version": f"{torch.__version__}, transformers {transformers.__version__}",
            "runtime": f"Python {sys.version.split()[0]}",
            "importMs": 1e3 * (imported - start),
            "loadMs": 1e3 * (time.perf_counter() - imported),
            "memory": {"empty": empty, "now": resident(), "peak": peak()},
        }

    def call(self, length):
        if length not in self.inputs:
            self.inputs[length] = {
                "input_ids": self.torch.tensor([self.ids[:length]]),
                "attention_mask": self.torch.ones(1, length, dtype=self.torch.int64),
                "token_type_ids": (self.torch.arange(length) >= length // 2).long()[None],
            }
        start = time.perf_counter()
        outputs = self.model(**self.inputs[length])
        return 1e3 * (time.perf_counter() - start), outputs

    def logits(self, length):
        _, outputs = self.call(length)
        return self.torch.cat((outputs.start_logits[0], outputs.end_logits[0])).tolist()

    def turn(self, length):
        calls = []
        end = time.perf_counter() + TURN_SECONDS
        while len(calls) < 2 or time.perf_counter() < end:
            calls.append(self.call(length)[0])
        return calls

    def memory(self, _length):
        return {"now": resident(), "peak": peak()}


def main():
    runner = Runner(sys.argv[1])
    reply("ready")
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply(getattr(runner, request["do"])(request.get("length")))
        except Exception as error:
            reply({"error": f"{type(error).__name__}: {error}"})


main()
