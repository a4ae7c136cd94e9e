/**
 * Cached files in the Web's Cache, or in a cache of the caller's own with its two methods. Keys are
 * URLs, as in transformers.js. A file streams into the cache while it is read.
 */

import type { ByteSource, PartFile } from '../platform/types.ts';
import { type Declared, declaredBy } from './integrity.ts';
import type { CustomCache } from './options.ts';
import { shownUrl } from './redact.ts';
import { openSource } from './source.ts';
import type { HubFile, Store } from './store.ts';
import { within } from './waiting.ts';

/** The longest wait for a cache to give up an aborted entry. */
const MAX_ABORT_MS = 1000;

export class WebStore implements Store {
  readonly name: string;
  readonly #cache: CustomCache;

  constructor(name: string, cache: CustomCache) {
    this.name = name;
    this.#cache = cache;
  }

  async find({ url }: HubFile): Promise<ByteSource | undefined> {
    const found = await this.#cache.match(url.href);
    if (found === undefined || found === null || isPage(found)) return undefined;
    const first = await openSource(found, shownUrl(url));
    let next: ByteSource | undefined = first;
    const again = async () =>
      openSource((await this.#cache.match(url.href)) ?? found, shownUrl(url));
    return (
      first && {
        name: shownUrl(url),
        size: found instanceof Response ? declaredBy(found, true).size : first.size,
        async *stream() {
          // A Response can be read only once.
          const source = next ?? (await again());
          next = undefined;
          if (source) yield* source.stream();
        },
      }
    );
  }

  async remove({ url }: HubFile): Promise<boolean> {
    return (await this.#cache.delete?.(url.href)) === true;
  }

  async part({ url }: HubFile, { size }: Declared): Promise<PartFile> {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const headers = new Headers({ 'content-type': 'application/octet-stream' });
    if (size !== undefined) headers.set('content-length', String(size));
    const putting = this.#cache.put(url.href, new Response(readable, { headers }));
    return new WebPart(writable.getWriter(), Promise.resolve(putting));
  }
}

/** A cache entry that is being written. It cannot be continued later. */
class WebPart implements PartFile {
  readonly size = 0;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #putting: Promise<void>;
  #isPut = false;

  constructor(writer: WritableStreamDefaultWriter<Uint8Array>, putting: Promise<void>) {
    this.#writer = writer;
    this.#putting = putting;
    const end = () => {
      this.#isPut = true;
    };
    putting.then(end, end);
    writer.closed.catch(() => {});
  }

  async *read(): AsyncGenerator<Uint8Array> {}

  /** Writes a copy, since the reader may change its chunk. A full cache stops reading early. */
  async write(chunk: Uint8Array): Promise<void> {
    if (this.#isPut) throw new Error('the cache did not take all of it');
    const writing = this.#writer.write(chunk.slice());
    writing.catch(() => {});
    await Promise.race([writing, this.#putting]);
  }

  async commit(): Promise<void> {
    await Promise.race([this.#writer.close(), this.#putting]);
    await this.#putting;
  }

  release(): Promise<void> {
    return this.discard();
  }

  /** Breaks the body: a cache does not keep a response whose body fails. */
  async discard(): Promise<void> {
    await this.#writer.abort(new Error('the download stopped'));
    await within(
      MAX_ABORT_MS,
      this.#putting.catch(() => {}),
    );
  }
}

/** Early loaders cached the HTML page that a server sent for a missing file. */
function isPage(found: object | string): boolean {
  return found instanceof Response && /^text\/html\b/.test(found.headers.get('content-type') ?? '');
}
