/** inflate(): deflated chunks -> their bytes, as they come; no more of them than are asked for. */

import { fail, quote } from '../tensor-info.ts';

/**
 * The unpacked bytes of one entry, through the runtime's own DecompressionStream.
 *
 * @throws WeightsError when they are no deflate stream, or the runtime has no such thing
 */
export async function* inflate(
  chunks: AsyncGenerator<Uint8Array>,
  entry: string,
  file: string,
): AsyncGenerator<Uint8Array> {
  if (typeof DecompressionStream !== 'function') {
    throw fail(
      file,
      `entry ${quote(entry)} is deflated, expected stored: this runtime cannot inflate`,
    );
  }
  const stream = new DecompressionStream('deflate-raw');
  const writer = stream.writable.getWriter();
  const reader = stream.readable.getReader();
  let problem: unknown;
  const writing = feed(chunks, writer).catch((error: unknown) => {
    problem = error;
  });
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw fail(
          file,
          `entry ${quote(entry)} cannot be inflated: ${(cause as Error).message}`,
          cause,
        );
      });
      if (done) break;
      yield value;
    }
    await writing;
    if (problem !== undefined) throw problem;
  } finally {
    await reader.cancel().catch(() => {});
    await writing;
  }
}

/** Each chunk as a copy: it is only good until the next. */
async function feed(
  chunks: AsyncGenerator<Uint8Array>,
  writer: WritableStreamDefaultWriter<BufferSource>,
): Promise<void> {
  try {
    for await (const chunk of chunks) await writer.write(chunk.slice() as Uint8Array<ArrayBuffer>);
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => {});
    throw error;
  }
}
