/**
 * Files of packed weights: a safetensors file of U8 tensors, so that loading is copying. Its
 * metadata say which packing the bytes have (docs/memory.md).
 */

import {
  PACKING,
  PACKING_WITH_OUTLIERS,
  type PackedBytes,
} from '../../engine/packed/packed-bytes.ts';
import { WeightsError } from '../../errors.ts';
import type { ByteSource } from '../../platform/types.ts';
import { SafetensorsReader } from '../../weights/formats/safetensors.ts';
import type { LoadOptions } from '../../weights/load.ts';
import { quote, showShape } from '../../weights/tensor-info.ts';
import { OUTLIERS } from './packed-outliers.ts';

/** Packed weights by their names in a file. */
export type PackedTensors = ReadonlyMap<string, PackedBytes>;

/** What a packed file held. */
export interface PackedReport {
  /** Tensors of the model that the file does not have. */
  readonly missing: string[];
  readonly unexpected: string[];
  /** Shapes in the file of the tensors that were left out because the model's are others. */
  readonly mismatched: ReadonlyMap<string, readonly number[]>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** How a packed file is read. */
export interface PackedOptions extends LoadOptions {
  /** Whether a tensor of another size is left out. */
  readonly mayMismatch?: boolean | undefined;
}

/**
 * The chunks of a packed file: the header, then one tensor a chunk, valid until the next. `outliers`:
 * bytes of weights that are kept in f32, if there are any.
 */
export function* packedFile(
  packed: PackedTensors,
  metadata: Readonly<Record<string, string>>,
  outliers: Uint8Array,
): Generator<Uint8Array> {
  const hasOutliers = outliers.length > 0;
  const packing = hasOutliers ? PACKING_WITH_OUTLIERS : PACKING;
  const header: Record<string, unknown> = { __metadata__: { ...metadata, packing } };
  let offset = 0;
  const lengths = Array.from(packed, ([name, { length }]) => [name, length] as const);
  if (hasOutliers) lengths.push([OUTLIERS, outliers.length]);
  for (const [name, length] of lengths) {
    header[name] = { dtype: 'U8', shape: [length], data_offsets: [offset, offset + length] };
    offset += length;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(text.length), true);
  yield new Uint8Array(length.buffer);
  yield text;
  for (const bytes of packed.values()) yield bytes.read();
  if (hasOutliers) yield outliers;
}

/**
 * Copies a packed file into a model. `takeOutliers` gets the bytes of weights that are kept in f32,
 * if the file has any, when all else is there.
 *
 * @throws WeightsError for another packing, a broken file, or a tensor of another size: nothing is
 * written unless the header is right
 */
export async function loadPacked(
  source: ByteSource,
  packed: PackedTensors,
  takeOutliers: (bytes: Uint8Array) => void,
  { signal, mayMismatch = false }: PackedOptions = {},
): Promise<PackedReport> {
  signal?.throwIfAborted();
  const file = await SafetensorsReader.open(source);
  try {
    const { tensors, metadata } = file.header;
    checkPacking(metadata.packing, source.name);
    const mismatched = new Map<string, readonly number[]>();
    const hasOutliers = metadata.packing === PACKING_WITH_OUTLIERS;
    if (hasOutliers && !tensors.some(({ name }) => name === OUTLIERS)) {
      throw new WeightsError(
        `Cannot load weights: "${source.name}" lacks the tensor "${OUTLIERS}" of its packing`,
      );
    }
    const outliers: Uint8Array[] = [];
    for (const { name, dtype, shape } of tensors) {
      const isOwn = hasOutliers && name === OUTLIERS;
      const expected = isOwn ? shape[0] : packed.get(name)?.length;
      if (expected === undefined || (dtype === 'U8' && shape.length === 1 && shape[0] === expected))
        continue;
      if (mayMismatch && dtype === 'U8') {
        mismatched.set(name, shape);
        continue;
      }
      throw new WeightsError(
        `Cannot load weights: tensor ${quote(name)} is ${dtype} ${showShape(shape)}, expected U8 [${expected}]`,
      );
    }
    for (const tensor of tensors) {
      signal?.throwIfAborted();
      const isOwn = hasOutliers && tensor.name === OUTLIERS;
      const own = isOwn ? collector(outliers) : packed.get(tensor.name);
      const to = mismatched.has(tensor.name) ? undefined : own;
      if (!to) await file.skip(tensor);
      else for await (const { firstRow, bytes } of file.rows(tensor)) to.write(firstRow, bytes);
    }
    await file.finish();
    if (hasOutliers) takeOutliers(joined(outliers));
    const found = new Set(tensors.map(({ name }) => name));
    if (hasOutliers) found.delete(OUTLIERS);
    return {
      missing: [...packed.keys()].filter((name) => !found.has(name)),
      unexpected: [...found].filter((name) => !packed.has(name)),
      mismatched,
      metadata,
    };
  } finally {
    await file.close();
  }
}

/** Takes copies of pieces that come in order. */
function collector(pieces: Uint8Array[]): Pick<PackedBytes, 'write'> {
  return { write: (_, bytes) => void pieces.push(bytes.slice()) };
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const piece of pieces) {
    all.set(piece, end);
    end += piece.length;
  }
  return all;
}

function checkPacking(packing: string | undefined, file: string): void {
  if (packing === PACKING || packing === PACKING_WITH_OUTLIERS) return;
  const found = packing ? quote(packing) : 'none';
  throw new WeightsError(
    `Cannot load weights: "${file}" has the packing ${found}, expected "${PACKING}"; convert the checkpoint again with this version`,
  );
}
