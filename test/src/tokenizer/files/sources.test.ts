import { describe, expect, it, vi } from 'vitest';
import { FilesError } from '../../../../src/errors.ts';
import {
  AutoTokenizer,
  BertTokenizer,
  MobileBertTokenizer,
  MobileBertTokenizerFast,
  PreTrainedTokenizer,
} from '../../../../src/tokenizer/api/tokenizer.ts';
import { vocabulary } from '../golden.ts';

describe('from_pretrained()', () => {
  const files = { 'vocab.txt': new TextEncoder().encode(vocabulary) };

  it('makes the class it is called on, from vocab.txt alone', async () => {
    const fast = await MobileBertTokenizerFast.from_pretrained(files, { do_lower_case: false });
    expect(fast).toBeInstanceOf(MobileBertTokenizerFast);
    expect(fast.encode('I')).toEqual([101, 100, 102]);
  });

  it('of AutoTokenizer chooses the class that the config names', async () => {
    const make = (tokenizer_class?: string) =>
      AutoTokenizer.from_pretrained({ ...files, 'tokenizer_config.json': { tokenizer_class } });
    expect(await make()).toBeInstanceOf(MobileBertTokenizer);
    const bert = await make('BertTokenizerFast');
    expect(bert).toBeInstanceOf(BertTokenizer);
    expect(bert).not.toBeInstanceOf(MobileBertTokenizer);
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    expect(await make('MyTokenizer')).toBeInstanceOf(PreTrainedTokenizer);
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
  });

  it('refuses unknown options, and takes needless ones of Python and transformers.js', async () => {
    const load = (options: object) => AutoTokenizer.from_pretrained(files, options);
    await expect(load({ do_lowercase: false })).rejects.toThrow(
      'Cannot load a tokenizer: option "do_lowercase" is unknown, expected "do_lower_case"',
    );
    await expect(load({ dtype: 'q8' })).rejects.toThrow('option "dtype" is unknown');
    await expect(
      MobileBertTokenizer.from_pretrained(files, { revison: 'x' } as never),
    ).rejects.toThrow('expected "revision"');
    await expect(load([])).rejects.toThrow('options is an array');
    const needless = {
      use_fast: false,
      trust_remote_code: false,
      subfolder: 'onnx',
      revision: 'main',
    };
    expect((await load(needless)).encode('a')).toEqual([101, 1037, 102]);
    // @ts-expect-error an option that does not exist
    const typed = () => AutoTokenizer.from_pretrained(files, { do_lowercase: false });
    expect(typed).toBeTypeOf('function');
  });

  it('refuses a page or pointer for a vocabulary by name', async () => {
    const text = 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n';
    const source = { 'vocab.txt': new TextEncoder().encode(text) };
    await expect(AutoTokenizer.from_pretrained(source)).rejects.toThrow(/vocab\.txt.*LFS/);
  });

  it('names a class that is none without printing it', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const tokenizer_class = [[['x']]];
    await AutoTokenizer.from_pretrained({ ...files, 'tokenizer_config.json': { tokenizer_class } });
    expect(warn.mock.calls[0]![0]).toContain('Unknown tokenizer class "a list"');
    warn.mockRestore();
  });

  it('refuses a source without a vocabulary', async () => {
    const source = { 'tokenizer_config.json': {} };
    await expect(AutoTokenizer.from_pretrained(source)).rejects.toThrow(FilesError);
  });
});
