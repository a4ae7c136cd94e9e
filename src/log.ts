/** Warnings on the console, and the level from which they are printed. */

/** Levels: messages of the level in effect and of higher ones are printed. */
export const LogLevel = { DEBUG: 10, INFO: 20, WARNING: 30, ERROR: 40, NONE: 50 } as const;

/** The level in effect, one of `LogLevel`. `env.logLevel` reads and writes it. */
export const log: { level: number } = { level: LogLevel.WARNING };

/** Prints a warning, unless the level is above WARNING. */
export function warn(message: string): void {
  if (log.level <= LogLevel.WARNING) console.warn(`mobilebert-wasm: ${message}`);
}
