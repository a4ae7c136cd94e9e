/** The benches: the one list. Each is loaded when it runs, after the modules are up to date. */
import type { Machine } from './harness.ts';
import type { Report } from './result.ts';

export interface Bench {
  /** What it asks, in one line. */
  readonly question: string;
  load(): Promise<(machine: Machine, report: Report) => Promise<void>>;
  /** It has rows that --only can choose. */
  readonly hasRows?: boolean;
  /** It runs models, beside kernels. */
  readonly hasModels?: boolean;
  /** It calibrates models, in a build of its own. */
  readonly calibrates?: boolean;
  /** What it measures does not depend on the build. */
  readonly isSame?: boolean;
  /** It measures integer products, which every build computes in its own way; `dot` by default. */
  readonly isWhole?: boolean;
}

export const BENCHES: Readonly<Record<string, Bench>> = {
  kernels: {
    question: "how close do MobileBERT's products come to the machine's peak?",
    load: async () => (await import('./kernels.ts')).benchKernels,
    hasRows: true,
  },
  ops: {
    question: 'what do operations other than products cost?',
    load: async () => (await import('./ops.ts')).benchOps,
    hasRows: true,
  },
  block: {
    question: 'one of the 24 blocks: weights in cache, and as in the model',
    load: async () => (await import('./block.ts')).benchBlock,
    hasRows: true,
    hasModels: true,
  },
  forward: {
    question: 'how long is a forward pass from ids to logits, in every dtype?',
    load: async () => (await import('./forward.ts')).benchForward,
    hasRows: true,
    hasModels: true,
  },
  q8: {
    question: "how close do integer products come to the machine's peak?",
    load: async () => (await import('./q8-kernels.ts')).benchQ8Kernels,
    hasRows: true,
    isWhole: true,
  },
  tokenizer: {
    question: 'how fast do texts become ids?',
    load: async () => (await import('./tokenizer.ts')).benchTokenizer,
    hasRows: true,
    isSame: true,
  },
  load: {
    question: 'fresh processes: files to the first logits, first call, memory',
    load: async () => (await import('./load.ts')).benchLoad,
    hasModels: true,
  },
  formats: {
    question: 'from files to the first logits, by file format',
    load: async () => (await import('./formats.ts')).benchFormats,
    hasModels: true,
    isSame: true,
  },
  calibration: {
    question: "what does calibration add to q8's accuracy? (ten minutes)",
    load: async () => (await import('./calibration.ts')).benchCalibration,
    hasModels: true,
    calibrates: true,
    isSame: true,
  },
  costs: {
    question: 'curves: length, batch, memory, ragged batches, unneeded rows',
    load: async () => (await import('./costs.ts')).benchCosts,
    hasModels: true,
  },
  guard: {
    question: 'has the code become slower? fails if a limit is missed',
    load: async () => (await import('./guard.ts')).benchGuard,
    hasModels: true,
  },
};
