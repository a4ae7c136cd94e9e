/**
 * Files of packed weights: a safetensors file of U8 tensors, so that loading is copying. Its
 * metadata say which packing the bytes have (docs/memory.md).
 */

import { PACKING, type PackedBytes } from '../../engine/packed/packed-bytes.ts';
import { WeightsError } from '../../errors.ts';
import type { ByteSource } from '../../platform/types.ts';
import { SafetensorsReader } from '../../weights/formats/safetensors.ts';
import type { LoadOptions } from '../../weights/load.ts';
import { quote, showShape } from '../../weights/tensor-info.ts';

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

/** The chunks of a packed file: the header, then one tensor a chunk, valid until the next. */
export function* packedFile(
  packed: PackedTensors,
  metadata: Readonly<Record<string, string>>,
): Generator<Uint8Array> {
  const header: Record<string, unknown> = { __metadata__: { ...metadata, packing: PACKING } };
  let offset = 0;
  for (const [name, { length }] of packed) {
    header[name] = { dtype: 'U8', shape: [length], data_offsets: [offset, offset + length] };
    offset += length;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(text.length), true);
  yield new Uint8Array(length.buffer);
  yield text;
  for (const bytes of packed.values()) yield bytes.read();
}

/**
 * Copies a packed file into a model.
 *
 * @throws WeightsError for another packing, a broken file, or a tensor of another size: nothing is
 * written unless the header is right
 */
export async function loadPacked(
  source: ByteSource,
  packed: PackedTensors,
  { signal, mayMismatch = false }: PackedOptions = {},
): Promise<PackedReport> {
  signal?.throwIfAborted();
  const file = await SafetensorsReader.open(source);
  try {
    const { tensors, metadata } = file.header;
    checkPacking(metadata.packing, source.name);
    const mismatched = new Map<string, readonly number[]>();
    for (const { name, dtype, shape } of tensors) {
      const expected = packed.get(name)?.length;
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
      const to = mismatched.has(tensor.name) ? undefined : packed.get(tensor.name);
      if (!to) await file.skip(tensor);
      else for await (const { firstRow, bytes } of file.rows(tensor)) to.write(firstRow, bytes);
    }
    await file.finish();
    const found = new Set(tensors.map(({ name }) => name));
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

function checkPacking(packing: string | undefined, file: string): void {
  if (packing === PACKING) return;
  const found = packing ? quote(packing) : 'none';
  throw new WeightsError(
    `Cannot load weights: "${file}" has the packing ${found}, expected "${PACKING}"; convert the checkpoint again with this version`,
  );
}
