/**
 * Files that stand where weights should: pointers that Git LFS left, pages and messages that a server
 * sent, and formats that nothing here reads. Recognised by their first bytes, to be refused by name.
 */

import { fail } from '../tensor-info.ts';

/** The bytes that are looked at: tar says what it is at byte 257. */
export const HEAD_BYTES = 512;

/** What no file of weights begins with. */
const POINTERS: readonly [start: RegExp, kind: string][] = [
  [/^version https:\/\/git-lfs/, 'a Git LFS pointer, not the file itself'],
  [/^(\xef\xbb\xbf)?\s*<(!doctype|!--|html|head|body)/i, 'an HTML page'],
  [/^(\xef\xbb\xbf)?\s*<\?xml/i, 'an XML page'],
];
/** Other formats. */
const FORMATS: readonly [start: RegExp, kind: string][] = [
  // biome-ignore-start lint/suspicious/noControlCharactersInRegex: formats begin with such bytes
  [/^\x1f\x8b/, 'a gzip file, expected it unpacked'],
  [/^GGUF/, 'a GGUF file'],
  [/^\x93NUMPY/, 'a NumPy array'],
  [/^PK\x05\x06/, 'an empty ZIP archive'],
  [/^\x80[\x02-\x05]/, 'a pickle that is no PyTorch checkpoint'],
  [/^.{4}TFL3/s, 'a TensorFlow Lite model'],
  [/^.{257}ustar/s, 'a tar archive (PyTorch before 0.2, or packed), expected it saved again'],
  // biome-ignore-end lint/suspicious/noControlCharactersInRegex: see above
];
const TEXT = /^[\t\n\r\x20-\x7e]{8}/;

/** What a file is that holds no weights, by its first bytes; undefined where it may hold some. */
export function foreignKind(head: Uint8Array): string | undefined {
  const text = latin(head);
  // Safetensors: the upper half of a length, whose lower half can have any bytes, and JSON.
  if (text.startsWith('\0\0\0\0{', 4)) return undefined;
  const known = pointerKind(head) ?? FORMATS.find(([start]) => start.test(text))?.[1];
  if (known !== undefined || !TEXT.test(text)) return known;
  const [shown] = /^[\t\n\r\x20-\x7e]{0,60}/.exec(text)!;
  const kind = /^\s*[{[]/.test(text) ? 'JSON' : 'text';
  return `${kind} (${JSON.stringify(shown)})`;
}

/** The same for a file of bare numbers, which may begin with anything: pointers and pages only. */
export function pointerKind(head: Uint8Array): string | undefined {
  const text = latin(head);
  return POINTERS.find(([start]) => start.test(text))?.[1];
}

/** @throws WeightsError for a kind that was found */
export function refuseKind(kind: string | undefined, file: string): void {
  if (kind === undefined) return;
  throw fail(file, `found ${kind}, expected safetensors, PyTorch, ONNX or HDF5 weights`);
}

function latin(head: Uint8Array): string {
  return String.fromCharCode(...head.subarray(0, HEAD_BYTES));
}
