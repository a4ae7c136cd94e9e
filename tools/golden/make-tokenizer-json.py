"""
Makes test/golden/tokenizer/tokenizer-json.json.gz: what the Rust tokenizers make of tokenizer.json
files whose parts are not those of BERT.

    python tools/golden/make-tokenizer-json.py --out test/golden/tokenizer

Needs tokenizers 0.22 (0.23 loses windows that overflow, see test/golden/tokenizer/README.md); takes a
second. Each case names the parts of the file that differ, and holds calls with their rows.
"""

import argparse
import gzip
import json
import pathlib

import tokenizers
from tokenizers import Tokenizer

VOCAB = "[PAD] [UNK] [CLS] [SEP] [MASK] a b c d e f ##g A ##G á , . ab @@h a. <s> </s>".split()
TEXTS = ["a b c", "A bg, cgg.", "", "a b c d e f a b c d e f", "á [MASK] zz ab"]
PAIRS = [("a b c", "d e"), ("a b c d e f", "f e d c b a b c"), ("a", ""), ("bg, a", "[MASK] A")]


def special(token, type_id):
    return {"SpecialToken": {"id": token, "type_id": type_id}}


def sequence(name, type_id):
    return {"Sequence": {"id": name, "type_id": type_id}}


def template(single, pair, **ids):
    """A TemplateProcessing of strings such as "[CLS]:0 $A:0"."""

    def pieces(text):
        found = []
        for piece in text.split():
            name, type_id = piece.rsplit(":", 1)
            of = sequence(name[1:], int(type_id)) if name[0] == "$" else special(name, int(type_id))
            found.append(of)
        return found

    tokens = {"[CLS]": [2], "[SEP]": [3], "<s>": [20], "</s>": [21], **ids}
    return {
        "type": "TemplateProcessing",
        "single": pieces(single),
        "pair": pieces(pair),
        "special_tokens": {
            token: {"id": token, "ids": ids, "tokens": [VOCAB[i] for i in ids]}
            for token, ids in tokens.items()
        },
    }


BERT = template("[CLS]:0 $A:0 [SEP]:0", "[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1")
BERT_PROCESSING = {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}


def wrapped(*processors):
    return {"type": "Sequence", "processors": list(processors)}


PROCESSORS = {
    "template of BERT": BERT,
    "template with types all 0": template(
        "[CLS]:0 $A:0 [SEP]:0", "[CLS]:0 $A:0 [SEP]:0 $B:0 [SEP]:0"
    ),
    "template of RoBERTa's kind": template("<s>:0 $A:0 </s>:0", "<s>:0 $A:0 </s>:0 </s>:0 $B:0 </s>:0"),
    "template with other types": template("[CLS]:7 $A:5 [SEP]:6", "[CLS]:1 $A:2 [SEP]:3 $B:4 [SEP]:5"),
    "template with the second text first": template(
        "$A:0 [SEP]:0 [CLS]:0", "$B:1 [SEP]:1 $A:0 [SEP]:0 [CLS]:2"
    ),
    "template with tokens of several ids": template(
        "[CLS]:0 $A:0 [END]:1", "[CLS]:0 $A:0 [END]:0 $B:1 [END]:1", **{"[END]": [3, 4, 3]}
    ),
    "template without special tokens": template("$A:0", "$A:0 $B:1"),
    "template with one special token": template("$A:0 [SEP]:0", "$A:0 [SEP]:0 $B:0"),
    "template with special tokens alone for one text": template("[CLS]:0", "$A:0 $B:1"),
    "BertProcessing": BERT_PROCESSING,
    "BertProcessing with other tokens": {
        "type": "BertProcessing",
        "sep": ["</s>", 21],
        "cls": ["<s>", 20],
    },
    "Sequence of a template": wrapped(template("<s>:0 $A:3", "<s>:0 $A:3 $B:4")),
    "Sequence of BertProcessing": wrapped(wrapped(), wrapped(BERT_PROCESSING)),
    "empty Sequence": wrapped(),
    "null": None,
}

BERT_NORMALIZER = {
    "type": "BertNormalizer",
    "clean_text": True,
    "handle_chinese_chars": True,
    "strip_accents": None,
    "lowercase": True,
}
LOWERCASE = {"type": "Lowercase"}
SPLIT = {"type": "WhitespaceSplit"}


def steps(name, *parts):
    return {"type": "Sequence", name: list(parts)}


PARTS = {
    "normalizer null": {"normalizer": None},
    "normalizer without flags": {
        "normalizer": {
            **BERT_NORMALIZER,
            "clean_text": False,
            "handle_chinese_chars": False,
            "strip_accents": False,
            "lowercase": False,
        }
    },
    "normalizer that keeps accents": {"normalizer": {**BERT_NORMALIZER, "strip_accents": False}},
    "normalizer that strips accents alone": {
        "normalizer": {**BERT_NORMALIZER, "strip_accents": True, "lowercase": False}
    },
    "Lowercase": {"normalizer": LOWERCASE},
    "Sequence of Lowercase": {"normalizer": steps("normalizers", LOWERCASE)},
    "empty Sequence of normalizers": {"normalizer": steps("normalizers")},
    "Sequence of BertNormalizer and Lowercase": {
        "normalizer": steps(
            "normalizers", {**BERT_NORMALIZER, "strip_accents": None, "lowercase": False}, LOWERCASE
        )
    },
    "WhitespaceSplit": {"pre_tokenizer": SPLIT},
    "Sequence of WhitespaceSplit and Punctuation": {
        "pre_tokenizer": steps(
            "pretokenizers", SPLIT, {"type": "Punctuation", "behavior": "Isolated"}
        )
    },
    "Sequence of BertPreTokenizer": {
        "pre_tokenizer": steps("pretokenizers", {"type": "BertPreTokenizer"})
    },
    "decoder null": {"decoder": None},
    "decoder without cleanup": {"decoder": {"type": "WordPiece", "prefix": "##", "cleanup": False}},
    "decoder with another prefix": {
        "decoder": {"type": "WordPiece", "prefix": "@@", "cleanup": True}
    },
    "model with another prefix": {"model": {"continuing_subword_prefix": "@@"}},
    "model with another unknown token": {"model": {"unk_token": "<s>"}},
    "model with words of two letters": {"model": {"max_input_chars_per_word": 2}},
    "model with no words": {"model": {"max_input_chars_per_word": 0}},
    "model of the old format, without a type": {"model": {"type": None}},
    "padding and truncation": {
        "truncation": {
            "max_length": 4,
            "strategy": "LongestFirst",
            "stride": 0,
            "direction": "Left",
        },
        "padding": {
            "strategy": {"Fixed": 6},
            "direction": "Left",
            "pad_to_multiple_of": None,
            "pad_id": 20,
            "pad_type_id": 3,
            "pad_token": "<s>",
        },
    },
}


def added(content, id, **flags):
    names = ["single_word", "lstrip", "rstrip", "normalized", "special"]
    return {"id": id, "content": content, **{name: flags.get(name, False) for name in names}}


SPECIAL = [added(VOCAB[i], i, special=True) for i in range(4)]
PARTS["added tokens in another order than their ids"] = {
    "added_tokens": [*SPECIAL, added("zz", 40), added("yy", 22), added("[MASK]", 4, special=True)]
}
PARTS["added tokens of every kind"] = {
    "added_tokens": [
        *SPECIAL,
        added("zz", 22, single_word=True),
        added("á", 23, normalized=True),
        added("[MASK]", 4, special=True, lstrip=True),
        added(",", 15, rstrip=True),
        added("c d", 24, normalized=True, lstrip=True, rstrip=True),
    ]
}
MORE_TEXTS = ["zz zzz a zz, yyzz", "a  [MASK]  b ,  c  d A", "ÁB Áb  c d  á@@h ah a.", "a\u00adb 中a"]


def file_of(parts):
    model = {
        "type": "WordPiece",
        "unk_token": "[UNK]",
        "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 100,
        "vocab": {token: id for id, token in enumerate(VOCAB)},
        **parts.get("model", {}),
    }
    if model["type"] is None:
        del model["type"]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [added(VOCAB[i], i, special=True) for i in range(5)],
        "normalizer": BERT_NORMALIZER,
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": BERT,
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        **parts,
        "model": model,
    }


def row_of(encoding):
    return {
        "ids": encoding.ids,
        "types": encoding.type_ids,
        "mask": encoding.attention_mask,
        "special": encoding.special_tokens_mask,
        "spans": encoding.offsets,
        "words": encoding.word_ids,
    }


def call(tokenizer, text, pair, options, filling=("[PAD]", 0, 0)):
    """The rows of one call under options as transformers passes them on."""
    tokenizer.no_truncation()
    tokenizer.no_padding()
    if "max_length" in options:
        tokenizer.enable_truncation(
            options["max_length"],
            stride=options.get("stride", 0),
            strategy=options.get("truncation", "longest_first"),
            direction=options.get("truncation_side", "right"),
        )
    if "padding" in options:
        token, id, type_id = filling
        tokenizer.enable_padding(
            direction=options["padding_side"],
            pad_id=id,
            pad_type_id=type_id,
            pad_token=token,
            length=options["length"],
        )
    encoding = tokenizer.encode(
        text, pair, add_special_tokens=options.get("add_special_tokens", True)
    )
    rows = [row_of(one) for one in [encoding, *encoding.overflowing]]
    return {"text": text, "pair": pair, "options": options, "rows": rows}


def calls_of(tokenizer, filling):
    special = [tokenizer.num_special_tokens_to_add(is_pair) for is_pair in (False, True)]
    calls = []
    for text, pair in [(text, None) for text in TEXTS] + PAIRS:
        calls.append(call(tokenizer, text, pair, {}))
        calls.append(call(tokenizer, text, pair, {"add_special_tokens": False}))
        room = special[pair is not None] + 4
        for side in ("left", "right"):
            cut = {"max_length": room, "stride": 1, "truncation_side": side}
            calls.append(call(tokenizer, text, pair, cut))
        calls.append(
            call(
                tokenizer,
                text,
                pair,
                {"max_length": room, "stride": 1, "add_special_tokens": False},
            )
        )
        if pair:
            for strategy in ("only_first", "only_second"):
                index = strategy == "only_second"
                tokenizer.no_truncation()
                tokenizer.no_padding()
                lengths = [len(tokenizer.encode(t, add_special_tokens=False).ids) for t in (text, pair)]
                if lengths[index] > 3:
                    limit = special[1] + sum(lengths) - 2
                    cut = {"max_length": limit, "stride": 1, "truncation": strategy}
                    calls.append(call(tokenizer, text, pair, cut))
        pad = {"padding": "max_length", "length": 24, "padding_side": "left"}
        calls.append(call(tokenizer, text, pair, pad, filling))
    return special, calls


def case_of(name, parts):
    tokenizer = Tokenizer.from_str(json.dumps(file_of(parts)))
    padding = parts.get("padding")
    filling = [padding[name] for name in ("pad_token", "pad_id", "pad_type_id")] if padding else ("[PAD]", 0, 0)
    special, calls = calls_of(tokenizer, filling)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    texts = [{"text": text, "pair": None, "options": {}} for text in MORE_TEXTS]
    for one in texts:
        one["rows"] = [row_of(tokenizer.encode(one["text"]))]
    ids = [2, 5, 11, 15, 18, 9, 16, 13, 19, 3]
    return {
        "name": name,
        "file": file_of(parts),
        "special": special,
        "calls": calls + texts,
        "ids": ids,
        "decoded": [tokenizer.decode(ids, skip_special_tokens=skip) for skip in (False, True)],
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=pathlib.Path, required=True)
    out = parser.parse_args().out
    print(f"tokenizers {tokenizers.__version__}")
    cases = [case_of(name, {"post_processor": part}) for name, part in PROCESSORS.items()]
    cases += [case_of(name, parts) for name, parts in PARTS.items()]
    data = json.dumps(cases, ensure_ascii=False, separators=(",", ":")).encode()
    (out / "tokenizer-json.json.gz").write_bytes(gzip.compress(data, 9, mtime=0))
    print(f"{len(cases)} cases, {(out / 'tokenizer-json.json.gz').stat().st_size} bytes")


if __name__ == "__main__":
    main()
