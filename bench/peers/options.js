/** The command line of run.js. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ours, peers } from './contestants.js';
import { allowedCores, lastCore, setAtOnce } from './cores.js';

export const USAGE = `node bench/peers/run.js [options]

  --ours dtype     ${ours.map(({ dtype }) => dtype).join(', ')} of this package (fp32)
  --peers a,b      which of ${peers.map(({ id }) => id).join(', ')} (all)
  --lengths a,b    tokens of a call (8,32,128,384)
  --samples n      quiet pairs to measure at each length (21)
  --seconds n      time limit for them (12)
  --loads n        fresh processes of each for loading and memory (3)
  --quick          --samples 3 --seconds 3 --loads 1
  --node path      Node for the contestants (the one running this)
  --core n|none    for all but those marked "all cores" (the last, where taskset is installed)
  --realtime       contestants and probe run before other processes (chrt; needs root)
  --folder path    the output of tools/golden/export-onnx.py (build/peers)
  --out path       JSON file to write (bench/results/peers-<machine>-<date>.json)

  PEERS_PYTHON     environment: a Python with torch and transformers, for PyTorch`;

const QUICK = { samples: '3', seconds: '3', loads: '1' };
const FULL = { samples: '21', seconds: '12', loads: '3' };
/** Number of MobileBERT's position embeddings, and of the ids in inputs.json. */
const LONGEST = 512;

/**
 * @typedef {object} Options
 * @property {import('./contestants.js').Contestant} ours
 * @property {import('./contestants.js').Contestant[]} chosen
 * @property {number[]} lengths
 * @property {number} samples
 * @property {number} seconds
 * @property {number} loads
 * @property {string | undefined} out
 * @property {import('./process.js').Runtimes} runtimes
 */

/**
 * @param {string[]} args
 * @returns {Options}
 * @throws {RangeError} for what cannot be run
 */
export function readOptions(args) {
  const text = { type: /** @type {const} */ ('string') };
  const { values } = parseArgs({
    args,
    options: {
      ...{ ours: text, peers: text, lengths: text, samples: text, seconds: text, loads: text },
      ...{ node: text, core: text, folder: text, out: text },
      quick: { type: 'boolean', default: false },
      realtime: { type: 'boolean', default: false },
    },
  });
  const amounts = { ...(values.quick ? QUICK : FULL), ...values };
  const folder = resolve(
    values.folder ?? fileURLToPath(new URL('../../build/peers', import.meta.url)),
  );
  return {
    ours: chosenOurs(values.ours ?? 'fp32'),
    chosen: chosenPeers(values.peers),
    lengths: (values.lengths ?? '8,32,128,384')
      .split(',')
      .map((length) => whole('--lengths', length, LONGEST)),
    samples: whole('--samples', amounts.samples),
    seconds: whole('--seconds', amounts.seconds),
    loads: whole('--loads', amounts.loads),
    out: values.out,
    runtimes: {
      node: values.node ?? process.execPath,
      python: process.env.PEERS_PYTHON,
      ...coresOf(values.core),
      isRealtime: values.realtime && checkedRealtime(),
      folder,
    },
  };
}

/**
 * Checks that all files exist.
 *
 * @param {Options} options
 * @throws {Error} naming the command that makes what is missing
 */
export function expectFiles({ ours: { dtype }, runtimes: { folder } }) {
  const here = fileURLToPath(new URL('.', import.meta.url));
  const root = join(here, '..', '..');
  const needed = [
    [join(here, 'node_modules'), 'npm ci --prefix bench/peers --ignore-scripts'],
    [join(root, 'build', 'js', 'index.js'), 'npm run build'],
    [join(root, 'build', 'testing', 'testing.simd.wasm'), 'npm run build'],
    [join(folder, 'inputs.json'), 'python tools/golden/export-onnx.py build/peers'],
  ];
  if (dtype !== 'fp32') {
    const convert = `node build/js/cli/main.js convert ${folder} ${join(folder, 'q8')} --dtype q8`;
    needed.push([join(folder, 'q8', 'model.q8.safetensors'), convert]);
  }
  for (const [path, command] of needed) {
    if (!existsSync(path)) throw new Error(`Cannot find ${path}: run "${command}" first`);
  }
  const { architectures } = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'));
  if (architectures?.[0] !== 'MobileBertForQuestionAnswering') {
    throw new Error(
      `Cannot use ${folder}: it holds ${architectures}, expected MobileBertForQuestionAnswering`,
    );
  }
}

function chosenOurs(name) {
  const found = ours.find(({ dtype }) => dtype === name);
  if (found) return found;
  const known = ours.map(({ dtype }) => dtype).join(', ');
  throw new RangeError(`Cannot read --ours "${name}": expected one of ${known}`);
}

function chosenPeers(names) {
  if (names === undefined) return [...peers];
  return names.split(',').map((name) => {
    const found = peers.find(({ id }) => id === name);
    if (!found) {
      const known = peers.map(({ id }) => id).join(', ');
      throw new RangeError(`Cannot find peer "${name}": expected one of ${known}`);
    }
    return found;
  });
}

function checkedRealtime() {
  if (setAtOnce(process.pid, true) && setAtOnce(process.pid, false)) return true;
  throw new Error('Cannot run with --realtime: "chrt --fifo" failed, expected the right to');
}

function whole(name, text, most = 1e6) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most) {
    throw new RangeError(`Cannot read ${name} "${text}": expected whole numbers from 1 to ${most}`);
  }
  return value;
}

/** @returns {{ core?: number, cores?: string }} nothing where nothing is pinned */
function coresOf(text) {
  const cores = allowedCores();
  if (text === 'none' || (text === undefined && cores === undefined)) return {};
  if (cores === undefined) throw new Error('Cannot pin to a core: "taskset" is not installed');
  if (text === undefined) return { core: lastCore(cores), cores };
  if (!/^\d+$/.test(text)) {
    throw new RangeError(`Cannot read --core "${text}": expected a whole number or "none"`);
  }
  return { core: Number(text), cores };
}
