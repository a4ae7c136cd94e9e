/**
 * Operands, float64 reference and call of every op that bench/ours/ops.ts times. Ops that work in
 * place get a fresh copy of their input for every call; the copy is part of the time.
 */
import { attention, layerNorm, noNorm, rowsOf } from '../../test/reference/ops.ts';
import type { Frame } from '../../test/support/kernels.ts';
import { makePanels, NR, panelBytes, roundUp8 } from '../../test/support/panels.ts';
import { random } from '../../test/support/random.ts';
import { type NormName, normRecord } from '../../test/support/records.ts';
import type { TestingExports } from '../../test/support/testing-exports.ts';
import { BOTTLENECK, HEAD_SIZE, HEADS, HIDDEN } from './shapes.ts';
import { largestError, type Trial } from './trial.ts';

/** Makes a trial over a sequence of S tokens. */
export type MakeTrial = (frame: Frame, exports: TestingExports, S: number) => Trial;

/** log2(e) / sqrt(32): the factor of scores in the softmax. */
const SCALE = Math.fround(Math.LOG2E / Math.sqrt(HEAD_SIZE));

/**
 * Elementwise functions are within a few units in the last place, attention adds sums of up to 384
 * terms.
 */
const LIMIT = 1e-6;
/** The same for values of 12 bits. */
const WORD_LIMIT = 1e-3;

/** Softmax of one head's scores [S,S]; JavaScript calls it row by row. */
export const softmaxTrial: MakeTrial = (frame, exports, S) => {
  const scores = random(S).normals(S * S, 0, 8);
  const power = (row: ArrayLike<number>) => {
    const maximum = Math.max(...Array.from(row));
    return Array.from(row, (x) => 2 ** ((x - maximum) * SCALE));
  };
  const rows = (x: number) => {
    for (let row = 0; row < S; row++) exports.f32SoftmaxRow(x + 4 * S * row, S, SCALE);
  };
  return inPlace(frame, exports, scores, rows, () => rowsOf(scores, S).flatMap(power));
};

/** NoNorm or LayerNorm of hidden states [S,H]. */
export function normTrial(name: NormName): MakeTrial {
  return (frame, exports, S) => {
    const numbers = random(S);
    const hidden = numbers.normals(S * HIDDEN);
    const [scale, shift] = [0, 1].map(() => numbers.normals(HIDDEN));
    const record = normRecord(frame, name, scale, shift, 1e-12);
    const expected = () => {
      const x = rowsOf(hidden, HIDDEN);
      const y = name === 'no_norm' ? noNorm(x, scale, shift) : layerNorm(x, scale, shift, 1e-12);
      return y.flat();
    };
    return inPlace(frame, exports, hidden, (x) => exports.norm(x, S, record), expected);
  };
}

/** An activation over [S,F], by its number in assembly/abi.ts. */
export function activationTrial(which: number, reference: (x: number) => number): MakeTrial {
  return (frame, exports, S) => {
    const inner = random(S).normals(S * HIDDEN, 0, 2);
    const run = (x: number) => exports.f32Activation(x, inner.length, which);
    return inPlace(frame, exports, inner, run, () => Array.from(inner, reference));
  };
}

/** Packs keys of one head [S,D], rows T apart, into panels [S/8][D][8]. */
export const packKeysTrial: MakeTrial = (frame, exports, S) => {
  const keys = random(S).normals(S * BOTTLENECK);
  const at = (n: number, k: number) => keys[n * BOTTLENECK + k];
  const expected = makePanels(S, HEAD_SIZE, at, () => 0);
  const panels = frame.inout(new Float32Array(expected.length));
  const from = frame.input(keys);
  const bytes = panelBytes(HEAD_SIZE);
  const run = () =>
    exports.f32PackRows(panels + 4 * NR, bytes, 0, from, 4 * BOTTLENECK, S, HEAD_SIZE);
  return exact(frame, panels, expected, run);
};

/** Packs values of one head [S,D] into panels [D/8][S][8]. */
export const packValuesTrial: MakeTrial = (frame, exports, S) => {
  const values = random(S).normals(S * BOTTLENECK);
  const at = (n: number, k: number) => values[k * BOTTLENECK + n];
  const expected = makePanels(HEAD_SIZE, S, at, () => 0);
  const panels = frame.inout(new Float32Array(expected.length));
  const from = frame.input(values);
  const run = () =>
    exports.f32PackColumns(panels + 4 * NR, panelBytes(S), from, 4 * BOTTLENECK, S, HEAD_SIZE);
  return exact(frame, panels, expected, run);
};

/** Attention of one layer, all heads, with packing and softmax; one key in eight is masked. */
export const attentionTrial: MakeTrial = (...trial) => attend(...trial, 0);
export const wordAttentionTrial: MakeTrial = (...trial) => attend(...trial, 1);

function attend(
  frame: Frame,
  exports: TestingExports,
  S: number,
  kind: number,
): ReturnType<MakeTrial> {
  const numbers = random(S);
  const [query, key, value] = [0, 1, 2].map(() => numbers.normals(S * BOTTLENECK));
  const mask = Int32Array.from({ length: S }, (_, s) => (s % 8 === 5 ? 0 : 1));
  const [q, k, v] = [query, key, value].map((data) => frame.inout(data));
  const hidden = frame.input(mask);
  const context = frame.output(S * BOTTLENECK);
  const scoreRows = Math.min(32, Math.max(4, Math.floor(16_384 / (4 * roundUp8(S))) & ~3));
  const run = () => {
    const start = exports.mark();
    exports.attentionAlone(
      context,
      4 * BOTTLENECK,
      ...[q, k, v, hidden, S, BOTTLENECK, HEADS, 0, scoreRows],
      kind,
    );
    exports.release(start);
  };
  const error = () => {
    run();
    const [queries, keys, values] = [query, key, value].map((data) => rowsOf(data, BOTTLENECK));
    const expected = attention(queries, keys, values, mask, HEADS).context.flat();
    return largestError(frame.read(context, expected.length), expected);
  };
  return { limit: kind ? WORD_LIMIT : LIMIT, error, run };
}

function inPlace(
  frame: Frame,
  exports: TestingExports,
  source: Float32Array,
  apply: (x: number) => void,
  expected: () => number[],
): Trial {
  const x = frame.inout(source);
  const from = frame.input(source);
  const bytes = source.byteLength;
  const run = () => {
    exports.copyRows(x, bytes, from, bytes, bytes, 1);
    apply(x);
  };
  const error = () => {
    run();
    return largestError(frame.read(x, source.length), expected());
  };
  return { limit: LIMIT, error, run };
}

function exact(frame: Frame, panels: number, expected: Float32Array, run: () => void): Trial {
  const error = () => {
    run();
    return largestError(frame.read(panels, expected.length), expected);
  };
  return { limit: 0, error, run };
}
