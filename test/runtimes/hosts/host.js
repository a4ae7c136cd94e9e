/** What the command runs: one line of its table each. */

/**
 * @typedef {object} Outcome
 * @property {string} version
 * @property {string} [error] what went wrong; the rest is there when nothing did
 * @property {string} [build]
 * @property {number} [threads]
 * @property {number} [load] milliseconds
 * @property {Record<string, number>} [latency] milliseconds: fp32 by build, and `q8`
 * @property {string} [note] what else there is to say
 */

/**
 * @typedef {object} Host
 * @property {string} name
 * @property {() => Promise<Outcome>} run throws Missing where the runtime is not to be had
 */

/** A runtime that is not on this machine and cannot be fetched. */
export class Missing extends Error {}
