"""
Makes test/golden/tokenizer: outputs of Hugging Face's Rust tokenizers.

    python tools/golden/make-tokenizer.py --vocab models/banking77-intents/vocab.txt \
        --datasets DIR --out test/golden/tokenizer [--tables src/tokenizer/text/unicode-tables.ts]

--datasets is a folder with banking77/, clinc150/ and wnut17/; a sample of their texts goes into the
golden files. --tables also writes the frozen Unicode tables of src/tokenizer. The result depends only
on the arguments and on the versions of the libraries, which the README beside the golden files names.
"""

import argparse
import csv
import gzip
import json
import pathlib
import random
import re
import subprocess
import unicodedata

import tokenizers
import transformers
from tokenizers import AddedToken, normalizers, pre_tokenizers
from transformers import MobileBertTokenizerFast
from transformers.models.bert.tokenization_bert_legacy import BertTokenizerLegacy

CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]


# ---- Unicode tables ---------------------------------------------------------------------------


def bert(clean=False, ideographs=False, strip=False, lower=False):
    return normalizers.BertNormalizer(clean, ideographs, strip, lower)


def borders_of(members):
    """The borders of runs of members: where each begins and ends."""
    members = set(members)
    return [c for c in range(0x110001) if (c in members) != (c - 1 in members)]


def borders_between(inside, outside):
    """Borders of as few ranges as possible that hold all of one set and none of another."""
    borders, at, free, is_in = [], 0, 0, False
    for c in range(0x110000):
        if c in (inside if is_in else outside):
            free = c + 1
        elif c in (outside if is_in else inside):
            at = min(range(free, c + 1), key=lambda border: len(digits_of(border - at)))
            borders.append(at)
            free, is_in = c + 1, not is_in
    return borders


def digits_of(number):
    """A number in base 18: the last digit is one of 0 to h, the digits before it one of i to z."""
    last = "0123456789abcdefgh"[number % 18]
    before = ""
    while number >= 18:
        number //= 18
        before = "ijklmnopqrstuvwxyz"[number % 18] + before
    return before + last


def encode_borders(borders):
    """The distance of each border from the one before it."""
    return "".join(digits_of(b - a) for a, b in zip([0] + borders, borders))


def classes():
    """The Rust library's sets of code points, found by encoding each code point."""
    clean, strip, split = bert(clean=True), bert(strip=True), pre_tokenizers.BertPreTokenizer()
    nfd = normalizers.NFD()
    found = {"OTHER": [], "WHITESPACE": [], "PUNCTUATION": [], "NONSPACING": [], "REORDERED": []}
    for c in CODE_POINTS:
        char = chr(c)
        if clean.normalize_str(char) == "" and c != 0xFFFD:
            found["OTHER"].append(c)
        pieces = len(split.pre_tokenize_str(f"a{char}b"))
        if pieces == 2:
            found["WHITESPACE"].append(c)
        if pieces == 3:
            found["PUNCTUATION"].append(c)
        if strip.normalize_str(char) == "":
            found["NONSPACING"].append(c)
        elif nfd.normalize_str(char) == char and is_mark(nfd, char):
            found["REORDERED"].append(c)
    found["OTHER"] += range(0xD800, 0xE000)
    return found


# One letter for each code point, by Node's Unicode: in the categories, unassigned, or other.
ENGINE = r"""
const kinds = Array.from({ length: 0x110000 }, (_, c) => {
  const char = String.fromCodePoint(c);
  return /[\p{P}\p{Mn}\p{Cc}\p{Cf}\p{Co}\p{Cs}]/u.test(char) ? 'm' : /\p{Cn}/u.test(char) ? 'n' : '.';
});
process.stdout.write(kinds.join(''));
"""


def younger(found):
    """
    Borders of what later versions of Unicode added to the categories, and of gaps of 16 and more code
    points, where Unicode will add scripts.
    """
    members = set(found["OTHER"] + found["PUNCTUATION"] + found["NONSPACING"] + [0xFFFD])
    kinds = subprocess.run(["node", "-e", ENGINE], capture_output=True, text=True, check=True).stdout
    late = {c for c, kind in enumerate(kinds) if kind == "m"} - members - {9, 10, 13}
    for gap in re.finditer("n{16,}", kinds):
        late.update(range(*gap.span()))
    return borders_between(late, members)


def is_mark(nfd, char):
    """Whether NFD moves the character: its combining class is neither 0 nor, at once, 1 and 240."""
    lowest, highest = f"a{char}\u0334", f"a\u0345{char}"
    return nfd.normalize_str(lowest) != lowest or nfd.normalize_str(highest) != highest


def late_letters():
    """Upper-case letters younger than Unicode 14, which older JavaScript engines do not know."""
    lower, runs = bert(lower=True), []
    for c in CODE_POINTS:
        small = lower.normalize_str(chr(c))
        if small == chr(c) or chr(c).lower() == small:
            continue
        shift = ord(small) - c
        if runs and runs[-1][1] == c - 1 and runs[-1][2] == shift:
            runs[-1][1] = c
        else:
            runs.append([c, c, shift])
    return runs


def write_tables(path):
    found = classes()
    comments = {
        "YOUNGER": "Contains every code point that joined categories Cc, Cf, Co, Cs, P* and Mn after "
        "Unicode 8, and\n * the ranges of later scripts. Contains none that was in these categories "
        "before.",
        "REORDERED": "Not in category Mn (Unicode 8), but with a combining class other than 0 "
        "(Unicode 9).",
        "CAPITALS": "Upper-case letters added after Unicode 14.",
    }
    late = late_letters()
    borders = {
        "YOUNGER": younger(found),
        "REORDERED": borders_of(found["REORDERED"]),
        "CAPITALS": [border for first, last, _ in late for border in (first, last + 1)],
    }
    lines = [
        "/**",
        " * Where the Unicode data of the Rust tokenizers differs from that of engines. Written by",
        " * tools/golden/make-tokenizer.py; do not edit. A table lists the borders of ranges, as "
        "distances from",
        " * the border before (at first from U+0000) in base 18. The last digit of a number is 0 to h, "
        "the",
        " * digits before it are i to z.",
        " */",
        "",
    ]
    for name, comment in comments.items():
        is_long = "\n" in comment
        value = f"'{encode_borders(borders[name])}';"
        start = f"export const {name} ="
        is_short = len(start) + len(value) < 100
        lines += [
            *(["/**", f" * {comment}", " */"] if is_long else [f"/** {comment} */"]),
            *([f"{start} {value}"] if is_short else [start, f"  {value}"]),
            "",
        ]
    lines += ["/** For each range of CAPITALS the distance to its lower-case letters. */"]
    shifts = ", ".join(str(shift) for _, _, shift in late)
    lines += [f"export const SHIFTS: readonly number[] = [{shifts}];", ""]
    path.write_text("\n".join(lines))


# ---- Texts ------------------------------------------------------------------------------------

# fmt: off
ODDITIES = [
    "", " ", "\t\n\r ", "a", "Hello, world!", "I love transformers!", "[CLS]", "[MASK]", "[mask]",
    "[MASK][MASK]", "a[SEP]b", "The capital of [MASK] is [PAD]Paris[UNK].", "[ MASK ]", "[[MASK]]",
    "[MASK", "MASK]", "[CLS]\u0301x", "UNwant\u00E9d,running", "un\u0327wante\u0301d",
    "\u00c9l\u00e9gant \u00fcber stra\u00dfe STRASSE \u1e9e",
    "\u0130stanbul DI\u0307YARBAKIR \u0131",
    "\u039f\u0394\u03a5\u03a3\u03a3\u0395\u03a5\u03a3 \u03a3 \u03c3\u03c2 \u03a3\u0391\u03a3",
    "\u01c4 \u01c5 \u01c6 \ufb01 \ufb03 \ufb06", "\u212b \u2126 \u212a \u00c5 A\u030a",
    "\u4f60\u597d\uff0c\u4e16\u754c\uff01",
    "\u65e5\u672c\u8a9e\u3068\u304b\u306a \u30ab\u30bf\u30ab\u30ca",
    "\ud55c\uad6d\uc5b4 \uc548\ub155\ud558\uc138\uc694", "\u1112\u1161\u11ab",
    "\uf900\uf901 \U0002f800\U0002fa1d",
    "\U00020000\U0002a6df \U0002b820 \U0002b91f \U0002b920 \U0002ceaf \U00030000",
    "a\u4e00b\u9fffc\u3400d\u4dbfe",
    "\U0001f600\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466!",
    "\U0001f1e9\U0001f1ea\U0001f3fb \u2764\ufe0f \u263a\ufe0e 1\ufe0f\u20e3",
    "\u0627\u0644\u0639\u064e\u0631\u064e\u0628\u0650\u064a\u0651\u064e\u0629\u060c",
    "\u0634\u064f\u0643\u0652\u0631\u064b\u0627",
    "\u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd \u05e2\u05d5\u05b9\u05dc\u05b8\u05dd",
    "\u0939\u093f\u0928\u094d\u0926\u0940 \u0915\u093c \u0958",
    "\u0e20\u0e32\u0e29\u0e32\u0e44\u0e17\u0e22 \u0e19\u0e49\u0e33",
    "\u0f56\u0f7c\u0f51\u0f0b\u0f66\u0f90\u0f51\u0f0b \u0f73\u0f75\u0f81",
    "Vi\u1ec7t Nam \u0111\u1ea5t n\u01b0\u1edbc",
    "Z\u0351\u036b\u0343a\u0321\u0322\u0315l\u0334\u035cg\u0301\u0302o\u0303",
    "\u0344\u0308\u0301 \u0385 \u1fee", "\u0301\u0302\u0303", "a\u0301\u1b44\u0327b",
    "x\u302e\u0301\u302f\u0300y", "\u0301\u1d165", "\U0001d165\U0001d16d\u0301\U0001d15e z",
    "q\u0301\U0001e000\u0327\u08d4r\u1dfb", "\u00c5\u0f73\u1b44\u0f72\u0301 w",
    "\u0000a\u0000b\ufffdc\u200bd\u00ade\u200ef\ufeffg", "\u0001\u001f\u007f\u0080\u009f",
    "a\u0085b\u00a0c\u1680d\u2000e\u2028f\u2029g\u202fh\u205fi\u3000j\u180ek",
    "a\u000bb\u000cc\u001cd\u001de", "\ue000\uf8ff\U000f0000\U0010fffd",
    "\U000e0001\U000e0041 \u2060\u2066", "\ufdd0\uffff\U0001ffff",
    "$100 + \u20ac5 < 6 ^ ` ~ = | > \\ / @ # % & * _ - \u00a7 \u00b6 \u00b7 \u00bf\u00a1",
    "\u2018quote\u2019 \u201cdouble\u201d \u2014 \u2026 \u2030 \u203b",
    "\u2044 \u2052 \u20bf \u2260 \u226e \u1fef \u037e \u0387",
    "don't can't I'm it's they've we're", "a.b.c...d", "e-mail: x_y@z.com http://a.b/c?d=e&f=g#h",
    "##ing ##s # ## ###", "1234567890 3.14 1,000 1/2 \u00bd \u2155 \u0661\u0662\u0663 \uff11\uff12",
    "\uff21\uff22\uff23 \uff41\uff42\uff43 \uff01",
    "\U0001d400\U0001d4d0 \U00010400\U00010428 \U00010d50\U0001e900 \u1c89 \ua7dc", "a" * 100,
    "a" * 101, "\u00e9" * 100, "\u00e9" * 101, "e\u0301" * 100, "\U00010400" * 100,
    "\U00010400" * 101, "\u0130" * 60, "supercalifragilisticexpialidocious" * 3, "x " * 50,
    "-" * 120, "\u4e00" * 120,
    "antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis",
    "\U0001f600" * 101, "ab" * 49 + "\u4e00" + "c" * 101,
]
# fmt: on

# fmt: off
PIECES = [
    "\u0301", "\u0308", "\u0327", "\u0345", "\u0334", "\u1b44", "\u302e", "\U0001d165", "\u094d",
    "\u200d", "\u200b", "\ufe0f", "\u00ad", "\u0000", "\u0007", "\ufffd", "\t", "\n", "\r",
    "\u00a0", "\u2003", "\u3000", "\u0085", "[CLS]", "[SEP]", "[MASK]", "[PAD]", "[UNK]", "[", "]",
    ".", ",", "!", "'", '"', "-", "\u2014", "\u3002", "\u00bf", "\u0387", "\u2260", "#", "##",
    "\u4e2d", "\u6587", "\uac00", "\u304c", "\U00020001", "\U0001f600",
    "\U0001f469\u200d\U0001f4bb", "\u00e9", "\u00c9", "\u00c5", "\u0130", "\u1e69", "\u03a3",
    "\u00df", "\u0416", "\u0439", "\u0627", "\u064e", "\u05d0", "\u0905", "\u1ec7", "1", "23",
    "\u0663", "A", "b", "qu", "Zz",
]
# fmt: on


def dataset_texts(root, rng):
    """Sentences of three public data sets."""
    texts = []
    for part in ("train", "test"):
        with open(root / "banking77" / f"{part}.csv", encoding="utf-8") as file:
            texts.append(rng.sample([row["text"] for row in csv.DictReader(file)], 350))
    clinc = json.loads((root / "clinc150" / "data_full.json").read_text(encoding="utf-8"))
    texts.append(rng.sample([text for text, _ in clinc["train"]], 400))
    lines = (root / "wnut17" / "wnut17train.conll").read_text(encoding="utf-8").split("\n")
    sentences, words = [], []
    for line in lines:
        if line.strip():
            words.append(line.split("\t")[0])
        elif words:
            sentences.append(" ".join(words))
            words = []
    texts.append(rng.sample(sentences, 700))
    return [text for group in texts for text in group]


def block_texts(rng):
    """Two texts for each 128 code points: some inside words, some between other characters."""
    texts = []
    for start in range(0, 0x110000, 128):
        known = [chr(c) for c in range(start, start + 128) if is_sampled(c)]
        if not known or (start >= 0x3400 and start % 1024 and is_uniform(start)):
            continue
        chars = rng.choices(known, k=12)
        texts.append(
            "".join(chars[:5])
            + " "
            + " ".join(chars[5:8])
            + " x"
            + chars[8]
            + "y"
            + "".join(chars[9:])
        )
        texts.append(
            "".join(
                c + rng.choice(["", "", " ", "a", "E", rng.choice(PIECES)])
                for c in rng.choices(known, k=8)
            )
        )
    return texts


def is_sampled(c):
    return not 0xD800 <= c < 0xE000 and (
        unicodedata.category(chr(c)) != "Cn" or c % 37 == 0 and c < 0x20000
    )


def is_uniform(c):
    """Ideographs, syllables, private use: one sample in eight is enough."""
    return c < 0xA000 or 0xAC00 <= c < 0xD800 or 0xE000 <= c < 0xF900 or c >= 0x17000


def mixed_texts(words, rng, count):
    """Words of the vocabulary, whole or changed, among the pieces above."""
    texts = []
    for _ in range(count):
        parts = []
        for _ in range(rng.randint(1, 9)):
            kind = rng.random()
            word = rng.choice(words)
            if kind < 0.35:
                parts.append(
                    rng.choice([word, word.upper(), word.title()])
                    + rng.choice([" ", " ", "", "  "])
                )
            elif kind < 0.55:
                at = rng.randint(0, len(word))
                parts.append(word[:at] + rng.choice(PIECES) + word[at:] + rng.choice([" ", ""]))
            elif kind < 0.65:
                parts.append(rng.choice(words) + word)
            else:
                parts.append("".join(rng.choices(PIECES, k=rng.randint(1, 5))))
        texts.append("".join(parts))
    return texts


def make_texts(vocab, datasets):
    rng = random.Random(20200406)
    words = [
        w
        for w in vocab.read_text(encoding="utf-8").split("\n")[1996:]
        if w and not w.startswith("##")
    ]
    return (
        ODDITIES + dataset_texts(datasets, rng) + block_texts(rng) + mixed_texts(words, rng, 2400)
    )


# ---- Encodings --------------------------------------------------------------------------------

CONFIGS = {
    "default": {},
    "cased": {"do_lower_case": False},
    "strip_accents": {"do_lower_case": False, "strip_accents": True},
    "keep_accents": {"strip_accents": False},
    "no_ideographs": {"tokenize_chinese_chars": False},
    "no_cleaning": {"clean_text": False},
}


def make_tokenizer(vocab, options):
    options = dict(options)
    clean = options.pop("clean_text", True)
    tokenizer = MobileBertTokenizerFast(vocab=str(vocab), **options)
    if not clean:
        old = tokenizer.backend_tokenizer.normalizer
        tokenizer.backend_tokenizer.normalizer = normalizers.BertNormalizer(
            False, old.handle_chinese_chars, old.strip_accents, old.lowercase
        )
    return tokenizer


def record(encoding):
    """[ids, spans, words] of all but special tokens; spans and words as differences."""
    spans, words, end, word = [], [], 0, 0
    inner = slice(1, -1)
    for (a, b), w in zip(encoding.offsets[inner], encoding.word_ids[inner]):
        spans += [a - end, b - a]
        words.append(w - word)
        end, word = b, w
    return [encoding.ids[inner], spans, words]


def make_configs(vocab, texts):
    """Encodings of every text under every configuration; after the first, only what differs."""
    result, first = {}, None
    for name, options in CONFIGS.items():
        encodings = make_tokenizer(vocab, options)(texts).encodings
        records = [record(e) for e in encodings]
        if first is None:
            first = records
            result[name] = {"options": options, "records": records}
        else:
            differing = {str(i): r for i, r in enumerate(records) if r != first[i]}
            result[name] = {"options": options, "differing": differing}
    return result


ADDED = [
    AddedToken("new_tok"),
    AddedToken("HeLLo"),
    AddedToken("<ent>", lstrip=True),
    AddedToken("</ent>", rstrip=True),
    AddedToken("cat", single_word=True),
    AddedToken("\u4e2d"),
    AddedToken("\u00c9t\u00e9"),
    AddedToken("[X]", special=True, normalized=False),
    AddedToken("[Y] z", lstrip=True, rstrip=True, special=True, normalized=False),
    AddedToken("lo wor", normalized=False),
    AddedToken("low", normalized=False),
    AddedToken("the"),
    AddedToken("\U0001f600", single_word=True, normalized=False),
]


def make_added(vocab, texts):
    """Texts with added tokens at random places."""
    rng = random.Random(7)
    tokenizer = make_tokenizer(vocab, {})
    tokenizer.add_tokens(ADDED)
    glue = ["", " ", "  ", "\u3000", "-", "a", "\u0301", "_", "\u00e9", "S"]
    strewn = []
    for text in rng.sample(texts, 250):
        parts = [text[:40]]
        for _ in range(rng.randint(1, 4)):
            token = rng.choice(ADDED).content
            parts += [
                rng.choice(glue),
                rng.choice([token, token, token.upper(), token.lower()]),
                rng.choice(glue),
            ]
        strewn.append("".join(parts) + text[40:60])
    fields = ("content", "single_word", "lstrip", "rstrip", "normalized", "special")
    encodings = tokenizer(strewn).encodings
    return {
        "added": [{f: getattr(t, f) for f in fields} for t in ADDED],
        "length": len(tokenizer),
        "vocab_size": tokenizer.vocab_size,
        "texts": strewn,
        "records": [record(e) for e in encodings],
        "tokens": [e.tokens[1:-1] for e in encodings],
        "decoded": [tokenizer.decode(e.ids) for e in encodings],
        "decoded_plain": [tokenizer.decode(e.ids, skip_special_tokens=True) for e in encodings],
    }


def make_legacy(vocab, texts):
    """The older Python class, which has options that the Rust one lacks."""
    rng = random.Random(11)
    plain = [
        t
        for t in rng.sample(texts[len(ODDITIES) :][:1800], 150)
        if t.isprintable() and "[" not in t
    ]
    result = []
    for options in (
        {"never_split": ["card", "Card?", "U.S.", "don't", "London", "\u00c9t\u00e9"]},
        {"do_basic_tokenize": False},
    ):
        tokenizer = BertTokenizerLegacy(str(vocab), **options)
        strewn = [
            " ".join(
                rng.sample(
                    ["card", "Card?", "U.S.", "don't", "London,", "\u00c9t\u00e9", "[MASK]"], 3
                )
            )
            + " "
            + t
            for t in plain
        ]
        ids = [tokenizer(t)["input_ids"] for t in strewn]
        result.append({"options": options, "texts": strewn, "ids": ids})
    return result


# ---- Calls ------------------------------------------------------------------------------------


def make_calls(vocab, texts):
    """The options of a call, each alone and crossed with others."""
    rng = random.Random(5)
    pool = [t for t in texts if 10 < len(t) < 120]
    truncations = [True, "longest_first", "only_first", "only_second", False]
    calls = []
    for index in range(420):
        count = rng.choice([1, 1, 2, 3])
        options = {}
        if rng.random() < 0.15:
            options["is_split_into_words"] = True
        make = (lambda: rng.choice(pool).split()[:12]) if options else (lambda: rng.choice(pool))
        batch = [make() for _ in range(count)]
        pairs = [make() for _ in range(count)] if rng.random() < 0.5 else None
        if rng.random() < 0.7:
            options["truncation"] = rng.choice(truncations)
            options["max_length"] = rng.choice([3, 4, 5, 6, 7, 8, 11, 12, 16, 24])
            if rng.random() < 0.6:
                options["return_overflowing_tokens"] = True
                options["stride"] = rng.choice(
                    [s for s in (0, 0, 1, 2, 3, 5) if s == 0 or s < options["max_length"] - 3]
                )
        if rng.random() < 0.5:
            options["padding"] = rng.choice([True, "longest", "max_length"])
            if rng.random() < 0.3:
                options["pad_to_multiple_of"] = rng.choice([4, 8])
            if rng.random() < 0.4:
                options["padding_side"] = rng.choice(["left", "right"])
        if rng.random() < 0.15:
            options["add_special_tokens"] = False
        side = rng.choice(["left", "right"]) if rng.random() < 0.3 else "right"
        expected = expect(make_tokenizer(vocab, {}), batch, pairs, options, side)
        calls.append(
            {
                "text": batch,
                "text_pair": pairs,
                "options": options,
                "truncation_side": side,
                **expected,
            }
        )
    return calls


def expect(tokenizer, batch, pairs, options, side):
    """
    The rows of a call. The first row of each text is the call's own. Overflowing rows come from
    Encoding.truncate on the whole text: in 0.23 a call loses overflow, because it stops splitting
    words at max_length tokens (github.com/huggingface/tokenizers/issues/2091).
    """
    tokenizer.truncation_side = side
    tokenizer.model_max_length = 512
    try:
        call = tokenizer(batch, pairs, **options)
    except BaseException as error:  # a panic of the Rust library is no Exception
        return {"error": type(error).__name__}
    samples = call.get("overflow_to_sample_mapping") or list(range(len(batch)))
    firsts = [call.encodings[samples.index(i)] for i in range(len(batch))]
    backend = tokenizer.backend_tokenizer
    backend.no_truncation()
    backend.no_padding()
    special = options.get("add_special_tokens", True)
    rows, mains = [], []
    for i, text in enumerate(batch):
        windows = []
        for index, part in enumerate([text] + ([pairs[i]] if pairs else [])):
            encoding = backend.encode(
                part,
                is_pretokenized=options.get("is_split_into_words", False),
                add_special_tokens=False,
            )
            kept = firsts[i].sequence_ids.count(index)
            encoding.truncate(kept, stride=options.get("stride", 0), direction=side)
            windows.append([encoding] + encoding.overflowing)
        first, *second = windows
        combinations = [[a] for a in first]
        if second:
            first, second = windows
            combinations = [[first[0], second[0]]] + [[a, b] for a in first[1:] for b in second]
            combinations += [[first[0], b] for b in second[1:]]
        mains.append(len(rows))
        if not options.get("return_overflowing_tokens"):
            combinations = combinations[:1]
        rows += [dict(compose(parts, special), sample=i) for parts in combinations]
    rows = [
        pad_row(row, width_of(options, rows, mains), options.get("padding_side", "right"))
        for row in rows
    ]
    for main, encoding in zip(mains, firsts):
        row = rows[main]
        assert row["ids"] == encoding.ids and row["types"] == encoding.type_ids, (
            batch,
            pairs,
            options,
        )
        assert (
            row["mask"] == encoding.attention_mask
            and row["special"] == encoding.special_tokens_mask
        )
        assert row["spans"] == encoding.offsets and (
            side == "left" or row["words"] == encoding.word_ids
        )
    return {"rows": rows}


def width_of(options, rows, mains):
    """The length that rows are padded to."""
    if not options.get("padding"):
        return 0
    multiple = options.get("pad_to_multiple_of", 1)
    length = max(len(rows[main]["ids"]) for main in mains)
    if options["padding"] == "max_length":
        length = options.get("max_length", 512)
    return -(-length // multiple) * multiple


def compose(parts, special):
    """[CLS] A [SEP] B [SEP] as a row of fields."""
    row = {name: [] for name in ("ids", "types", "mask", "special", "spans", "words", "sequences")}

    def add(id, type, special, span, word, sequence):
        for name, value in zip(row, (id, type, 1, special, span, word, sequence)):
            row[name].append(value)

    if special:
        add(101, 0, 1, (0, 0), None, None)
    for index, part in enumerate(parts):
        for id, span, word in zip(part.ids, part.offsets, part.word_ids):
            add(id, index, 0, span, word, index)
        if special:
            add(102, index, 1, (0, 0), None, None)
    return row


def pad_row(row, width, side):
    missing = width - len(row["ids"])
    filling = {
        "ids": 0,
        "types": 0,
        "mask": 0,
        "special": 1,
        "spans": (0, 0),
        "words": None,
        "sequences": None,
    }
    padded = dict(row)
    for name, value in filling.items():
        fill = [value] * missing
        padded[name] = fill + row[name] if side == "left" else row[name] + fill
    return padded


# ---- Every code point -------------------------------------------------------------------------


def make_blocks():
    """FNV-1a of the normalised "a?b" for each ? of 256 code points, under two configurations."""
    split, result = pre_tokenizers.BertPreTokenizer(), []
    for normalizer in (bert(True, True, True, True), bert(False, False, False, True)):
        hashes = []
        for start in range(0, 0x110000, 256):
            hash = 0x811C9DC5
            for c in range(start, start + 256):
                if 0xD800 <= c < 0xE000:
                    continue
                words = split.pre_tokenize_str(normalizer.normalize_str(f"a{chr(c)}b"))
                for char in "|".join(word for word, _ in words) + "\n":
                    hash = (hash ^ ord(char)) * 0x01000193 & 0xFFFFFFFF
            hashes.append(hash)
        result.append(hashes)
    return result


def save(folder, name, value):
    data = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    (folder / f"{name}.json.gz").write_bytes(gzip.compress(data, 9, mtime=0))
    print(f"{name}: {len(data)} bytes, {(folder / f'{name}.json.gz').stat().st_size} compressed")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--vocab", type=pathlib.Path, required=True)
    parser.add_argument("--datasets", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--tables", type=pathlib.Path)
    arguments = parser.parse_args()
    vocab, out = arguments.vocab, arguments.out
    out.mkdir(parents=True, exist_ok=True)
    print(f"transformers {transformers.__version__}, tokenizers {tokenizers.__version__}")
    if arguments.tables:
        write_tables(arguments.tables)
    texts = make_texts(vocab, arguments.datasets)
    print(len(texts), "texts")
    save(out, "texts", texts)
    save(out, "configs", make_configs(vocab, texts))
    save(out, "added", make_added(vocab, texts))
    save(out, "legacy", make_legacy(vocab, texts))
    save(out, "calls", make_calls(vocab, texts))
    save(out, "blocks", make_blocks())


if __name__ == "__main__":
    main()
