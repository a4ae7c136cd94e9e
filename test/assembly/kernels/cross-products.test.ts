/** Cross products against sums in float64. */
import { describe, expect, it } from 'vitest';
import { expectClose } from '../../support/close.ts';
import { Kernels } from '../../support/kernels.ts';
import { random } from '../../support/random.ts';
import { padRows } from '../../support/records.ts';
import { variants } from '../../support/variants.ts';

/** Rows around a block of 256, columns around panels and vectors. */
const EXTENTS: [rows: number, K: number, N: number][] = [
  [1, 1, 1],
  [5, 3, 9],
  [255, 8, 4],
  [256, 7, 16],
  [257, 19, 15],
  [600, 12, 8],
];

describe.each(variants)('f32CrossProducts() ($name)', ({ name: build }) => {
  const kernels = new Kernels(build);

  it.each(EXTENTS)('sums %i rows, %i by %i columns, about their means', (rows, K, N) => {
    const numbers = random(rows + K + N);
    const [x, y] = [numbers.normals(rows * K, 3), numbers.normals(rows * N, -1)];
    const [xMeans, yMeans] = [meansOf(x, K), meansOf(y, N)];
    const { means, sums } = run(x, K, y, N);
    // One rounding of a float64 mean.
    expectClose(means, xMeans, { ulp: 1 });
    const expected = crossOf(x, xMeans, y, yMeans);
    // Sums of 256 float32 products, and of a few blocks.
    if (rows > 1) expectClose(sums, expected, { absolute: 2e-6 * rows });
  });

  it('gives the lower half of the products of one matrix with itself', () => {
    const [rows, K] = [300, 19];
    const x = random(7).normals(rows * K);
    const means = meansOf(x, K);
    const found = run(x, K).sums;
    const expected = crossOf(x, means, x, means);
    for (let i = 0; i < K; i++) {
      expectClose(found.slice(i * K, i * K + i + 1), expected.slice(i * K, i * K + i + 1), {
        absolute: 6e-4,
      });
    }
  });

  it('lets means keep what float32 sums would lose', () => {
    const x = Float32Array.from({ length: 20_000 }, (_, i) => 1e6 + (i % 2));
    expect(run(x, 1).means[0]).toBe(1e6 + 0.5);
  });

  /** Without `y`, of x by itself. */
  function run(x: Float32Array, K: number, y?: Float32Array, N = K) {
    const rows = x.length / K;
    const width = (columns: number) => 8 * Math.ceil(columns / 8);
    return kernels.call((frame, exports) => {
      const scratchBytes = exports.f32CrossScratchBytes(Math.max(K, N));
      const scratch = frame.inout(new Uint8Array(scratchBytes));
      const a = frame.input(padRows(x, K));
      const b = y ? frame.input(padRows(y, N)) : a;
      const [aMeans, bMeans] = [K, N].map((n) => frame.inout(new Float32Array(width(n))));
      const [aBytes, bBytes] = [4 * width(K), 4 * width(N)];
      exports.f32ColumnMeans(aMeans!, a, aBytes, rows, K, scratch);
      exports.f32ColumnMeans(bMeans!, b, bBytes, rows, N, scratch);
      const to = frame.inout(new Float32Array(K * width(N)));
      // biome-ignore format: a matrix a line
      exports.f32CrossProducts(
        to, bBytes,
        a, aBytes, aMeans!, K,
        b, bBytes, y ? bMeans! : aMeans!, N,
        rows, scratch,
      );
      const padded = frame.read(to, K * width(N));
      const sums = Float32Array.from({ length: K * N }, (_, i) => {
        return padded[Math.floor(i / N) * width(N) + (i % N)]!;
      });
      return { means: frame.read(aMeans!, K), sums };
    });
  }
});

function meansOf(x: Float32Array, columns: number): Float64Array {
  const rows = x.length / columns;
  const means = new Float64Array(columns);
  x.forEach((value, i) => {
    means[i % columns]! += value / rows;
  });
  return means;
}

function crossOf(
  x: Float32Array,
  xMeans: Float64Array,
  y: Float32Array,
  yMeans: Float64Array,
): Float64Array {
  const [K, N] = [xMeans.length, yMeans.length];
  const sums = new Float64Array(K * N);
  for (let row = 0; row < x.length / K; row++) {
    for (let i = 0; i < K * N; i++) {
      const k = Math.floor(i / N);
      sums[i]! += (x[row * K + k]! - xMeans[k]!) * (y[row * N + (i % N)]! - yMeans[i % N]!);
    }
  }
  return sums;
}
