/** One file over HTTP that is kept nowhere. */

import { FilesError } from '../errors.ts';
import type { ByteSource } from '../platform/types.ts';
import { Check } from './check.ts';
import { download } from './download.ts';
import type { FilesOptions } from './options.ts';
import { type Answer, request } from './request.ts';
import { Retries } from './retries.ts';

/**
 * Fetches a URL; undefined when it answers 404.
 *
 * @throws FilesError with the URL for every other failure; the signal's reason when that aborts
 */
export async function fetchFile(url: URL, options: FilesOptions): Promise<ByteSource | undefined> {
  const { signal, token } = options;
  if (options.local_files_only && !/^(blob|data):$/.test(url.protocol)) {
    throw new FilesError(
      `Cannot fetch ${url}: "local_files_only" is set, expected a local file`,
      url.href,
    );
  }
  const open = () => request(url, { signal, token }, new Retries(signal));
  const opened = await open();
  let first: Answer | undefined = opened;
  return (
    opened && {
      name: url.href,
      size: opened.declared.size,
      async *stream() {
        // The answer that showed the file to be there is read first; a second reading asks again.
        const answer = first;
        first = undefined;
        const check = new Check(url.href, opened.declared);
        yield* download({ url, declared: opened.declared, check, options }, answer);
      },
    }
  );
}
