/** Functions of numbers and of plain vectors (transformers.js, utils/maths.js). */

/** A vector of floats. */
export type Vector = number[] | Float32Array | Float64Array;

/** Logistic function. */
export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** exp(x) / sum exp(x). The largest value is subtracted first, so that nothing overflows. */
export function softmax<V extends Vector>(vector: V): V {
  const largest = maxOf(vector);
  const exps = vector.map((x) => Math.exp(x - largest)) as V;
  const sum = sumOf(exps);
  return exps.map((x) => x / sum) as V;
}

/** The logarithm of `softmax`; finite even where `softmax` itself rounds to zero. */
export function log_softmax<V extends Vector>(vector: V): V {
  const largest = maxOf(vector);
  let sum = 0;
  for (const x of vector) sum += Math.exp(x - largest);
  const shift = largest + Math.log(sum);
  return vector.map((x) => x - shift) as V;
}

/** Dot product. @throws RangeError for vectors of different lengths */
export function dot(a: Vector, b: Vector): number {
  if (a.length !== b.length) {
    throw new RangeError(
      `Cannot take dot: lengths are ${a.length} and ${b.length}, expected equal`,
    );
  }
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Cosine of the angle between two vectors; NaN when one of them is zero. */
export function cos_sim(a: Vector, b: Vector): number {
  return dot(a, b) / (magnitude(a) * magnitude(b));
}

/** Euclidean length. */
export function magnitude(vector: Vector): number {
  return Math.sqrt(dot(vector, vector));
}

function maxOf(vector: Vector): number {
  let largest = -Infinity;
  for (const x of vector) largest = Math.max(largest, x);
  return largest;
}

function sumOf(vector: Vector): number {
  let sum = 0;
  for (const x of vector) sum += x;
  return sum;
}
