import { describe, expect, it } from 'vitest';
import { MobileBertTokenizer } from '../../../../src/tokenizer/api/tokenizer.ts';
import { makeTokenizer, vocabulary } from '../golden.ts';

const tokenizer = makeTokenizer({ model_max_length: 512 });
const bare = { return_tensor: false } as const;

describe('save_pretrained()', () => {
  it('writes files that make the same tokenizer', async () => {
    const options = { do_lower_case: false, strip_accents: true, model_max_length: 77 };
    const saved = makeTokenizer(options);
    saved.add_tokens([{ content: 'Ünew', lstrip: true }]);
    saved.add_special_tokens({ bos_token: '<s>', extra_special_tokens: ['<x>'] });
    const files: Record<string, string> = {};
    const paths = await saved.save_pretrained('dir/', {
      write: (path, content) => {
        files[path.slice(4)] = content;
      },
    });
    expect(paths).toContain('dir/tokenizer.json');
    expect(files['vocab.txt']).toBe(vocabulary);
    const { 'tokenizer.json': json, ...legacy } = files;
    const text = 'É a  Ünew <s><x> [MASK] Über';
    for (const set of [{ ...files, 'vocab.txt': undefined }, legacy, { 'tokenizer.json': json }]) {
      const loaded = await MobileBertTokenizer.from_pretrained(
        Object.fromEntries(
          Object.entries(set).flatMap(([name, content]) =>
            content ? [[name, new TextEncoder().encode(content)]] : [],
          ),
        ),
      );
      expect(loaded(text, bare).input_ids).toEqual(saved(text, bare).input_ids);
      expect(loaded.length).toBe(saved.length);
    }
  });

  it.each([
    [true, 'BertPreTokenizer', ['don', "'", 't', 'card', '.']],
    [false, 'WhitespaceSplit', ["don't", 'card.']],
  ])('writes do_basic_tokenize %s as the splitter %s', async (isBasic, type, tokens) => {
    const small = { 'vocab.txt': "[UNK]\n[CLS]\n[SEP]\ndon\n'\nt\ncard\n.\ndon't\ncard." };
    const saved = new MobileBertTokenizer(small, { do_basic_tokenize: isBasic });
    const json = JSON.parse((await saved.save_files())['tokenizer.json']!);
    expect(json.pre_tokenizer).toEqual({ type });
    for (const one of [saved, new MobileBertTokenizer(json)]) {
      expect(one.tokenize("don't card.")).toEqual(tokens);
    }
  });

  it('takes a prefix and a format', async () => {
    const plain = await tokenizer.save_files({ filename_prefix: 'x', legacy_format: false });
    expect(Object.keys(plain).sort()).toEqual(['x-tokenizer.json', 'x-tokenizer_config.json']);
    const write = () => {};
    expect(await tokenizer.save_vocabulary('d', { write })).toEqual(['d/vocab.txt']);
    await expect(tokenizer.save_pretrained('d', {} as never)).rejects.toThrow('write is undefined');
    await expect(tokenizer.save_pretrained('d', undefined as never)).rejects.toThrow('no options');
    await expect(tokenizer.save_pretrained(5 as never, { write })).rejects.toThrow('found 5');
  });

  it('refuses options that nothing reads', async () => {
    const write = () => {};
    const refused = [
      tokenizer.save_files({ write } as never),
      tokenizer.save_files({ prefix: 'x' } as never),
      tokenizer.save_pretrained('d', { write, push_to_hub: true } as never),
      tokenizer.save_vocabulary('d', { write, legacy_format: true } as never),
    ];
    for (const one of refused)
      await expect(one).rejects.toThrow(/^Cannot save a tokenizer: option/);
  });
});
