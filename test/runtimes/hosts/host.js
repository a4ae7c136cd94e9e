/** A host: one runtime, browser, bundler or server, and one line of the command's table. */

/**
 * @typedef {object} Outcome
 * @property {string} version
 * @property {string} [error] what went wrong; without it, the rest is there
 * @property {string} [build]
 * @property {number} [threads]
 * @property {number} [load] milliseconds
 * @property {Record<string, number>} [latency] milliseconds: fp32 by build, and `q8`
 * @property {string} [note] the last cell of the line
 */

/**
 * @typedef {object} Host
 * @property {string} name
 * @property {() => Promise<Outcome>} run throws Missing where the runtime is not available
 */

/** Thrown where a runtime is not on this machine and cannot be fetched. */
export class Missing extends Error {}
