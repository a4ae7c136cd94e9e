/**
 * Whether a download can be the file that its name promises, for files whose hash nobody declares.
 * Only what passes enters a cache: JSON that parses, a header of weights that fits the length.
 */

import { parseJson } from '../json.ts';
import { boundsOf } from './limits.ts';

/** Keys of which a JSON file has at least one. */
const KEYS: readonly [file: RegExp, keys: readonly string[]][] = [
  [/(^|\/)tokenizer\.json$/, ['model']],
  [/\.index\.json$/, ['weight_map']],
];

/** The longest header of a safetensors file (the format's own limit), in bytes. */
const MAX_HEADER_BYTES = 100_000_000;

/** Bytes of a ZIP archive's end that hold its last record, without a comment. */
const ZIP_TAIL_BYTES = 22;

/** Takes the bytes of one file as they arrive. */
export interface Acceptance {
  /** The file's length, once its own header tells it. */
  readonly size?: number | undefined;
  take(chunk: Uint8Array): void;
  /**
   * Whether the file shows that it is whole; false where its format cannot tell.
   *
   * @throws Error with what was found, for a file that no reader would take
   */
  end(): boolean;
}

/** The test of a file, by its name. */
export function acceptanceOf(path: string): Acceptance {
  if (path.endsWith('.json')) return new JsonAcceptance(path);
  if (path.endsWith('.txt')) return new TextAcceptance();
  if (path.endsWith('.safetensors')) return new SafetensorsAcceptance();
  return new BinaryAcceptance();
}

class JsonAcceptance implements Acceptance {
  readonly #path: string;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  #text = '';
  #bytes = 0;

  constructor(path: string) {
    this.#path = path;
  }

  take(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    // The reader refuses it for its length.
    if (this.#bytes > boundsOf(this.#path).bytes) return;
    this.#text += decoded(this.#decoder, chunk);
  }

  end(): boolean {
    if (this.#bytes > boundsOf(this.#path).bytes) throw new Error('it is too long');
    let value: unknown;
    try {
      value = parseJson(this.#text + decoded(this.#decoder), boundsOf(this.#path).json);
    } catch (error) {
      throw new Error(`it is no JSON (${(error as Error).message})`);
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new Error('it is JSON, but no object');
    }
    const keys = KEYS.find(([file]) => file.test(this.#path))?.[1];
    if (keys && !keys.some((key) => Object.hasOwn(value, key))) {
      throw new Error(`it has no ${keys.map((key) => `"${key}"`).join(' or ')}`);
    }
    return true;
  }
}

/** A vocabulary: one token a line. Where its last line does not end, it may have been cut. */
class TextAcceptance implements Acceptance {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  #last: number | undefined;

  take(chunk: Uint8Array): void {
    decoded(this.#decoder, chunk);
    this.#last = chunk.at(-1) ?? this.#last;
  }

  end(): boolean {
    decoded(this.#decoder);
    return this.#last === 0x0a;
  }
}

/** Eight bytes with the length of the header, the header, the tensors. */
class SafetensorsAcceptance implements Acceptance {
  size: number | undefined;
  #chunks: Uint8Array[] = [];
  #needed = 9;
  #received = 0;

  take(chunk: Uint8Array): void {
    this.#received += chunk.length;
    if (this.size !== undefined) return;
    this.#chunks.push(chunk.slice());
    if (this.#received < this.#needed) return;
    const head = appended(...this.#chunks);
    this.#chunks = [head];
    if (this.#needed === 9) {
      const length = Number(new DataView(head.buffer).getBigUint64(0, true));
      if (length < 2 || length > MAX_HEADER_BYTES || head[8] !== 0x7b) {
        throw new Error('it has no header of safetensors');
      }
      this.#needed = 8 + length;
    }
    if (head.length < this.#needed) return;
    this.size = this.#needed + dataLength(head.subarray(8, this.#needed));
    this.#chunks = [];
  }

  end(): boolean {
    if (this.size === this.#received) return true;
    const expected = this.size === undefined ? 'its header' : `${this.size} by its header`;
    throw new Error(`it has ${this.#received} bytes, not ${expected}`);
  }
}

/** PyTorch, ONNX, TensorFlow: only a ZIP archive shows by itself that it is whole. */
class BinaryAcceptance implements Acceptance {
  #start: Uint8Array = new Uint8Array(0);
  #tail: Uint8Array = new Uint8Array(0);

  take(chunk: Uint8Array): void {
    if (this.#start.length < 4) this.#start = appended(this.#start, chunk.subarray(0, 4));
    this.#tail = appended(this.#tail, chunk.subarray(-ZIP_TAIL_BYTES)).slice(-ZIP_TAIL_BYTES);
  }

  end(): boolean {
    const isZip = startsWith(this.#start, 'PK\x03\x04');
    return isZip && startsWith(this.#tail, 'PK\x05\x06');
  }
}

/** The largest offset of a header of safetensors. @throws Error for another text */
function dataLength(header: Uint8Array): number {
  let value: unknown;
  try {
    value = parseJson(new TextDecoder().decode(header), { depth: 8 });
  } catch (error) {
    throw new Error(`its header is no JSON (${(error as Error).message})`);
  }
  let end = 0;
  for (const tensor of Object.values(value as Record<string, { data_offsets?: unknown }>)) {
    const offsets = tensor?.data_offsets;
    if (Array.isArray(offsets)) end = Math.max(end, Number(offsets[1]));
  }
  return end;
}

function decoded(decoder: TextDecoder, chunk?: Uint8Array): string {
  try {
    return decoder.decode(chunk, { stream: chunk !== undefined });
  } catch {
    throw new Error('it has bytes that are not UTF-8');
  }
}

function appended(...chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.length;
  }
  return joined;
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return [...text].every((char, i) => bytes[i] === char.charCodeAt(0));
}
