/**
 * Operands of one panel's product and its sums in float64, for the tests of gemm-f32.ts.
 * In: rows M and depth K. Out: operands, made once for each pair of extents.
 */
import { NR } from './panels.ts';
import { painted, random } from './random.ts';

/**
 * a [M,K], panel [K+1,8] with the bias first, residual [M,8], rowScale [M], scale and shift [8]:
 * all dense.
 */
export interface Operands {
  readonly rows: number;
  readonly depth: number;
  readonly a: Float32Array;
  readonly panel: Float32Array;
  readonly residual: Float32Array;
  readonly rowScale: Float32Array;
  readonly scale: Float32Array;
  readonly shift: Float32Array;
}

/** Operands with their product before any epilogue. */
export interface Product extends Operands {
  /** bias + sum over k of a * b, [M,8]. */
  readonly sums: Float64Array;
  /** The same with |a * b|: errors of sums are relative to this. */
  readonly sizes: Float64Array;
}

/** Multiples of 1/128, and powers of two as scales: every sum below 2^10 is exact in float32. */
export const paint = remember((rows, depth) => {
  const powers = [1, -2, 0.5, 4, -1, 0.25, 2, -0.5, 8, 0.125, 1];
  return {
    rows,
    depth,
    a: painted(rows * depth, 17),
    panel: painted((depth + 1) * NR, 101),
    residual: painted(rows * NR, 3),
    rowScale: Float32Array.from({ length: rows }, (_, i) => powers[i % powers.length]),
    scale: Float32Array.from(powers.slice(0, NR)),
    shift: painted(NR, 40),
  };
});

/** Unit normals. Row scales are in [0.1, 3): positive, like the inverse sums of a softmax. */
export const draw = remember((rows, depth) => {
  const numbers = random(rows * 1000 + depth);
  return {
    rows,
    depth,
    a: numbers.normals(rows * depth),
    panel: numbers.normals((depth + 1) * NR),
    residual: numbers.normals(rows * NR),
    rowScale: numbers.uniforms(rows, 0.1, 3),
    scale: numbers.normals(NR),
    shift: numbers.normals(NR),
  };
});

/** Keeps products: their sums are slow, and every build and epilogue needs the same ones. */
function remember(
  make: (rows: number, depth: number) => Operands,
): (rows: number, depth: number) => Product {
  const made = new Map<string, Product>();
  return (rows, depth) => {
    const key = `${rows} x ${depth}`;
    const product = made.get(key) ?? sum(make(rows, depth));
    made.set(key, product);
    return product;
  };
}

function sum(operands: Operands): Product {
  const { rows, depth, a, panel } = operands;
  const sums = new Float64Array(rows * NR);
  const sizes = new Float64Array(rows * NR);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < NR; column++) {
      let total = panel[column];
      let size = Math.abs(total);
      for (let k = 0; k < depth; k++) {
        const term = a[row * depth + k] * panel[(k + 1) * NR + column];
        total += term;
        size += Math.abs(term);
      }
      sums[row * NR + column] = total;
      sizes[row * NR + column] = size;
    }
  }
  return { ...operands, sums, sizes };
}
