/**
 * The body of a request: read with a limit, parsed as a JSON object, and its fields checked. Bytes
 * are counted as they arrive, since `content-length` may be missing or wrong.
 */

import { InputError } from '../errors.ts';
import { nearestName } from '../options.ts';
import { kindOf } from '../pipelines/arguments.ts';

/** A parsed body. Only its own keys come from the client. */
export type Body = Readonly<Record<string, unknown>>;

/** The bytes of a body, in chunks. */
export type Chunks = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/** An error that becomes a response with its status and message. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  /** The `allow` header: the methods of the path, for status 405. */
  readonly allow: string | undefined;

  constructor(status: number, message: string, allow?: string) {
    super(message);
    this.status = status;
    this.allow = allow;
  }
}

const ACTION = 'Cannot read the body';

/** @throws Refusal: 413 as soon as the limit is exceeded, 400 for anything but a JSON object */
export async function readBody(chunks: Chunks | null | undefined, maxBytes: number): Promise<Body> {
  const body = parsed(await readText(chunks, maxBytes));
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Body;
  throw new Refusal(400, `${ACTION}: found something else, expected a JSON object`);
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
    throw new Refusal(400, `${ACTION}: it is incomplete or not UTF-8, expected JSON`);
  }
  throw new Refusal(413, `${ACTION}: found more, expected at most ${maxBytes} bytes`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Refuses unknown keys, so that a client learns that an option has no effect.
 *
 * @throws InputError naming the first unknown key
 */
export function checkNames(body: Body, names: readonly string[]): void {
  const unknown = Object.keys(body).find((key) => !names.includes(key));
  if (unknown === undefined) return;
  const near = nearestName(unknown, names);
  const known = names.map((name) => `"${name}"`).join(' and ');
  const expected = near === undefined ? `${known} only` : `"${near}"`;
  throw new InputError(`${ACTION}: found ${shortened(unknown)}, expected ${expected}`);
}

/** A field with a string. @throws InputError unless it is a string that is not empty */
export function stringIn(body: Body, name: string): string {
  const value = own(body, name);
  if (typeof value === 'string' && value !== '') return value;
  const found = value === '' ? 'empty' : kindOf(value);
  throw new InputError(`${ACTION}: ${name} is ${found}, expected a string with text`);
}

/** A field with strings. @throws InputError unless it is an array of 1 to `most` strings */
export function stringsIn(body: Body, name: string, most: number): string[] {
  const expected = `expected 1 to ${most} strings`;
  const value = own(body, name);
  if (!Array.isArray(value)) {
    throw new InputError(`${ACTION}: ${name} is ${kindOf(value)}, ${expected}`);
  }
  if (value.length < 1 || value.length > most) {
    throw new InputError(`${ACTION}: ${name} has ${value.length} entries, ${expected}`);
  }
  const wrong = value.findIndex((text) => typeof text !== 'string');
  if (wrong < 0) return value;
  throw new InputError(`${ACTION}: ${name}[${wrong}] is ${kindOf(value[wrong])}, ${expected}`);
}

/** @throws InputError if `count` exceeds `most`, the number of texts that a model may read */
export function checkCount(what: string, count: number, most: number): void {
  if (count <= most) return;
  throw new InputError(`${ACTION}: found ${count} ${what}, expected at most ${most}`);
}

function own(body: Body, name: string): unknown {
  return Object.hasOwn(body, name) ? body[name] : undefined;
}

/** A key as messages quote it. */
function shortened(key: string): string {
  return JSON.stringify(key.length > 40 ? `${key.slice(0, 40)}...` : key);
}
