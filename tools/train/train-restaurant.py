r"""Trains the bundled models of restaurant bookings, restaurant8k-slots and restaurant8k-answers, from their
data set alone.

    python tools/train/train-restaurant.py --data <restaurant8k> --vocab <folder of vocab.txt> \
        --slots models/restaurant8k-slots --answers models/restaurant8k-answers --work build/teachers

`--data` holds train_0.json and test.json; `--vocab` holds MobileBERT's vocab.txt. Made with torch 2.13 and transformers
5.18, in half an hour on one core. A tenth of the utterances is held out and reported on, so that no decision is made
on the test utterances.

The recipe with the gain of each ingredient: F1 of one teacher's tags on the 820 held-out utterances (one standard error
is 1.2 points), in brackets with the system's questions in front.

    8 epochs, batches of 64, values of every slot exchanged            82.7 %
    16 epochs, batches of 32, unknown pieces told apart by kind        85.2 %
    + pieces that occur less than three times unknown, names masked    85.5 %, of the first 410 utterances 86.5 %
    + only names exchanged, 5 % more utterances, two seeds             87.1 % and 88.2 % of the 410
    + starts and ends as a second task, and utterances that answer
      a question also with that question in front                      89.2 % (91.1 %)
    ... by its starts and ends, not its tags                           92.1 % (94.5 %)
    its student with 12 epochs                                         88.9 % (91.2 %), of the 410 90.9 %
    ... with 1.5 times the odds of "O"                                 89.6 % (91.8 %), of the 410 91.4 %

The answerer, after 16 epochs: 93.1 % of the spans exact, 98.1 % of the questions without an answer.

Without starts, ends and questions, two teachers and a student of their tags reached 88.3 % of the 410. Exchanging times
and numbers made it worse: the labels take "12:45" of "12:45 PM" but all of "12:45pm". No better were a second teacher
and 16 epochs (89.4 %, 91.2 %), seven tenths of the utterances spliced (89.2 %, 91.7 %), and the mean of students'
weights (88.0 to 88.8 %). After four epochs, six layers were as good as four.

On the 3,731 test utterances:

    restaurant8k-slots       F1 91.2 %, with the system's questions in front 92.6 %
    restaurant8k-answers     93.8 % of the spans exact, 98.5 % of the questions without an answer
"""

import argparse
import math
import random
import time
from functools import partial
from pathlib import Path

import torch
from answers import Answers
from bookings import QUESTIONS, Augmenter, after_questions, encode, read, write_test
from slots import Slots
from training import Average, Encoder, batches, initialise, make_optimizer, save, schedule
from transformers import MobileBertTokenizer


def learn(task, loss_of, sets, args, seed, epochs, base=None, name="model"):
    """Trains a task, from the weights that `base`, if given, shares with its model; returns the averaged model."""
    utterances, held = sets
    torch.manual_seed(seed)
    rng, generator = random.Random(seed), torch.Generator().manual_seed(seed)
    model = task.make(task.config)
    initialise(model)
    if base is not None:
        model.load_state_dict(base.state_dict(), strict=False)
    augment = Augmenter(utterances, task.encoder, args, rng)
    average = Average(model, args.average)
    optimizer = make_optimizer(model, args.rate, args.decay)
    step, steps = 0, epochs * math.ceil(len(utterances) / args.batch)
    started = time.time()
    for epoch in range(epochs):
        total = count = 0
        model.train()
        for indices in batches(utterances, args.batch, rng):
            loss = loss_of(model, [utterances[i] for i in indices], augment, generator)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            schedule(optimizer, args.rate, step, steps)
            optimizer.step()
            average.update(model)
            step += 1
            total, count = total + loss.item(), count + 1
        line = f"  {name}: epoch {epoch + 1}, loss {total / count:.4f}, {time.time() - started:.0f} s"
        if epoch % 4 == 3 or epoch == epochs - 1:
            line += f", held out: {task.report([average.model], held)}"
        print(line, flush=True)
    return average.model


def kept(path, task, make):
    """The model that an earlier run saved to `path`; otherwise that of `make`, which is saved there."""
    if path.exists():
        model = task.make(task.config).eval().requires_grad_(False)
        model.load_state_dict(torch.load(path))
        return model
    model = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), path)
    return model


def finish(task, model, out, vocab, held, test):
    """Saves the model, and reports the scores of its half-precision weights."""
    save(task.finished(model), task.encoder, out, vocab)
    model = model.half().float()
    print(f"held out: {task.report([model], held)}", flush=True)
    print(f"test: {task.report([model], test)}", flush=True)


def both_ways(encoder, examples):
    """The utterances alone, and with the system's question in front where they answer one."""
    return {"alone": encode(encoder, examples), "asked": encode(encoder, [after_questions(e) for e in examples])}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of restaurant8k's files")
    parser.add_argument("--vocab", type=Path, required=True, help="folder of MobileBERT's vocab.txt")
    parser.add_argument("--slots", type=Path, help="folder of the token classifier to write")
    parser.add_argument("--answers", type=Path, help="folder of the question answerer to write")
    parser.add_argument("--work", type=Path, required=True, help="folder where a later run finds the teachers again")
    parser.add_argument("--hold-out", type=float, default=0.1, help="share set aside for decisions, above 0")
    parser.add_argument("--least", type=int, default=3, help="how often a piece occurs that gets its own embedding")
    parser.add_argument("--teachers", type=int, default=1)
    parser.add_argument("--teacher-epochs", type=int, default=16)
    parser.add_argument("--slots-epochs", type=int, default=12)
    parser.add_argument("--answers-epochs", type=int, default=16)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=3e-3, help="highest learning rate")
    parser.add_argument("--decay", type=float, default=0.01, help="weight decay of the matrices")
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--hide", type=float, default=0.1, help="share of the pieces that are hidden")
    parser.add_argument("--swap", type=float, default=0.5, help="share of the names that are exchanged")
    parser.add_argument("--anonymous", type=float, default=0.2, help="share of the names that are hidden whole")
    parser.add_argument("--doubt", type=float, default=1.5, help="by what the odds of \"O\" are multiplied")
    parser.add_argument("--splice", type=float, default=0.3, help="share of the students' utterances that are spliced")
    parser.add_argument("--average", type=float, default=0.998, help="decay of the averaged weights")
    parser.add_argument("--rdrop", type=float, default=1.0, help="weight of the two views' divergence")
    parser.add_argument("--distil", type=float, default=0.9, help="weight of the teachers' opinion against the labels")
    parser.add_argument("--none", type=float, default=0.7, help="how much none counts in the answerer's targets")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def main():
    args = parse_arguments()
    torch.set_num_threads(args.threads)

    examples, test = read(args.data / "train_0.json"), read(args.data / "test.json")
    examples = random.Random(0).sample(examples, len(examples))
    cut = round(args.hold_out * len(examples))
    held, examples = examples[:cut], examples[cut:]
    texts = [text for text, *_ in examples] + args.least * sum(QUESTIONS.values(), [])
    encoder = Encoder(MobileBertTokenizer.from_pretrained(args.vocab), texts, args.least, kinds=True)
    train, rng = encode(encoder, examples), random.Random(7)
    asked = encode(encoder, [after_questions(example, rng) for example in examples if example[2]])
    print(f"{len(train)} utterances to learn, {len(held)} held out, {encoder.size} pieces", flush=True)

    slots = Slots(encoder, args)
    sets = train + asked, both_ways(encoder, held)
    teachers = []
    for number in range(args.teachers):
        seed, name = args.seed + 1 + number, f"teacher-{number}"
        make = partial(learn, slots, slots.alone, sets, args, seed, args.teacher_epochs, name=name)
        teachers.append(kept(args.work / f"{name}.pt", slots, make))
    print(f"  teachers together: held out {slots.report(teachers, sets[1])}", flush=True)
    if args.slots:
        loss = partial(slots.distilled, teachers)
        make = partial(learn, slots, loss, sets, args, args.seed, args.slots_epochs, teachers[0], "slots")
        model = kept(args.work / "slots.pt", slots, make).doubting(args.doubt)
        finish(slots, model, args.slots, args.vocab, sets[1], both_ways(encoder, test))
        write_test(args.slots / "test.json", test, with_asked=True)
    if args.answers:
        answers, held = Answers(encoder, args, random.Random(args.seed)), encode(encoder, held)
        loss = partial(answers.distilled, teachers)
        sets = train, held
        make = partial(learn, answers, loss, sets, args, args.seed, args.answers_epochs, teachers[0], "answers")
        model = kept(args.work / "answers.pt", answers, make)
        finish(answers, model, args.answers, args.vocab, held, encode(encoder, test))
        write_test(args.answers / "test.json", test)


if __name__ == "__main__":
    main()
