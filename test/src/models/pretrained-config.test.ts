import { describe, expect, it } from 'vitest';
import { ConfigError, FilesError } from '../../../src/errors.ts';
import { MobileBertModel } from '../../../src/models/heads/mobilebert-model.ts';
import { AutoConfig, MobileBertConfig } from '../../../src/models/pretrained-config.ts';
import { smallConfig } from '../../support/models.ts';

describe('from_pretrained()', () => {
  const json = {
    model_type: 'mobilebert',
    hidden_size: 64,
    id2label: { '0': 'a', '1': 'b', '2': 'c' },
  };

  it('reads config.json and lets options override it', async () => {
    const source = { 'config.json': json };
    const config = await MobileBertConfig.from_pretrained(source, { hidden_act: 'gelu' });
    expect(config).toMatchObject({ hidden_size: 64, hidden_act: 'gelu', num_labels: 3 });
    expect((await AutoConfig.from_pretrained(source, { num_labels: 5 })).num_labels).toBe(5);
    const labels = await AutoConfig.from_pretrained(source, { id2label: { 0: 'x' } });
    expect(labels.label2id).toEqual({ x: 0 });
  });

  it('does not take loading options for fields', async () => {
    const options = { revision: 'main', signal: new AbortController().signal };
    const config = await MobileBertConfig.from_pretrained({ 'config.json': json }, options);
    expect(Reflect.get(config, 'revision')).toBeUndefined();
  });

  it.each([
    ['nothing', {}, FilesError, 'has no config.json'],
    [
      'another model',
      { 'config.json': { model_type: 'bert' } },
      ConfigError,
      '"model_type" is "bert", expected "mobilebert"',
    ],
    ['a list', { 'config.json': new TextEncoder().encode('[]') }, ConfigError, 'holds a list'],
    ['broken JSON', { 'config.json': new TextEncoder().encode('{') }, SyntaxError, '"config.json"'],
  ])('refuses %s', async (_, source, error, message) => {
    const load = AutoConfig.from_pretrained(source);
    await expect(load).rejects.toThrow(error);
    await expect(load).rejects.toThrow(message);
  });
});

describe("a model's config", () => {
  it('is a MobileBertConfig, made, loaded or given', async () => {
    const config = smallConfig();
    expect(new MobileBertModel(config).config).toBe(config);
    expect(new MobileBertModel({ num_hidden_layers: 1 }).config).toBeInstanceOf(MobileBertConfig);
    expect(await AutoConfig.from_pretrained({ 'config.json': config })).toBeInstanceOf(
      MobileBertConfig,
    );
  });
});
