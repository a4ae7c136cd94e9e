/** Settings shared by all loading, named as transformers.js names them. */

/** How much to say on the console; a level shows itself and everything above. */
export const LogLevel = { DEBUG: 10, INFO: 20, WARNING: 30, ERROR: 40, NONE: 50 } as const;

/** Global settings; assign to change them. */
export interface Environment {
  /** Version of this package. */
  readonly version: string;
  /** Whether anything may be fetched for a hub id. */
  allowRemoteModels: boolean;
  /** The hub, or a mirror of it. */
  remoteHost: string;
  /** Path of a file's folder below `remoteHost`; `{model}` and `{revision}` are filled in. */
  remotePathTemplate: string;
  /** Whether a hub id may be found in `localModelPath`, and a path be read. */
  allowLocalModels: boolean;
  /** Folder with local copies: `<localModelPath>/<org>/<name>/<file>`. */
  localModelPath: string;
  /** Used for every request. */
  fetch: (url: string | URL, init?: RequestInit) => Promise<Response>;
  /** One of `LogLevel`. */
  logLevel: number;
}

export const env: Environment = {
  version: '0.1.0',
  allowRemoteModels: true,
  remoteHost: 'https://huggingface.co/',
  remotePathTemplate: '{model}/resolve/{revision}/',
  allowLocalModels: true,
  localModelPath: '/models/',
  fetch: (url, init) => globalThis.fetch(url, init),
  logLevel: LogLevel.WARNING,
};

/** Prints a warning, unless `env.logLevel` asks for quiet. */
export function warn(message: string): void {
  if (env.logLevel <= LogLevel.WARNING) console.warn(`mobilebert-wasm: ${message}`);
}
