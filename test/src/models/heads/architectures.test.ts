import { describe, expect, it } from 'vitest';
import { architectureOf } from '../../../../src/models/heads/architectures.ts';
import { PreTrainedModel } from '../../../../src/models/pretrained-model.ts';
import { classes, smallConfig } from '../../../support/models.ts';

const simd = { variant: 'simd', seed: 1 } as const;

async function savedArchitectures(model: PreTrainedModel<never>): Promise<unknown> {
  const { 'config.json': config } = await model.save_files();
  return JSON.parse(new TextDecoder().decode(config)).architectures;
}

describe.each(Object.keys(classes))('%s', (name) => {
  const Class = classes[name]!;

  it('is found by the name that it is saved under, with or without the prefix TF', async () => {
    expect(architectureOf([name])).toEqual({ name, Class });
    expect(architectureOf([`TF${name}`])).toEqual({ name, Class });
    expect(await savedArchitectures(new Class(smallConfig(), simd))).toEqual([name]);
  });

  it('gives its name to subclasses of a user, of any depth', async () => {
    const Minified = class e extends class extends Class {} {};
    expect(await savedArchitectures(new Minified(smallConfig(), simd))).toEqual([name]);
  });
});

describe('architectureOf()', () => {
  it.each([
    [null],
    [[]],
    [['BertModel']],
    [['toString']],
    [['BertModel', 'MobileBertForMaskedLM']],
  ])('takes MobileBertModel for %j', (architectures) => {
    expect(architectureOf(architectures).name).toBe('MobileBertModel');
  });
});

describe('a subclass of PreTrainedModel alone', () => {
  it('is saved with the architectures that its config has', async () => {
    class Encoder extends PreTrainedModel<never> {
      protected override parts() {
        return {};
      }
      protected override outputs() {
        return [];
      }
      protected override reader() {
        return () => ({});
      }
    }
    const config = smallConfig({ architectures: ['Another'] });
    expect(await savedArchitectures(new Encoder(config, simd))).toEqual(['Another']);
  });
});
