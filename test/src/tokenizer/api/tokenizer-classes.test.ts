import { describe, expect, expectTypeOf, it } from 'vitest';
import type { DataTensor } from '../../../../src/tensor/data-tensor.ts';
import type { Tensor } from '../../../../src/tensor/tensor.ts';
import * as small from '../../../../src/tokenizer/api/entry.ts';
import * as main from '../../../../src/tokenizer/api/tokenizer.ts';
import { vocabulary } from '../golden.ts';

const files = { 'vocab.txt': new TextEncoder().encode(vocabulary) };

describe.each([
  ['main entry', main],
  ['tokenizer entry', small],
] as const)('tokenizerClasses() of the %s', (_, entry) => {
  it('makes classes that inherit as in transformers', async () => {
    const { PreTrainedTokenizer, BertTokenizer, BertTokenizerFast } = entry;
    const { MobileBertTokenizer, MobileBertTokenizerFast } = entry;
    const classes = [
      ...[PreTrainedTokenizer, BertTokenizer, BertTokenizerFast],
      ...[MobileBertTokenizer, MobileBertTokenizerFast],
    ];
    const lines = {
      BertTokenizerFast: ['PreTrainedTokenizer', 'BertTokenizer', 'BertTokenizerFast'],
      MobileBertTokenizerFast: [
        ...['PreTrainedTokenizer', 'BertTokenizer'],
        ...['MobileBertTokenizer', 'MobileBertTokenizerFast'],
      ],
    };
    for (const [name, line] of Object.entries(lines)) {
      const Class = entry[name as keyof typeof lines];
      expect(Class.name).toBe(name);
      const made = await Class.from_pretrained(files);
      const parents = classes.filter((parent) => made instanceof parent);
      expect(parents).toEqual(line.map((parent) => entry[parent as 'BertTokenizer']));
      expect(made.tokenizer_class).toBe(name.replace('Fast', ''));
    }
  });
});

describe('tokenizerClasses()', () => {
  it('makes classes that users can extend', async () => {
    class Shouting extends main.MobileBertTokenizer {
      readonly mark = '!';

      override get tokenizer_class(): string {
        return 'Shouting';
      }
      override tokenize(text: string): string[] {
        return super.tokenize(text).map((token) => token + this.mark);
      }
      override convert_tokens_to_string(tokens: readonly string[]): string {
        return super.convert_tokens_to_string(tokens).toUpperCase();
      }
    }
    const made = await Shouting.from_pretrained(files);
    expectTypeOf(made).toEqualTypeOf<Shouting>();
    expect(made.tokenize('a b')).toEqual(['a!', 'b!']);
    expect(made.decode([7592])).toBe('HELLO');
    expectTypeOf(made('a').input_ids).toEqualTypeOf<Tensor<'int64'>>();
    expect(made('a').input_ids.dims).toEqual([1, 3]);
    const config = (await made.save_files())['tokenizer_config.json']!;
    expect(JSON.parse(config).tokenizer_class).toBe('Shouting');
    expect(new Shouting(vocabulary, { do_lower_case: false }).encode('I')[1]).toBe(100);
  });

  it('makes classes that users of the tokenizer entry can extend', async () => {
    class Counting extends small.BertTokenizer {
      calls = 0;

      override _call(text: unknown, options = {}) {
        this.calls++;
        return super._call(text, options);
      }
    }
    const made = await Counting.from_pretrained(files);
    expectTypeOf(made).toEqualTypeOf<Counting>();
    expectTypeOf(made('a').input_ids).toEqualTypeOf<DataTensor<'int64'>>();
    made.encode('a');
    made.tokenize('a');
    expect(made.calls).toBe(3);
  });

  it('gives each entry its own type of Tensors', async () => {
    const made = new main.BertTokenizerFast(vocabulary, { do_lower_case: false });
    const loaded = await small.BertTokenizerFast.from_pretrained(files, { do_lower_case: false });
    expectTypeOf(made('a').input_ids).toEqualTypeOf<Tensor<'int64'>>();
    expectTypeOf(loaded('a').input_ids).toEqualTypeOf<DataTensor<'int64'>>();
    expectTypeOf(made('a', { return_tensor: false }).input_ids).toEqualTypeOf<number[]>();
    expectTypeOf(loaded(['a'], { return_tensor: false }).input_ids).toEqualTypeOf<number[][]>();
    expectTypeOf(made.mask_token).toEqualTypeOf<string | null>();
    expectTypeOf(made.mask_token_id).toEqualTypeOf<number | null>();
    expectTypeOf(made.padding_side).toEqualTypeOf<'left' | 'right'>();
    expectTypeOf(made).toEqualTypeOf<main.PreTrainedTokenizer>();
    expectTypeOf(loaded).toEqualTypeOf<small.PreTrainedTokenizer>();
    expectTypeOf(
      await main.AutoTokenizer.from_pretrained(files),
    ).toEqualTypeOf<main.PreTrainedTokenizer>();
    expect(made.encode('I')).toEqual(loaded.encode('I'));
  });

  it('lets code that knows the tokenizer entry recognise tokenizers of the main entry', () => {
    expect(new main.MobileBertTokenizer(vocabulary)).toBeInstanceOf(small.PreTrainedTokenizer);
  });
});
