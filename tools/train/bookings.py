"""The utterances of restaurant8k: reading, encoding, augmentation, test files.

`read` gives texts with labelled spans, `after_questions` puts the system's questions in front, `encode` gives pieces
and tags, `Augmenter` makes new utterances.
"""

import bisect
import json

import torch

# Tests use the first wording of each.
QUESTIONS = {
    "people": ["How many people?", "For how many people?", "How many guests?", "What is the number of people?"],
    "date": ["What date?", "On what date?", "Which day?", "What is the date?"],
    "time": ["What time?", "At what time?", "What is the time?"],
    "first_name": ["What is the first name?", "What first name?"],
    "last_name": ["What is the last name?", "What last name?", "What is the surname?"],
}
SLOTS = list(QUESTIONS)
LABELS = ["O"] + [f"{prefix}-{slot}" for slot in SLOTS for prefix in "BI"]


def begin(slot):
    return LABELS.index(f"B-{slot}")


class Utterance:
    """The rows of a text's pieces without special tokens, their tags, and {slot: (first piece, end)}."""

    def __init__(self, ids, spans):
        self.ids, self.spans = ids, spans
        self.tags = [0] * len(ids)
        for slot, (start, end) in spans.items():
            self.tags[start:end] = [begin(slot)] + [begin(slot) + 1] * (end - start - 1)

    def __len__(self):
        return len(self.ids)


class Example(Utterance):
    """An utterance of a file, with the first pieces of its words, the places of pieces in the text, and the labels."""

    def __init__(self, ids, spans, words, places, labels):
        super().__init__(ids, spans)
        self.words, self.places, self.labels = words, places, labels

    def place(self, start, end):
        """The place of a range of pieces in the text, widened to whole words."""
        first = self.words[bisect.bisect_right(self.words, start) - 1]
        after = bisect.bisect_left(self.words, end)
        end = self.words[after] if after < len(self.words) else len(self)
        return self.places[first][0], self.places[end - 1][1]


def read(path):
    """[(text, {slot: (start, end)}, slots that the system asked for)] of one restaurant8k file."""
    examples = []
    for item in json.loads(path.read_text(encoding="utf-8")):
        labels = {label["slot"]: label["valueSpan"] for label in item.get("labels", [])}
        spans = {slot: (span.get("startIndex", 0), span["endIndex"]) for slot, span in labels.items()}
        asked = list(dict.fromkeys(item.get("context", {}).get("requestedSlots", [])))
        examples.append((item["userInput"]["text"], spans, asked))
    return examples


def after_questions(example, rng=None):
    """The example with the system's questions in front, if any, in their first wordings or in random ones."""
    text, labels, asked = example
    wordings = [rng.choice(QUESTIONS[slot]) if rng else QUESTIONS[slot][0] for slot in asked]
    front = "".join(f"{wording} " for wording in wordings)
    spans = {slot: (start + len(front), end + len(front)) for slot, (start, end) in labels.items()}
    return front + text, spans, asked


def encode(encoder, examples):
    found = []
    for text, labels, _ in examples:
        encoding = encoder.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        places = encoding["offset_mapping"]
        spans = {}
        for slot, (start, end) in labels.items():
            inside = [i for i, (a, b) in enumerate(places) if a < end and b > start]
            spans[slot] = (inside[0], inside[-1] + 1)
        of = encoding.word_ids()
        words = [i for i, word in enumerate(of) if i == 0 or word != of[i - 1]]
        found.append(Example(encoder.rows[encoding["input_ids"]].tolist(), spans, words, places, labels))
    return found


class Augmenter:
    """Makes new utterances: exchanges names, and joins the beginning of one utterance to the end of another."""

    def __init__(self, utterances, encoder, args, rng):
        self.encoder, self.args, self.rng = encoder, args, rng
        self.values = {
            name: [u.ids[slice(*u.spans[name])] for u in utterances if name in u.spans]
            for name in ("first_name", "last_name")
        }

    def swap(self, utterance):
        """Replaces each name by another with probability `swap`, or by unknown pieces with probability `anonymous`.

        Times and numbers stay: the end of their spans depends on what follows ("12:45" of "12:45 PM").
        """
        spans = sorted(utterance.spans.items(), key=lambda item: item[1])
        if any(first[1][1] > second[1][0] for first, second in zip(spans, spans[1:])):
            return utterance
        ids, found, at = [], {}, 0
        for slot, (start, end) in spans:
            ids += utterance.ids[at:start]
            value = utterance.ids[start:end]
            if slot in self.values:
                value = self.rng.choice(self.values[slot]) if self.rng.random() < self.args.swap else value
                value = self.encoder.stand_in[value].tolist() if self.rng.random() < self.args.anonymous else value
            found[slot] = (len(ids), len(ids) + len(value))
            ids += value
            at = end
        return Utterance(ids + utterance.ids[at:], found)

    def splice(self, one, other):
        """The beginning of one utterance and the end of another; nothing where one is too short."""
        room = min(len(one), len(other)) - 1
        if room < 1:
            return None
        cut = self.rng.randint(1, room)
        spliced = Utterance(one.ids[:cut] + other.ids[cut:], {})
        spliced.tags = one.tags[:cut] + other.tags[cut:]
        return spliced

    def __call__(self, utterances, splice=0.0):
        """(utterances, which are spliced)."""
        swapped = [self.swap(u) for u in utterances]
        partners = self.rng.sample(swapped, len(swapped))
        spliced = [self.splice(*pair) if self.rng.random() < splice else None for pair in zip(swapped, partners)]
        return [s or u for s, u in zip(spliced, swapped)], torch.tensor([s is not None for s in spliced])


def write_test(path, examples, with_asked=False):
    """Writes {slot: question} and the labelled test utterances, one per line; on request with the slots asked for."""
    lines = []
    for text, spans, asked in examples:
        asked_for = {"asked": asked} if with_asked and asked else {}
        lines.append(json.dumps({"text": text} | asked_for | {"spans": spans}, ensure_ascii=False))
    questions = json.dumps({slot: wordings[0] for slot, wordings in QUESTIONS.items()})
    utterances = ",\n".join(lines)
    path.write_text(f'{{"questions": {questions},\n"utterances": [\n{utterances}\n]}}\n', encoding="utf-8")
