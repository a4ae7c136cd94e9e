/**
 * Downloads kept in the Web's Cache, or in a cache of the caller's own with its two methods. Keys are
 * URLs, as transformers.js has them. A file streams in beside its reader, and is there once it ends.
 */

import type { ByteSource } from '../platform/types.ts';
import { type Declared, declaredBy } from './declared.ts';
import type { CustomCache } from './env.ts';
import { openSource } from './source.ts';
import type { HubFile, Sink, Store } from './store.ts';
import { within } from './timing.ts';

/** A cache that is told to stop is waited for so long. */
const MOST_WAIT_MS = 1000;

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
    const first = await openSource(found, url.href);
    let next: ByteSource | undefined = first;
    const again = async () => openSource((await this.#cache.match(url.href)) ?? found, url.href);
    return (
      first && {
        name: url.href,
        size: found instanceof Response ? declaredBy(found, true).size : first.size,
        async *stream() {
          // What was found may be read once only.
          const source = next ?? (await again());
          next = undefined;
          if (source) yield* source.stream();
        },
      }
    );
  }

  async sink({ url }: HubFile, { size }: Declared): Promise<Sink> {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const headers = new Headers({ 'content-type': 'application/octet-stream' });
    if (size !== undefined) headers.set('content-length', String(size));
    const putting = this.#cache.put(url.href, new Response(readable, { headers }));
    return new WebSink(writable.getWriter(), Promise.resolve(putting));
  }
}

class WebSink implements Sink {
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

  /** A copy, since the chunk is its reader's; a cache that is full gives up before all is written. */
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

  /** A body that breaks is not put. */
  async discard(): Promise<void> {
    await this.#writer.abort(new Error('the download stopped'));
    await within(
      MOST_WAIT_MS,
      this.#putting.catch(() => {}),
    );
  }
}

/** Older loaders kept the start page that a server sent in place of a file it did not have. */
function isPage(found: object | string): boolean {
  return found instanceof Response && /^text\/html\b/.test(found.headers.get('content-type') ?? '');
}
