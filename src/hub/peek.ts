/** Looks at the beginning of an answer before anybody reads it. */

import { ContentCheck, type Foreign } from './content.ts';
import { env } from './options.ts';
import { within } from './waiting.ts';

/** Answers up to this size are looked at as a whole. */
const SMALL_BYTES = 1024;

/** The body, to be read from its first byte on, and foreign content that it begins with. */
export interface Peeked {
  readonly body: ReadableStream<Uint8Array> | null;
  readonly foreign: Foreign | undefined;
}

/**
 * Waits for the first bytes of an answer, or for the whole of one that is small. A body that breaks
 * or stalls meanwhile does so again for its reader.
 */
export async function peek({ body, headers }: Response): Promise<Peeked> {
  const empty: Foreign = { what: 'an empty file', isAbsence: true };
  if (!body) return { body: null, foreign: empty };
  const length = headers.get('content-length');
  const isSmall = length === null ? isText(headers) : Number(length) <= SMALL_BYTES;
  const check = new ContentCheck();
  const reader = body.getReader();
  const seen: Uint8Array[] = [];
  let received = 0;
  let pending: Promise<ReadableStreamReadResult<Uint8Array>> | undefined;
  let foreign: Foreign | undefined;
  while (!foreign && received < (isSmall ? SMALL_BYTES : 1)) {
    pending = reader.read();
    const next = await within(env.stallTimeout, pending).catch(() => undefined);
    if (next === undefined) break;
    if (next.done) {
      foreign = received === 0 ? empty : check.end();
      break;
    }
    pending = undefined;
    // What is no chunk of bytes is refused by the reader.
    seen.push(next.value);
    if (!ArrayBuffer.isView(next.value)) break;
    received += next.value.length;
    foreign = check.take(next.value);
  }
  return { body: joined(seen, pending, reader), foreign };
}

/** The chunks that were seen, then the rest. */
function joined(
  seen: Uint8Array[],
  pending: Promise<ReadableStreamReadResult<Uint8Array>> | undefined,
  reader: ReadableStreamDefaultReader<Uint8Array>,
): ReadableStream<Uint8Array> {
  let waiting = pending;
  waiting?.catch(() => {});
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    const chunk = seen.shift();
    if (chunk !== undefined) return controller.enqueue(chunk);
    const reading = waiting ?? reader.read();
    waiting = undefined;
    const { done, value } = await reading;
    if (done) controller.close();
    else controller.enqueue(value);
  };
  return new ReadableStream(
    { pull, cancel: (reason) => reader.cancel(reason) },
    { highWaterMark: 0 },
  );
}

function isText(headers: Headers): boolean {
  return /^(text\/|application\/(json|xml|problem\+json))/i.test(headers.get('content-type') ?? '');
}
