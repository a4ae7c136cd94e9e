/**
 * What a server says of a file before it sends it. The hub's headers are those that huggingface_hub's
 * file_download.py reads: x-linked-etag and x-linked-size describe a file kept in large-file storage
 * (its SHA-256), etag any other (the SHA-1 of its git blob).
 */

import type { HashName } from '../platform/types.ts';

/** All of it may be unknown. */
export interface Declared {
  readonly size?: number | undefined;
  readonly hash?: { readonly name: HashName; readonly hex: string } | undefined;
  /** Says whether two answers are of the same content. */
  readonly version?: string | undefined;
}

/** Kinds of content that servers pack. */
const PACKED_TYPES = /^(text\/|application\/(json|javascript|xml))/i;

/**
 * @param isWhole whether the response is the file itself, and not a redirection
 */
export function declaredBy(response: Response, isWhole: boolean): Declared {
  const { headers } = response;
  const linked = tagOf(headers.get('x-linked-etag'));
  const etag = isWhole ? tagOf(headers.get('etag')) : undefined;
  const size = digits(headers.get('x-linked-size')) ?? (isWhole ? lengthOf(response) : undefined);
  if (linked !== undefined && /^[0-9a-f]{64}$/.test(linked)) {
    return { size, hash: { name: 'sha256', hex: linked }, version: linked };
  }
  // Only the hub's own etags are known to be hashes.
  const isBlob = headers.has('x-repo-commit') && /^[0-9a-f]{40}$/.test(etag ?? '');
  return {
    size,
    hash: isBlob ? { name: 'sha1', hex: etag! } : undefined,
    version: etag ?? headers.get('last-modified') ?? undefined,
  };
}

/** Whether a part of the file can be told from parts of others, and from the whole. */
export function isResumable({ size, version }: Declared): boolean {
  return size !== undefined && version !== undefined;
}

/** The declared length of the whole file, where it is that of the bytes we get. */
function lengthOf({ headers, type }: Response): number | undefined {
  // A page does not see that another origin's text was packed for the way.
  const isHidden = type === 'cors' && PACKED_TYPES.test(headers.get('content-type') ?? '');
  if (isHidden || headers.get('content-encoding')) return undefined;
  const range = headers.get('content-range');
  return range === null
    ? digits(headers.get('content-length'))
    : digits(range.match(/\/(\d+)$/)?.[1] ?? null);
}

/** An etag without quotes; weak or strong is the same for bytes that are checked. */
function tagOf(etag: string | null): string | undefined {
  return etag?.replace(/^W\//, '').replace(/^"(.*)"$/, '$1') || undefined;
}

function digits(text: string | null): number | undefined {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
