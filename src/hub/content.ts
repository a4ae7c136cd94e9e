/**
 * What a file is that stands where a file of a checkpoint should: a page or an error message that a
 * server sent, or the pointer that Git LFS leaves. Recognised by its first bytes, for every source.
 */

/** Bytes at a file's start that are looked at. */
const HEAD_BYTES = 1024;

/** Content that is no file of a checkpoint. */
export interface Foreign {
  /** What it is, with its article, for "found ...". */
  readonly what: string;
  /** Whether a server sends such content for a file that it does not have. */
  readonly isAbsence: boolean;
}

/** What a server says of an error in JSON; other keys mean that it is some other object. */
const ERROR_KEYS =
  /^(errors?|messages?|msg|details?|reason|title|status(Code|Text)?|code|type|instance|path|url|timestamp|time|request_?id|trace_?id|success|ok)$/i;
const ERROR_MESSAGE = /^(errors?|message|msg|details?|reason|title)$/i;

/** Whole texts that servers answer with in place of a file. */
const MESSAGE =
  /^("|')?([45]\d\d\b[\s:.-]*)?((page|file|entry|object|resource|repository|revision|model|key|the (specified|requested) [\w ]{1,30})\s+)?((was |is )?not found|does not exist|no such (file|key)|access denied|forbidden|unauthorized|invalid username or password|bad (request|gateway)|gone|internal server error|service unavailable|gateway time-?out|too many requests|rate limit exceeded|null|undefined)[\s.!]*("|')?$/i;

/**
 * Foreign content, by the first bytes of a file.
 *
 * @param isWhole whether `head` is the whole file
 */
export function foreignContent(head: Uint8Array, isWhole: boolean): Foreign | undefined {
  const text = String.fromCharCode(...head.subarray(0, HEAD_BYTES)).replace(/^\xef\xbb\xbf/, '');
  const pointer = /^version https:\/\/(git-lfs|hawser)\.github\.com\/spec\/v\d/.exec(text);
  if (pointer) {
    return {
      what: 'a Git LFS pointer in place of the content ("git lfs pull" fetches it)',
      isAbsence: false,
    };
  }
  return markup(text) ?? (isWhole && head.length < HEAD_BYTES ? message(text) : undefined);
}

/** A page or an XML document. No file of a checkpoint begins with a comment of markup. */
function markup(text: string): Foreign | undefined {
  const start = text.replace(/^(\s+|<\?xml[^>]*>|<!--[\s\S]*?-->)+/i, '');
  const isPage = /^(<!--|<!doctype\b|<(html|head|body|title|meta|script|style)[\s>])/i.test(start);
  if (isPage && !/^<!doctype\s+(?!html)\w/i.test(start)) {
    return { what: 'an HTML page', isAbsence: true };
  }
  if (!/^\s*<(\?xml\b|error>)/i.test(text)) return undefined;
  const [, code] = /<code>([\w.]{1,60})<\/code>/i.exec(text) ?? [];
  return { what: `an XML document${code ? ` (${code})` : ''}`, isAbsence: true };
}

/** A server's error message, in JSON or as text. */
function message(text: string): Foreign | undefined {
  const trimmed = text.trim();
  const what = `a server's message (${JSON.stringify(trimmed.slice(0, 120))})`;
  if (MESSAGE.test(trimmed)) return { what, isAbsence: true };
  if (!trimmed.startsWith('{')) return undefined;
  let fields: [string, unknown][];
  try {
    fields = Object.entries(JSON.parse(trimmed));
  } catch {
    return undefined;
  }
  // A number is the id of a token that happens to have such a name.
  const isError = fields.some(([key, value]) => ERROR_MESSAGE.test(key) && !Number.isFinite(value));
  return isError && fields.every(([key]) => ERROR_KEYS.test(key))
    ? { what, isAbsence: true }
    : undefined;
}

/** Looks at the first bytes of a stream of chunks. */
export class ContentCheck {
  #head = new Uint8Array();
  #isDone = false;

  /** Foreign content, as soon as it is recognised. */
  take(chunk: Uint8Array): Foreign | undefined {
    if (this.#isDone || chunk.length === 0) return undefined;
    const rest = chunk.subarray(0, HEAD_BYTES - this.#head.length);
    const head = new Uint8Array(this.#head.length + rest.length);
    head.set(this.#head);
    head.set(rest, this.#head.length);
    this.#head = head;
    this.#isDone = head.length >= HEAD_BYTES;
    return foreignContent(head, false);
  }

  /** Foreign content that only the whole file shows. */
  end(): Foreign | undefined {
    return this.#isDone ? undefined : foreignContent(this.#head, true);
  }
}
