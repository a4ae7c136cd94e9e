/**
 * The list of a repository's files, from the hub's API, so that no file is asked for that is not
 * there. A mirror may have no API; then nothing is known.
 */

import { hubHost, isOwnHub } from './host.ts';
import type { Declared } from './integrity.ts';
import type { FilesOptions } from './options.ts';
import { Retries, request } from './request.ts';
import { readText } from './text.ts';

/** The files of a repository by path, with what the hub declares of each. */
export type Listing = ReadonlyMap<string, Declared>;

/** Lists are longer in no repository of one model; what is longer counts as unknown. */
const MOST_BYTES = 4_000_000;

/**
 * Files that almost every checkpoint has. A host that may have no API is asked for these at once. It
 * is asked for a list once a file was missing and another one is looked for.
 */
const USUAL =
  /^(config|tokenizer|tokenizer_config|special_tokens_map)\.json$|^(model(\.q8)?\.safetensors|vocab\.txt)$/;

/** Asks for the list when that is worth a request, at most once. */
export class LazyListing {
  readonly #url: URL;
  readonly #options: FilesOptions;
  #asked: Promise<Listing | undefined> | undefined;
  #hasMissed = false;

  constructor(id: string, revision: string, options: FilesOptions) {
    const path = `api/models/${id}/tree/${encodeURIComponent(revision)}?recursive=true`;
    this.#url = new URL(`${hubHost()}/${path}`);
    this.#options = options;
  }

  /** What is known before a file is asked for. */
  async before(path: string): Promise<Listing | undefined> {
    const isUsual = USUAL.test(path.split('/').at(-1)!);
    return isOwnHub() || (this.#hasMissed && !isUsual) ? this.all() : this.#asked;
  }

  /** Says that a file was asked for that is not there. */
  missed(): void {
    this.#hasMissed = true;
  }

  /** The list, if it was asked for. */
  async asked(): Promise<Listing | undefined> {
    return this.#asked;
  }

  /** The list, or undefined where the host has none. */
  all(): Promise<Listing | undefined> {
    this.#asked ??= this.#fetch().catch(() => {
      // Any failure shows better when the files themselves are asked for.
      this.#options.signal?.throwIfAborted();
      return undefined;
    });
    return this.#asked;
  }

  async #fetch(): Promise<Listing | undefined> {
    const { signal, token } = this.#options;
    const answer = await request(this.#url, { signal, token }, new Retries(signal, 0));
    // A list in parts does not say what is missing.
    if (/\brel="?next\b/.test(answer.headers.get('link') ?? '')) {
      await answer.body?.cancel();
      return undefined;
    }
    const bounds = { bytes: MOST_BYTES, json: { depth: 8 } };
    const text = await readText(answer.body ?? [], this.#url.pathname, bounds, signal);
    return listingOf(JSON.parse(text));
  }
}

/** The entries of a tree. @throws TypeError for anything else */
function listingOf(tree: unknown): Listing {
  const files = new Map<string, Declared>();
  for (const { type, path, size, oid, lfs } of tree as Record<string, unknown>[]) {
    if (type !== 'file' || typeof path !== 'string') continue;
    files.set(path, declaredIn(size, oid, (lfs as { oid?: unknown } | undefined)?.oid));
  }
  if (files.size === 0) throw new TypeError('it lists no files');
  return files;
}

function declaredIn(bytes: unknown, blob: unknown, large: unknown): Declared {
  const size = Number.isSafeInteger(bytes) ? (bytes as number) : undefined;
  if (typeof large === 'string' && /^[0-9a-f]{64}$/.test(large)) {
    return { size, hash: { name: 'sha256', hex: large }, version: large };
  }
  if (large === undefined && typeof blob === 'string' && /^[0-9a-f]{40}$/.test(blob)) {
    return { size, hash: { name: 'sha1', hex: blob }, version: blob };
  }
  return { size };
}
