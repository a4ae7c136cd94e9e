/**
 * Files of packed weights: what the engine keeps, byte for byte, so that loading is copying. A
 * safetensors file of U8 tensors; the metadata say which packing it is (docs/memory.md).
 */

import { WeightsError } from '../../errors.ts';
import type { ByteSource } from '../../platform/types.ts';
import { SafetensorsReader } from '../../weights/formats/safetensors.ts';
import type { LoadOptions } from '../../weights/load.ts';
import { quote, showShape } from '../../weights/tensor-info.ts';

/** Counts up whenever the bytes of a home change their meaning. */
export const PACKING = 'mobilebert-wasm/q8-nr8/4';

/** One packed part, as a file has it. */
export interface Home {
  readonly length: number;
  /** All its bytes, valid until the next call. */
  read(): Uint8Array;
  /** Takes bytes from `first` on. */
  write(first: number, bytes: Uint8Array): void;
}

/** Packed parts by name. */
export type Homes = ReadonlyMap<string, Home>;

/** What a packed file held. */
export interface PackedReport {
  /** Homes that the file does not fill. */
  readonly missing: string[];
  readonly unexpected: string[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** The chunks of a packed file: the header, then one home a chunk, valid until the next. */
export function* packedFile(
  homes: Homes,
  metadata: Readonly<Record<string, string>>,
): Generator<Uint8Array> {
  const header: Record<string, unknown> = { __metadata__: { ...metadata, packing: PACKING } };
  let offset = 0;
  for (const [name, { length }] of homes) {
    header[name] = { dtype: 'U8', shape: [length], data_offsets: [offset, offset + length] };
    offset += length;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(text.length), true);
  yield new Uint8Array(length.buffer);
  yield text;
  for (const home of homes.values()) yield home.read();
}

/**
 * Copies a packed file into its homes.
 *
 * @throws WeightsError for another packing, a broken file, or a home of another size: nothing is
 * written unless the header is right
 */
export async function loadPacked(
  source: ByteSource,
  homes: Homes,
  { signal }: LoadOptions = {},
): Promise<PackedReport> {
  signal?.throwIfAborted();
  const file = await SafetensorsReader.open(source);
  try {
    const { tensors, metadata } = file.header;
    checkPacking(metadata.packing, source.name);
    for (const { name, dtype, shape } of tensors) {
      const expected = homes.get(name)?.length;
      if (expected === undefined || (dtype === 'U8' && shape.length === 1 && shape[0] === expected))
        continue;
      throw new WeightsError(
        `Cannot load weights: tensor ${quote(name)} is ${dtype} ${showShape(shape)}, expected U8 [${expected}]`,
      );
    }
    for (const tensor of tensors) {
      signal?.throwIfAborted();
      const home = homes.get(tensor.name);
      if (!home) await file.skip(tensor);
      else for await (const { firstRow, bytes } of file.rows(tensor)) home.write(firstRow, bytes);
    }
    await file.finish();
    const found = new Set(tensors.map(({ name }) => name));
    return {
      missing: [...homes.keys()].filter((name) => !found.has(name)),
      unexpected: [...found].filter((name) => !homes.has(name)),
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
