/** Names of tensors as training scripts, wrappers and old conversions write them. */
import { describe, expect, it } from 'vitest';
import { canonicalName, isBuffer, isHeadName } from '../../../src/weights/checkpoint-names.ts';

describe('canonicalName()', () => {
  const known = new Set([
    'mobilebert.embeddings.LayerNorm.weight',
    'pooler.dense.bias',
    'cls.bias',
  ]);
  const canonical = (name: string) => canonicalName(name, (candidate) => known.has(candidate));

  it.each([
    ['mobilebert.embeddings.LayerNorm.weight', 'mobilebert.embeddings.LayerNorm.weight'],
    ['embeddings.LayerNorm.weight', 'mobilebert.embeddings.LayerNorm.weight'],
    ['embeddings.LayerNorm.gamma', 'mobilebert.embeddings.LayerNorm.weight'],
    ['mobilebert.embeddings.LayerNorm.gamma', 'mobilebert.embeddings.LayerNorm.weight'],
    ['mobilebert.pooler.dense.bias', 'pooler.dense.bias'],
    ['cls.bias', 'cls.bias'],
    ['x.LayerNorm.beta', 'x.LayerNorm.bias'],
    ['gamma', 'gamma'],
    ['', ''],
  ])('reads %j as %j', (name, expected) => {
    expect(canonical(name)).toEqual({ name: expected, prefix: '' });
  });

  const norm = 'mobilebert.embeddings.LayerNorm.weight';
  it.each([
    ['DataParallel', `module.${norm}`, norm, 'module.'],
    ['torch.compile', `_orig_mod.${norm}`, norm, '_orig_mod.'],
    ['both', `module._orig_mod.${norm}`, norm, 'module._orig_mod.'],
    ['both, the other way round', `_orig_mod.module.${norm}`, norm, '_orig_mod.module.'],
    ['Lightning', `model.${norm}`, norm, 'model.'],
    ['PEFT', `base_model.model.${norm}`, norm, 'base_model.model.'],
    [
      'all of them',
      `module.base_model.model._orig_mod.model.${norm}`,
      norm,
      'module._orig_mod.base_model.model.model.',
    ],
    ['a compiled part', 'mobilebert._orig_mod.embeddings.LayerNorm.weight', norm, '_orig_mod.'],
    [
      'FSDP',
      `_fsdp_wrapped_module.mobilebert._fsdp_wrapped_module.embeddings.LayerNorm.weight`,
      norm,
      '_fsdp_wrapped_module._fsdp_wrapped_module.',
    ],
    ['a member called bert', 'bert.embeddings.LayerNorm.gamma', norm, 'bert.'],
    ['a model in a model', `model.mobilebert.${norm}`, norm, 'model.'],
    ['sentence-transformers', '0.auto_model.embeddings.LayerNorm.weight', norm, '0.auto_model.'],
    ['a member called encoder', 'encoder.embeddings.LayerNorm.weight', norm, 'encoder.'],
    ['without the base', 'module.embeddings.LayerNorm.weight', norm, 'module.'],
    ['a head', 'model.pooler.dense.bias', 'pooler.dense.bias', 'model.'],
  ])('unwraps %s', (_, name, expected, prefix) => {
    expect(canonical(name)).toEqual({ name: expected, prefix });
  });

  it.each([
    'other.embeddings.LayerNorm.weight',
    'model',
    'module.',
    `${'model.'.repeat(300)}cls.bias`,
  ])('does not take %j for a parameter', (name) => {
    expect(known.has(canonical(name).name)).toBe(false);
  });
});

describe('isHeadName()', () => {
  it.each([
    ['cls.predictions.bias', true],
    ['module.classifier.weight', true],
    ['_orig_mod.module.mobilebert.pooler.dense.bias', true],
    ['mobilebert.embeddings.LayerNorm.weight', false],
    ['module.odd', false],
  ])('of %j is %j', (name, expected) => {
    expect(isHeadName(name)).toBe(expected);
  });
});

describe('isBuffer()', () => {
  it('knows the position_ids of old checkpoints, and nothing else', () => {
    expect(isBuffer('mobilebert.embeddings.position_ids')).toBe(true);
    expect(isBuffer('embeddings.position_ids')).toBe(true);
    expect(isBuffer('embeddings.position_embeddings.weight')).toBe(false);
  });
});
