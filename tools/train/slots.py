"""The token classifier of restaurant bookings: its model, its losses and its scores.

`Tagger` has two outputs: tags of pieces, which the bundled model has, and the start and end of each slot, which it
lacks. Tags can find a slot twice or in halves; a start or an end is one choice among all places, so it cannot. That is
why a student's tags learn from its teachers' starts and ends.
"""

import copy
import math

import torch
import torch.nn.functional as F
from bookings import LABELS, SLOTS, begin
from training import by_length, hide_words, make_config
from transformers import MobileBertForTokenClassification

IGNORED = -100


def pad(sequences, value=0):
    return torch.nn.utils.rnn.pad_sequence([torch.tensor(s) for s in sequences], True, value)


class Tagger(MobileBertForTokenClassification):
    def __init__(self, config):
        super().__init__(config)
        self.ends = torch.nn.Linear(config.hidden_size, 2 * len(SLOTS))

    def both(self, input_ids):
        """Logits of tags [B, L, C], and of starts and ends [B, slots, 2, L]; both at [CLS]: no slot."""
        mask = input_ids != 0
        hidden = self.dropout(self.mobilebert(input_ids, attention_mask=mask.long())[0])
        places = F.pad(mask[:, 1:], (0, 1))  # all but [SEP]
        ends = self.ends(hidden).transpose(1, 2).masked_fill(~places[:, None], -1e4)
        return self.classifier(hidden), ends.unflatten(1, (len(SLOTS), 2))

    def doubting(self, doubt):
        """This model with the odds of "O" multiplied by `doubt`."""
        model = copy.deepcopy(self)
        model.classifier.bias[0] += math.log(doubt)
        return model


@torch.no_grad()
def judge(models, input_ids):
    """The mean probabilities [B, slots, 2, L] that several taggers give to starts and ends."""
    return sum(m.both(input_ids)[1].softmax(-1) for m in models) / len(models)


def tags_of(ends):
    """The probabilities of tags [B, L, C] that follow from those of starts and ends [B, slots, 2, L]."""
    start, end = (ends * (torch.arange(ends.shape[-1]) > 0)).unbind(2)
    later = (start.cumsum(-1) - start - (end.cumsum(-1) - end)).clamp(min=0)
    inside = torch.stack([start, later], 2).flatten(1, 2)
    outside = (1 - inside.sum(1, keepdim=True)).clamp(min=0)
    tags = torch.cat([outside, inside], 1).transpose(1, 2)
    return tags / tags.sum(-1, keepdim=True)


class Slots:
    """Tags every piece of [CLS] utterance [SEP], including the system's questions in front of it."""

    make = Tagger

    def __init__(self, encoder, args):
        self.encoder, self.args = encoder, args
        self.cls, self.sep = encoder([""])[0].tolist()
        labels = dict(enumerate(LABELS))
        self.config = make_config(
            encoder.size, args.dropout, id2label=labels, label2id={label: i for i, label in labels.items()}
        )

    def batch(self, utterances):
        """(input_ids, tags)."""
        input_ids = pad([[self.cls, *u.ids, self.sep] for u in utterances])
        return input_ids, pad([[IGNORED, *u.tags, IGNORED] for u in utterances], IGNORED)

    def alone(self, model, utterances, augment, generator):
        """The loss of a teacher. R-Drop: two differently masked views of an utterance shall get the same output."""
        utterances = augment(utterances)[0]
        input_ids, tags = self.batch(utterances)
        input_ids, _ = hide_words(input_ids.repeat(2, 1), self.args.hide, self.encoder, generator)
        logits, ends = model.both(input_ids)
        loss = F.cross_entropy(logits.flatten(0, 1), tags.repeat(2, 1).flatten(), ignore_index=IGNORED)
        spans = [[u.spans.get(slot, (-1, 0)) for slot in SLOTS] for u in utterances]
        places = torch.tensor([[(start + 1, end) for start, end in row] for row in spans]).repeat(2, 1, 1)
        loss = loss + F.cross_entropy(ends.flatten(0, 2), places.flatten())
        p, q = logits[input_ids != 0].log_softmax(-1).chunk(2)
        return loss + self.args.rdrop * ((p.exp() - q.exp()) * (p - q)).sum(-1).mean() / 2

    def distilled(self, teachers, model, utterances, augment, generator):
        """The loss of a student: the teachers' mean probabilities, and the labels of utterances that are not spliced."""
        utterances, spliced = augment(utterances, self.args.splice)
        input_ids, tags = self.batch(utterances)
        input_ids, _ = hide_words(input_ids, self.args.hide, self.encoder, generator)
        here = tags != IGNORED
        opinion = judge(teachers, input_ids)
        logits, ends = model.both(input_ids)
        logits = logits[here]
        soft = F.cross_entropy(logits, tags_of(opinion)[here])
        soft = soft + F.cross_entropy(ends.flatten(0, 2), opinion.flatten(0, 2))
        whole = ~spliced[:, None].expand_as(here)[here]
        hard = F.cross_entropy(logits, tags[here], reduction="none") * whole
        return self.args.distil * soft + (1 - self.args.distil) * hard.mean()

    def finished(self, model):
        """The model to bundle: without starts and ends."""
        plain = MobileBertForTokenClassification(self.config)
        state = {name: value for name, value in model.state_dict().items() if not name.startswith("ends.")}
        plain.load_state_dict(state)
        return plain

    def report(self, models, sets):
        """F1, precision and recall on each set: of the first model's tags, and of all models' starts and ends."""
        return "; ".join(
            f"{name} {self.score(lambda ids: models[0].both(ids)[0], examples)}"
            f" (starts and ends: {self.score(lambda ids: tags_of(judge(models, ids)), examples)})"
            for name, examples in sets.items()
        )

    @torch.no_grad()
    def score(self, tag, examples):
        """F1, precision and recall of spans exact to the character, by the pipelines' aggregation "first"."""
        sequences = [[self.cls, *u.ids, self.sep] for u in examples]
        right = found = 0
        for group in by_length(sequences):
            tags = tag(torch.tensor([sequences[i] for i in group])).argmax(-1)
            for example, row in zip([examples[i] for i in group], tags[:, 1:-1].tolist()):
                spans = {(slot, *example.place(*span)) for slot, *span in grouped(row, example.words)}
                found += len(spans)
                right += len(spans & {(slot, *span) for slot, span in example.labels.items()})
        wanted = sum(len(u.labels) for u in examples)
        return f"F1 {2 * right / (found + wanted):.2%} {right / max(found, 1):.2%} {right / wanted:.2%}"


def grouped(tags, words):
    """{(slot, first piece, end)}: runs of words of one slot; a word has the tag of its first piece."""
    groups = [[None, 0, 0]]
    for start, end in zip(words, [*words[1:], len(tags)]):
        slot = LABELS[tags[start]][2:]
        if slot and slot == groups[-1][0] and tags[start] != begin(slot):
            groups[-1][2] = end
        else:
            groups.append([slot, start, end])
    return {tuple(group) for group in groups if group[0]}
