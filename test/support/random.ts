/**
 * Seeded random numbers: the same seed gives the same numbers on every machine.
 * In: a seed. Out: a generator of uniform and normal numbers and of integers; painted inputs.
 */

/** A generator of numbers; all methods draw from one stream. */
export interface Random {
  /** A number in [low, high); [0, 1) without arguments. */
  uniform(low?: number, high?: number): number;
  /** A normal number; mean 0 and deviation 1 without arguments. */
  normal(mean?: number, deviation?: number): number;
  /** An integer in [low, high). */
  integer(low: number, high: number): number;
  /** `length` uniform float32 numbers in [low, high); [-1, 1) without limits. */
  uniforms(length: number, low?: number, high?: number): Float32Array;
  /** `length` normal float32 numbers. */
  normals(length: number, mean?: number, deviation?: number): Float32Array;
  /** `length` integers in [low, high). */
  integers(length: number, low: number, high: number): Int32Array;
}

/** A generator with an integer seed: mulberry32, 32 bits of state. */
export function random(seed: number): Random {
  let state = seed | 0;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
  const uniform = (low = 0, high = 1) => low + next() * (high - low);
  // Box and Muller: 1 - next() is never 0.
  const normal = (mean = 0, deviation = 1) =>
    mean + deviation * Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  const integer = (low: number, high: number) => low + Math.floor(next() * (high - low));
  return {
    uniform,
    normal,
    integer,
    uniforms: (length, low = -1, high = 1) =>
      Float32Array.from({ length }, () => uniform(low, high)),
    normals: (length, mean = 0, deviation = 1) =>
      Float32Array.from({ length }, () => normal(mean, deviation)),
    integers: (length, low, high) => Int32Array.from({ length }, () => integer(low, high)),
  };
}

/**
 * `length` float32 numbers in (-1, 1) with the prime period 251, so that swapped rows or columns of
 * any size in use are noticed. All are multiples of 1/128: sums of a few products are exact in
 * float32.
 */
export function painted(length: number, start = 0): Float32Array {
  return Float32Array.from({ length }, (_, i) => (((start + i) % 251) - 125) / 128);
}
