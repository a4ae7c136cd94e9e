/** Factors, rounding and fitting of one layer, on matrices small enough to be checked in full. */
import { describe, expect, it } from 'vitest';
import { fitLayer } from '../../../src/calibration/fit-layer.ts';
import { gptq, rounded, scalesOf } from '../../../src/calibration/gptq.ts';
import { cholesky, solve } from '../../../src/numerics/cholesky.ts';
import { expectClose } from '../../support/close.ts';
import { random } from '../../support/random.ts';

/** Float64, a few dozen operations an element. */
const EXACT = { relative: 1e-12 };

describe('cholesky()', () => {
  it.each([1, 2, 7, 40])('gives back a matrix of %i rows as L L^T', (size) => {
    const matrix = covarianceOf(inputs(3 * size + 2, size, size), size);
    const factor = cholesky(matrix, size);
    const product = new Float64Array(size * size);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        for (let k = 0; k < size; k++) {
          product[i * size + j]! += factor[i * size + k]! * factor[j * size + k]!;
        }
        if (j > i) expect(factor[i * size + j]).toBe(0);
      }
    }
    expectClose(product, matrix, EXACT);
  });

  it('refuses what is not positive definite', () => {
    const matrix = Float64Array.of(1, 2, 2, 1);
    expect(() => cholesky(matrix, 2)).toThrow('Cannot factor a matrix: pivot 1 is -3, expected');
    expect(() => cholesky(Float64Array.of(Number.NaN), 1)).toThrow('pivot 0 is NaN');
  });
});

describe('solve()', () => {
  it('gives what the matrix makes the right side of', () => {
    const [size, N] = [12, 3];
    const matrix = covarianceOf(inputs(50, size, 1), size);
    const x = Float64Array.from(random(2).normals(size * N));
    const b = new Float64Array(size * N);
    for (let i = 0; i < size; i++) {
      for (let k = 0; k < size; k++) {
        for (let n = 0; n < N; n++) b[i * N + n]! += matrix[i * size + k]! * x[k * N + n]!;
      }
    }
    solve(cholesky(matrix, size), size, b);
    // The matrix' condition, some hundreds, on top.
    expectClose(b, x, { relative: 1e-11 });
  });
});

describe('gptq()', () => {
  const [K, N] = [24, 5];
  const hessian = covarianceOf(inputs(400, K, 3), K);
  const weights = Float64Array.from(random(4).normals(K * N));
  const scales = scalesOf(weights, N).map((scale) => 8 * scale);

  it('rounds as the algorithm of the paper does, with an inverse and updates', () => {
    expect(gptq(weights, scales, hessian)).toEqual(paper(weights, scales, hessian));
  });

  it('loses little more than half of what rounding to nearest does', () => {
    const nearest = Int8Array.from(weights, (w, i) => rounded(w / scales[i % N]!));
    const [found, before] = [gptq(weights, scales, hessian), nearest].map(lossOf);
    expect(found).toBeLessThan(0.6 * before!);
  });

  it('is rounding to nearest where inputs do not depend on each other', () => {
    const diagonal = hessian.map((value, i) => (i % (K + 1) === 0 ? value : 0));
    const nearest = Int8Array.from(weights, (w, i) => rounded(w / scales[i % N]!));
    expect(gptq(weights, scales, diagonal)).toEqual(nearest);
  });

  it('has scales that are upper halves of float32, nowhere below what the largest weight needs', () => {
    const exact = scalesOf(weights, N);
    expect([...new Uint32Array(exact.buffer)].map((bits) => bits & 0xffff)).toEqual(
      Array(N).fill(0),
    );
    for (let n = 0; n < N; n++) {
      const column = weights.filter((_, i) => i % N === n);
      const largest = Math.max(...column.map(Math.abs)) / 127;
      expect(exact[n]).toBeGreaterThanOrEqual(largest);
      expect(exact[n]).toBeLessThan(largest * (1 + 2 ** -7));
    }
  });

  it('gives zeros for an output without weights', () => {
    const numbers = gptq(new Float64Array(K), new Float32Array(1), hessian);
    expect(numbers).toEqual(new Int8Array(K));
  });

  /** (w - q t)^T H (w - q t), of all outputs together. */
  function lossOf(numbers: Int8Array): number {
    const errors = weights.map((w, i) => w - numbers[i]! * scales[i % N]!);
    let loss = 0;
    for (let n = 0; n < N; n++) {
      for (let i = 0; i < K; i++) {
        for (let j = 0; j < K; j++) {
          loss += errors[i * N + n]! * hessian[i * K + j]! * errors[j * N + n]!;
        }
      }
    }
    return loss;
  }

  /** Frantar et al. 2022, algorithm 1: the inverse Hessian is updated as inputs are eliminated. */
  function paper(exact: Float64Array, t: Float32Array, H: Float64Array): Int8Array {
    const inverse = new Float64Array(K * K);
    for (let k = 0; k < K; k++) inverse[k * K + k] = 1;
    solve(cholesky(H, K), K, inverse);
    const w = exact.slice();
    const numbers = new Int8Array(K * N);
    const order = Array.from({ length: K }, (_, k) => k);
    order.sort((a, b) => H[b * K + b]! - H[a * K + a]!);
    order.forEach((k, turn) => {
      const pivot = inverse[k * K + k]!;
      const row = inverse.slice(k * K, (k + 1) * K);
      for (let n = 0; n < N; n++) {
        const number = rounded(w[k * N + n]! / t[n]!);
        numbers[k * N + n] = number;
        const error = (w[k * N + n]! - number * t[n]!) / pivot;
        for (const j of order.slice(turn + 1)) w[j * N + n]! -= error * row[j]!;
      }
      for (let i = 0; i < K; i++) {
        const factor = inverse[i * K + k]! / pivot;
        for (let j = 0; j < K; j++) inverse[i * K + j]! -= factor * row[j]!;
      }
    });
    return numbers;
  }
});

describe('fitLayer()', () => {
  const [rows, K, N] = [500, 16, 4];
  const exact = inputs(rows, K, 5);
  const noise = random(6).normals(rows * K, 0.02, 0.004);
  const found = exact.map((x, i) => x + noise[i]!);
  const layer = {
    weights: Float64Array.from(random(7).normals(K * N)),
    bias: random(8).normals(N),
    factors: Float32Array.from({ length: K }, (_, k) => 2 ** ((k % 3) - 1)),
  };
  const goal = product(exact, layer.weights, layer.bias);
  const sums = sumsOf(found, goal, product(found, layer.weights, layer.bias));
  const fitted = fitLayer(layer, sums);

  it('gives the exact means for the inputs that the rounded model has', () => {
    const difference = meansOf(answers(fitted), N).map((mean, n) => mean - meansOf(goal, N)[n]!);
    // A bias is a float32 of about 1.
    for (const off of difference) expect(Math.abs(off)).toBeLessThan(1e-6);
  });

  it('is nearer to the exact outputs than rounding to nearest', () => {
    const inner = layer.weights.map((w, i) => w / layer.factors[Math.floor(i / N)]!);
    const scales = scalesOf(inner, N);
    const numbers = Int8Array.from(inner, (w, i) => rounded(w / scales[i % N]!));
    const nearest = answers({ ...layer, scales, numbers });
    expect(distance(answers(fitted))).toBeLessThan(0.9 * distance(nearest));
  });

  it('keeps factors, and meets the same numbers where inputs are rescaled by them', () => {
    expect(fitted.factors).toBe(layer.factors);
    const plain = {
      ...layer,
      weights: layer.weights.map((w, i) => w / layer.factors[Math.floor(i / N)]!),
      factors: new Float32Array(K).fill(1),
    };
    const wide = found.map((x, i) => x * layer.factors[i % K]!);
    const same = fitLayer(plain, sumsOf(wide, goal, product(wide, plain.weights, plain.bias)));
    expect(same.numbers).toEqual(fitted.numbers);
  });

  it('leaves weights of inputs that never change to nearest', () => {
    const still = { ...sums, covariance: new Float64Array(K * K), cross: new Float64Array(K * N) };
    const { numbers, scales } = fitLayer({ ...layer, factors: new Float32Array(K).fill(1) }, still);
    const nearest = Int8Array.from(layer.weights, (w, i) => rounded(w / scales[i % N]!));
    expect(numbers).toEqual(nearest);
  });

  function answers(rounding: Pick<typeof fitted, 'numbers' | 'scales' | 'factors' | 'bias'>) {
    const { numbers, scales, factors, bias } = rounding;
    const weights = Float64Array.from(
      numbers,
      (q, i) => q * scales[i % N]! * factors[Math.floor(i / N)]!,
    );
    return product(found, weights, bias);
  }

  function distance(outputs: Float64Array): number {
    return Math.hypot(...outputs.map((y, i) => y - goal[i]!));
  }

  function product(x: Float64Array, weights: Float64Array, bias: Float32Array): Float64Array {
    return Float64Array.from({ length: (x.length / K) * N }, (_, i) => {
      const [row, n] = [Math.floor(i / N), i % N];
      let sum = bias[n]!;
      for (let k = 0; k < K; k++) sum += x[row * K + k]! * weights[k * N + n]!;
      return sum;
    });
  }

  function sumsOf(x: Float64Array, target: Float64Array, given: Float64Array) {
    const errors = target.map((y, i) => y - given[i]!);
    const [inputMeans, errorMeans] = [meansOf(x, K), meansOf(errors, N)];
    const cross = new Float64Array(K * N);
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < K * N; i++) {
        const [k, n] = [Math.floor(i / N), i % N];
        const input = x[row * K + k]! - inputMeans[k]!;
        cross[i]! += (input * (errors[row * N + n]! - errorMeans[n]!)) / rows;
      }
    }
    return { covariance: covarianceOf(x, K), cross, inputMeans, errorMeans };
  }
});

/** Rows of inputs that depend on each other. */
function inputs(rows: number, columns: number, seed: number): Float64Array {
  const own = random(seed).normals(rows * columns);
  const shared = random(seed + 100).normals(rows);
  return Float64Array.from(own, (x, i) => x + shared[Math.floor(i / columns)]! * (i % 5) + 0.5);
}

function meansOf(x: Float64Array, columns: number): Float64Array {
  const means = new Float64Array(columns);
  x.forEach((value, i) => {
    means[i % columns]! += (value * columns) / x.length;
  });
  return means;
}

function covarianceOf(x: Float64Array, K: number): Float64Array {
  const means = meansOf(x, K);
  const rows = x.length / K;
  const sums = new Float64Array(K * K);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < K * K; i++) {
      const [a, b] = [Math.floor(i / K), i % K];
      sums[i]! += ((x[row * K + a]! - means[a]!) * (x[row * K + b]! - means[b]!)) / rows;
    }
  }
  return sums;
}
