/** Packed bytes of a q8 model as a file has them: their lengths, and writing them in any split. */
import { describe, expect, it } from 'vitest';
import type { SlotStorage } from '../../../../src/engine/engine.ts';
import { Engine } from '../../../../src/engine/engine.ts';
import { packageModule } from '../../../../src/engine/module.ts';
import { packedBytes } from '../../../../src/engine/packed/packed-bytes.ts';
import { dimensionsOf } from '../../../../src/models/dimensions.ts';
import { smallConfig } from '../../../support/models.ts';
import { random } from '../../../support/random.ts';

const H = 40;
const LABELS = 10;
const parts = { pooler: true, sequence: { name: 'classifier', labels: LABELS } };
const dimensions = dimensionsOf(smallConfig({ hidden_size: H, type_vocab_size: 2 }), parts, 'q8');
const T = dimensions.bottleneck;

/**
 * Slot, storage, outputs, bytes in a file. Eight bits are padded to sixteen depths; each output has a bias
 * and a scale.
 */
const STORAGES: readonly [SlotStorage['slot'], SlotStorage['storage'], number, number][] = [
  ['WordEmbeddings', 'Data', 0, dimensions.vocabulary * dimensions.embedding],
  ['WordEmbeddings', 'Scales', 0, 2 * dimensions.vocabulary],
  ['TokenTypeEmbeddings', 'Data', 0, 2 * 2 * H],
  ['EmbeddingNorm', 'Data', H, 3 * H],
  ['Query', 'Data', T, 5 * T + Math.ceil(T / 8) * 8 * 16 * Math.ceil(T / 16)],
  ['Query', 'Scales', T, T],
  ['Pooler', 'Data', H, (H / 8) * (24 + 16 * H)],
  ['SequenceHead', 'Data', LABELS, 3 * LABELS * (H + 1)],
];

describe('packedBytes()', async () => {
  const module = await packageModule('simd');
  const model = async (seed: number) => {
    const engine = await Engine.create(module, 'simd', dimensions);
    for (const [slot, , outputs] of STORAGES) {
      if (seed === 0 || slot.endsWith('Embeddings')) continue;
      const part = 'weight' as const;
      const rows = slot === 'Pooler' ? H : outputs;
      const inputs = slot === 'EmbeddingNorm' ? 1 : slot === 'Query' ? T : H;
      const values = Float32Array.from(random(seed).normals(rows * inputs));
      const place = { slot, layer: 0, network: 0, part };
      engine.store(place, 0, rows, new Uint8Array(values.buffer), 'F32');
    }
    return engine;
  };

  it.each(STORAGES)(
    '%s %s is as long as its numbers need',
    async (slot, storage, outputs, bytes) => {
      const at = { slot, layer: 0, network: 0, storage };
      expect(packedBytes(await model(0), at, outputs).length).toBe(bytes);
    },
  );

  it.each(STORAGES)('%s %s takes its bytes back in any split', async (slot, storage, outputs) => {
    const at = { slot, layer: 0, network: 0, storage };
    const [from, to] = [await model(1), await model(2)];
    const [source, target] = [from, to].map((engine) => packedBytes(engine, at, outputs));
    const bytes = source!.read().slice();
    for (let first = 0, size = 1; first < bytes.length; first += size, size = (size % 7) + 1) {
      target!.write(first, bytes.subarray(first, first + size));
    }
    expect(to.storage(at)).toEqual(from.storage(at));
    expect(target!.read()).toEqual(bytes);
  });
});
