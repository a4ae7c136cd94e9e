/** The input of a model's first block, by an engine without blocks over the same embeddings. */

import { NormKind } from '../engine/abi.ts';
import { Engine, type Request } from '../engine/engine.ts';
import { packageModule } from '../engine/module.ts';
import { outlierBytes } from '../engine/packed/outliers.ts';
import { rawBytes } from '../engine/packed/packed-bytes.ts';
import { dimensionsOf } from '../models/dimensions.ts';
import type { Target } from '../models/load/placement.ts';

const SLOTS = [
  'WordEmbeddings',
  'PositionEmbeddings',
  'TokenTypeEmbeddings',
  'EmbeddingTransformation',
  'EmbeddingNorm',
] as const;

/**
 * Embedded texts [M,H], as the first block reads them, or before the norm where `isNormed` is
 * false.
 */
export async function embeddedRows(
  { engine, config, dtype }: Target,
  request: Omit<Request, 'outputs'>,
  isNormed: boolean,
): Promise<Float32Array> {
  const own = dimensionsOf(config, {}, dtype);
  const norm = isNormed ? own.norm : NormKind.NoNorm;
  const dimensions = { ...own, norm, layers: 0 };
  const embedder = await Engine.create(await packageModule('simd'), 'simd', dimensions);
  for (const slot of SLOTS) {
    for (const storage of ['Data', 'Scales'] as const) {
      const at = { slot, layer: 0, network: 0, storage };
      rawBytes(embedder, at).write(0, rawBytes(engine, at).read());
    }
    const at = { slot, layer: 0, network: 0 };
    if (slot.endsWith('Embeddings')) {
      const outliers = engine.outliers(at);
      embedder.setOutliers(at, outliers.length / outlierBytes(0), outliers);
    }
  }
  if (!isNormed) {
    const norm = { slot: 'EmbeddingNorm', layer: 0, network: 0 } as const;
    const [ones, zeros] = [1, 0].map((x) => new Float32Array(config.hidden_size).fill(x));
    rawBytes(embedder, { ...norm, storage: 'Data' }).write(0, new Uint8Array(ones!.buffer));
    rawBytes(embedder, { ...norm, storage: 'Scales' }).write(0, new Uint8Array(zeros!.buffer));
  }
  embedder.seal();
  return embedder.forward({ ...request, outputs: ['LastHiddenState'] }).LastHiddenState!;
}
