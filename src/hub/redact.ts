/**
 * Texts for messages, without secrets: passwords in URLs, signed query strings and access tokens.
 */

/** A URL as messages show it: without user, password, query and fragment. */
export function shownUrl(url: URL): string {
  if (url.protocol === 'data:') return 'data:...';
  if (!/^https?:$/.test(url.protocol)) return url.href;
  return `${url.origin}${url.pathname}`;
}

/** A source as messages show it: a URL without its secrets, any other text as it is. */
export function shownSource(source: string): string {
  const isUrl = /^(https?|data):/i.test(source) && URL.canParse(source);
  // Also of what is meant to be a URL and is none.
  return isUrl
    ? shownUrl(new URL(source))
    : source.replace(/^([\w+.-]+:\/*)?[^\s/@]*:[^\s/@]*@/, '$1');
}

/** A text of another library with the secrets taken out. */
export function withoutSecrets(text: string, token?: string | null): string {
  const bare = token ? text.replaceAll(token, '***') : text;
  return bare
    .replace(/\b(https?:\/\/)[^\s/@"']*@/gi, '$1')
    .replace(/\b(https?:\/\/[^\s?"']*)\?[^\s"')]*/gi, '$1')
    .replace(/\b(Bearer|Basic)\s+[^\s"']+/gi, '$1 ***')
    .replace(/\bhf_\w{8,}/g, 'hf_***');
}

/** An error of another library, to be kept as a cause: without secrets in its message. */
export function safeCause(error: unknown, token?: string | null): unknown {
  if (!(error instanceof Error)) return error;
  const message = withoutSecrets(error.message, token);
  const cause = error.cause === undefined ? undefined : safeCause(error.cause, token);
  if (message === error.message && cause === error.cause) return error;
  const copy = new Error(message, cause === undefined ? undefined : { cause });
  copy.name = error.name;
  return copy;
}
