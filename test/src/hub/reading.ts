/** Reading in tests: whole files, and files of made-up bytes. */

import type { ByteSource } from '../../../src/hub/source.ts';

/** Bytes without a short period, so that a piece at the wrong place shows. */
export function someBytes(length: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state >>> 24;
  });
}

/** Everything a source gives. */
export async function readAll(source: ByteSource | undefined): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source!.stream()) chunks.push(chunk.slice());
  return new Uint8Array(Buffer.concat(chunks));
}
