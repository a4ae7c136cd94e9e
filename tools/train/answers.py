"""The question answerer of restaurant bookings: its model, its losses and its scores."""

import torch
import torch.nn.functional as F
from bookings import QUESTIONS, SLOTS, begin
from slots import judge, pad
from training import by_length, hide_words, make_config
from transformers import MobileBertForQuestionAnswering

MAX_ANSWER = 15  # pieces, the pipeline's default


class Answers:
    """Finds start and end of the answer in [CLS] question [SEP] utterance [SEP]; both at [CLS]: no answer.

    Logits and targets have a column for [CLS] and one for each piece of the utterance.
    """

    make = MobileBertForQuestionAnswering

    def __init__(self, encoder, args, rng):
        self.encoder, self.args, self.rng = encoder, args, rng
        self.cls, self.sep = encoder([""])[0].tolist()
        self.questions = {slot: [ids.tolist()[1:-1] for ids in encoder(texts)] for slot, texts in QUESTIONS.items()}
        self.config = make_config(encoder.size, args.dropout)

    def ask(self, utterance):
        """The slots to ask for: all that the utterance has, and one that it lacks."""
        present = [slot for slot in SLOTS if begin(slot) in utterance.tags]
        absent = [slot for slot in SLOTS if slot not in present]
        return present + self.rng.sample(absent, min(len(absent), 1))

    def distilled(self, teachers, model, utterances, augment, generator):
        """The loss of a student: the teachers' probabilities, and the labels where the utterance is not spliced."""
        utterances, spliced = augment(utterances, self.args.splice)
        plain = pad([[self.cls, *u.ids, self.sep] for u in utterances])
        plain, _ = hide_words(plain, self.args.hide, self.encoder, generator)
        opinion = judge(teachers, plain)
        asked = [(i, slot) for i, utterance in enumerate(utterances) for slot in self.ask(utterance)]
        of = torch.tensor([i for i, _ in asked])
        questions = [self.rng.choice(self.questions[slot]) for _, slot in asked]
        rows = [
            [self.cls, *question, self.sep, *plain[i][1 : len(utterances[i]) + 2].tolist()]
            for question, (i, _) in zip(questions, asked)
        ]
        logits = self.logits(model, rows, [len(q) for q in questions], plain.shape[1] - 1)
        soft = self.targets(opinion[of], [slot for _, slot in asked])
        spans = [utterances[i].spans.get(slot, (-1, 0)) for i, slot in asked]
        hard = torch.tensor([(start + 1, end) for start, end in spans])
        loss = 0
        for place in (0, 1):
            sure = F.cross_entropy(logits[place], hard[:, place], reduction="none") * ~spliced[of]
            loss += self.args.distil * F.cross_entropy(logits[place], soft[place])
            loss += (1 - self.args.distil) * sure.mean()
        return loss / 2

    def logits(self, model, rows, question_lengths, width):
        """(start, end) logits [B, width] without the question's; -1e4 past the end of a row."""
        input_ids, lengths = pad(rows), torch.tensor(question_lengths)
        ends = torch.tensor([len(row) for row in rows]) - 1  # the last [SEP]
        types = torch.arange(input_ids.shape[1]) >= lengths[:, None] + 2
        outputs = model(
            input_ids, attention_mask=(input_ids != 0).long(), token_type_ids=(types & (input_ids != 0)).long()
        )
        column = torch.arange(width)
        source = torch.where(column == 0, 0, column + lengths[:, None] + 1)
        outside = source >= ends[:, None]
        source = source.clamp(max=input_ids.shape[1] - 1)
        both = (outputs.start_logits, outputs.end_logits)
        return [one.gather(1, source).masked_fill(outside, -1e4) for one in both]

    def targets(self, opinion, slots):
        """The teachers' probabilities [B, slots, 2, L] of each row's slot: (start, end), "none" weighted."""
        shares = opinion[torch.arange(len(slots)), [SLOTS.index(slot) for slot in slots]]
        shares[..., 0] *= self.args.none
        shares /= shares.sum(-1, keepdim=True)
        return shares[..., :-1].unbind(1)

    @torch.no_grad()
    def answers(self, model, examples, slot):
        """For each example: the best span's score, its place in the text, and the score of no answer."""
        question = self.questions[slot][0]
        rows = [[self.cls, *question, self.sep, *u.ids, self.sep] for u in examples]
        found = [None] * len(rows)
        for group in by_length(rows):
            count = len(examples[group[0]])
            logits = self.logits(model, [rows[i] for i in group], [len(question)] * len(group), count + 1)
            start, end = (one.softmax(-1) for one in logits)
            table = start[:, 1:, None] * end[:, None, 1:]
            score, at = table.triu().tril(MAX_ANSWER - 1).flatten(1).max(1)
            none = start[:, 0] * end[:, 0]
            for i, s, place, n in zip(group, score.tolist(), at.tolist(), none.tolist()):
                found[i] = (s, examples[i].place(place // count, place % count + 1), n)
        return found

    def finished(self, model):
        """The model to bundle: this one."""
        return model

    def report(self, models, examples):
        """Shares of exact spans and of right "no answer", also with answers weighted by some factors."""
        found = {slot: self.answers(models[0], examples, slot) for slot in SLOTS}
        lines = []
        for bonus in (1, 0.25, 0.5, 2, 4):
            exact = silent = 0
            for slot, answers in found.items():
                for example, (score, place, none) in zip(examples, answers):
                    answer = place if score * bonus > none else None
                    if slot in example.labels:
                        exact += answer == example.labels[slot]
                    else:
                        silent += answer is None
            some = sum(len(u.labels) for u in examples)
            lines.append(f"{exact / some:.2%} {silent / (len(SLOTS) * len(examples) - some):.2%}")
        return f"{lines[0]} (bonus 1/4: {lines[1]}, 1/2: {lines[2]}, 2: {lines[3]}, 4: {lines[4]})"
