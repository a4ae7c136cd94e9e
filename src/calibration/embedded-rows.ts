/** What goes into a model's first block: an engine without blocks, over the same embeddings. */

import { NormKind } from '../engine/abi.ts';
import { Engine, type Request } from '../engine/engine.ts';
import { packageModule } from '../engine/module.ts';
import { dimensionsOf } from '../models/dimensions.ts';
import type { Target } from '../models/load/placement.ts';

const SLOTS = [
  'WordEmbeddings',
  'PositionEmbeddings',
  'TokenTypeEmbeddings',
  'EmbeddingTransformation',
  'EmbeddingNorm',
] as const;

/** Embedded texts [M,H] as the model's first block reads them, or as they are before the norm. */
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
    for (const home of ['Data', 'Scales'] as const) {
      const at = { slot, layer: 0, network: 0, home };
      embedder.home(at).set(engine.home(at));
    }
  }
  if (!isNormed) {
    const at = { slot: 'EmbeddingNorm', layer: 0, network: 0 } as const;
    const { buffer, byteOffset } = embedder.home({ ...at, home: 'Data' });
    new Float32Array(buffer, byteOffset, config.hidden_size).fill(1);
    embedder.home({ ...at, home: 'Scales' }).fill(0);
  }
  return embedder.forward({ ...request, outputs: ['LastHiddenState'] }).LastHiddenState!;
}
