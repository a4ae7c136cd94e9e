/**
 * The hub's host, by settings and environment, and who gets the access token. The variables are
 * those of Python's huggingface_hub (constants.py).
 */

import { platform } from '#platform';
import { FilesError } from '../errors.ts';
import { env, REMOTE_HOST } from './options.ts';
import { shownSource } from './redact.ts';

/** The hub and its short name, which redirects to it. */
const OWN_HOSTS = ['https://huggingface.co', 'https://hf.co'];

/**
 * URL of the hub, without a slash at its end: `env.remoteHost`, or HF_ENDPOINT where that was left
 * as it is.
 *
 * @throws FilesError when it is no URL of http or https
 */
export function hubHost(): string {
  const host = settledHost();
  if (URL.canParse(host) && /^https?:$/.test(new URL(host).protocol)) {
    return host.replace(/\/+$/, '');
  }
  const setting = host === env.remoteHost ? 'env.remoteHost' : 'HF_ENDPOINT';
  throw new FilesError(
    `Cannot reach the hub: ${setting} is ${JSON.stringify(shownSource(host))}, expected a URL such as "${REMOTE_HOST}"`,
    shownSource(host),
  );
}

function settledHost(): string {
  const endpoint = env.remoteHost === REMOTE_HOST ? platform.variable('HF_ENDPOINT') : undefined;
  return endpoint ?? env.remoteHost;
}

/** Whether the environment forbids requests to the hub. */
export function isOffline(): boolean {
  const { variable } = platform;
  const isSet = (name: string) => /^(1|on|yes|true)$/i.test(variable(name) ?? '');
  return isSet('HF_HUB_OFFLINE') || isSet('TRANSFORMERS_OFFLINE');
}

/** Whether the host is Hugging Face's, or the one that the environment names in its place. */
export function isOwnHub(): boolean {
  return ownOrigins().includes(originOf(settledHost()) ?? '');
}

/** Whether a URL is on the hub's host. */
export function isHub(url: URL): boolean {
  return url.origin === originOf(settledHost());
}

/**
 * The token for a URL. It goes to the hub's host, and from one of Hugging Face's hosts to the other.
 * The environment's token goes to those and to HF_ENDPOINT only.
 *
 * @throws TypeError for a token that cannot be sent in a header
 */
export function tokenFor(url: URL, given: string | null | undefined): string | undefined {
  const hub = originOf(settledHost());
  const own = ownOrigins();
  const isOwn = hub !== undefined && own.includes(hub);
  const isTrusted = isOwn && own.includes(url.origin) && url.protocol === 'https:';
  if (url.origin !== hub && !isTrusted) return undefined;
  const token = given || (isOwn ? environmentToken() : undefined);
  if (token === undefined || /^[\x21-\x7e]+$/.test(token)) return token;
  throw new TypeError(
    'Cannot send the token: it has blanks or other characters that no header takes, expected a token such as "hf_..."',
  );
}

function environmentToken(): string | undefined {
  const { variable } = platform;
  const names = ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN', 'HF_ACCESS_TOKEN'];
  for (const name of names) {
    const token = variable(name)?.trim();
    if (token) return token;
  }
  return undefined;
}

function ownOrigins(): string[] {
  const endpoint = originOf(platform.variable('HF_ENDPOINT') ?? '');
  return endpoint === undefined ? OWN_HOSTS : [...OWN_HOSTS, endpoint];
}

function originOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).origin : undefined;
}
