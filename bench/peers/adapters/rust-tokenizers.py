"""The Rust tokenizers through their Python package, one text at a time, driven by JSON lines.

In: a folder with tokenizer.json and texts.json. Out: one line per request, see tokenizers.js.
"""

import json
import sys
import time
from pathlib import Path

import tokenizers

PREFIX = "reply "
# As in tokenizer-worker.js.
LEAST_MS = 50


def reply(value):
    print(PREFIX + json.dumps(value), flush=True)


class Runner:
    def __init__(self, folder):
        self.tokenizer = tokenizers.Tokenizer.from_file(str(Path(folder, "tokenizer.json")))
        self.texts = json.loads(Path(folder, "texts.json").read_text())

    def version(self):
        return tokenizers.__version__

    def ids(self):
        return [self.tokenizer.encode(text).ids for text in self.texts]

    def time(self):
        encode = self.tokenizer.encode
        start = time.process_time()
        passes = 0
        while True:
            for text in self.texts:
                encode(text)
            passes += 1
            ms = 1e3 * (time.process_time() - start)
            if ms >= LEAST_MS:
                return ms / passes


def main():
    runner = Runner(sys.argv[1])
    reply("ready")
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply(getattr(runner, request["do"])())
        except Exception as error:
            reply({"error": str(error)})


main()
