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

  it('refuses a source without a vocabulary', async () => {
    const source = { 'tokenizer_config.json': {} };
    await expect(AutoTokenizer.from_pretrained(source)).rejects.toThrow(FilesError);
  });
});
