/** A contestant's process: started, sent one request at a time, ended. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onCores, setAtOnce } from './cores.js';

const REPLY = 'reply ';

/**
 * @typedef {object} Runtimes
 * @property {string} node path of the Node binary for children
 * @property {string | undefined} python path of a Python with torch and transformers
 * @property {number} [core] to pin to; without it nothing is pinned
 * @property {string} [cores] all cores that contestants may use
 * @property {boolean} [isRealtime] contestants run before other processes
 * @property {string} folder the model's files
 */

/** A running contestant. */
export class ContestantProcess {
  #child;
  #label;
  /** The reason why there will be no more replies. */
  #ending = '';
  #waiting =
    /** @type {{ resolve: (value: any) => void, reject: (error: Error) => void } | null} */ (null);

  /**
   * @param {import('./contestants.js').Contestant} contestant
   * @param {string[]} command
   */
  constructor({ label }, command) {
    this.#label = label;
    this.#child = spawn(command[0], command.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.on('error', (error) => this.#end(error.message));
    this.#child.on('exit', (code, signal) => this.#end(`its process ended with ${signal ?? code}`));
    this.#child.stdin.on('error', () => {});
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#read(line));
  }

  /**
   * Starts a contestant and waits until it is ready for requests.
   *
   * @param {import('./contestants.js').Contestant} contestant
   * @param {Runtimes} runtimes
   * @param {boolean} isPinned to the one core, or free to use all
   */
  static async start(contestant, runtimes, isPinned) {
    const { node, python, core, cores, folder } = runtimes;
    const script = (name) => fileURLToPath(new URL(name, import.meta.url));
    const { adapter, dtype } = contestant;
    const command = adapter.endsWith('.py')
      ? [python ?? 'python3', script(`adapters/${adapter}`), folder]
      : [node, script('child.js'), adapter.replace(/\.js$/, ''), dtype, folder];
    const list = isPinned ? core : cores;
    const pinned = list === undefined ? command : onCores(list, command);
    const started = new ContestantProcess(contestant, pinned);
    await started.#next();
    return started;
  }

  /**
   * @param {'load' | 'logits' | 'turn' | 'memory'} what
   * @param {number} [length] tokens
   * @returns {Promise<any>}
   */
  ask(what, length) {
    const answer = this.#next();
    this.#child.stdin.write(`${JSON.stringify({ do: what, length })}\n`);
    return answer;
  }

  /** Gives it priority over other processes, or takes it away. */
  setAtOnce(isAtOnce) {
    setAtOnce(this.#child.pid, isAtOnce);
  }

  /** Ends it and waits until its memory is given back. */
  async end() {
    if (this.#ending) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#waiting = null;
    this.#child.kill('SIGKILL');
    await ended;
  }

  #next() {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      if (this.#ending) this.#fail(this.#ending);
    });
  }

  #end(reason) {
    this.#ending = reason;
    this.#fail(reason);
  }

  #read(line) {
    if (!line.startsWith(REPLY)) {
      process.stderr.write(`${this.#label}: ${line}\n`);
      return;
    }
    const value = JSON.parse(line.slice(REPLY.length));
    if (value?.error) this.#fail(value.error);
    else this.#settle((waiting) => waiting.resolve(value));
  }

  #fail(reason) {
    this.#settle((waiting) => waiting.reject(new Error(`${this.#label}: ${reason}`)));
  }

  #settle(how) {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting) how(waiting);
  }
}
