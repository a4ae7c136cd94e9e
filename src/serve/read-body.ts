/**
 * A request's body -> the JSON object in it. Bytes are counted while they come: `content-length` may
 * be missing or lie.
 */

import { Refusal } from './refusal.ts';
import type { Body } from './route.ts';

/** The bytes of a body, in pieces. */
export type Chunks = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/** @throws Refusal: 413 as soon as there is too much, 400 for what is no JSON object */
export async function readBody(chunks: Chunks | null | undefined, maxBytes: number): Promise<Body> {
  const text = await readText(chunks, maxBytes);
  const body = parsed(text);
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Body;
  throw new Refusal(400, 'Cannot read the body: found something else, expected a JSON object');
}

async function readText(chunks: Chunks | null | undefined, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  let size = 0;
  try {
    for await (const chunk of chunks ?? []) {
      size += chunk.length;
      if (size > maxBytes) break;
      text += decoder.decode(chunk, { stream: true });
    }
    if (size <= maxBytes) return text + decoder.decode();
  } catch {
    throw new Refusal(400, 'Cannot read the body: it broke off or is no UTF-8, expected JSON');
  }
  throw new Refusal(413, `Cannot read the body: found more, expected at most ${maxBytes} bytes`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
