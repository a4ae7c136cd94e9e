/**
 * Normal random numbers, seeded and fast: bits by xoshiro128** (Blackman and Vigna 2018), values by
 * the ziggurat method (Marsaglia and Tsang 2000). As in Doornik 2005, the layer and the value come
 * from different bits of one draw.
 */

/**
 * Layers of equal area below the bell curve, the right edge of the lowest one, and the area of
 * each, for 128 layers (Marsaglia and Tsang 2000).
 */
const LAYERS = 128;
const TAIL = 3.442619855899;
const AREA = 9.91256303526217e-3;

/**
 * Right edges of the layers, the widest first, and the share of each that is all below the curve.
 */
interface Ziggurat {
  readonly edges: Float64Array;
  readonly inner: Float64Array;
}

/** A seeded source of normal numbers; the same seed gives the same numbers on every machine. */
export class NormalSource {
  readonly #state = new Uint32Array(4);
  readonly #ziggurat = makeZiggurat();

  /** @param seed any integer, of which the lowest 32 bits count */
  constructor(seed: number) {
    // splitmix32 spreads the seed over the state, which must not be all zeros.
    let s = seed >>> 0;
    for (let i = 0; i < 4; i++) {
      s = (s + 0x9e3779b9) >>> 0;
      let z = Math.imul(s ^ (s >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      this.#state[i] = z ^ (z >>> 15);
    }
  }

  /** Fills `out` with draws of mean 0 and the given standard deviation. */
  fill(out: Float32Array, deviation: number): void {
    for (let i = 0; i < out.length; i++) out[i] = deviation * this.next();
  }

  /** One draw of mean 0 and standard deviation 1. */
  next(): number {
    const { edges, inner } = this.#ziggurat;
    for (;;) {
      const bits = this.#bits();
      const layer = bits & (LAYERS - 1);
      const u = (bits >> 7) * 2 ** -24;
      const x = u * edges[layer]!;
      if (Math.abs(u) < inner[layer]!) return x;
      if (layer === 0) return this.#tail(u < 0);
      const low = bell(edges[layer]!);
      const high = bell(edges[layer + 1]!);
      if (low + this.#uniform() * (high - low) < bell(x)) return x;
    }
  }

  /** A draw from the tail beyond `TAIL` (Marsaglia 1964). */
  #tail(isNegative: boolean): number {
    let x: number;
    let y: number;
    do {
      x = Math.log(this.#uniform()) / TAIL;
      y = Math.log(this.#uniform());
    } while (-2 * y < x * x);
    return isNegative ? x - TAIL : TAIL - x;
  }

  /** A uniform number in (0, 1); never 0, because its logarithm is taken. */
  #uniform(): number {
    return ((this.#bits() >>> 0) + 0.5) * 2 ** -32;
  }

  /** 32 random bits, as a signed integer. */
  #bits(): number {
    const s = this.#state;
    const product = Math.imul(s[1]!, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9);
    const shifted = s[1]! << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= shifted;
    s[3] = (s[3]! << 11) | (s[3]! >>> 21);
    return result;
  }
}

function bell(x: number): number {
  return Math.exp(-0.5 * x * x);
}

function makeZiggurat(): Ziggurat {
  const edges = new Float64Array(LAYERS + 1);
  // The lowest layer is a rectangle and the tail; this is the width of a rectangle of its area.
  edges[0] = AREA / bell(TAIL);
  edges[1] = TAIL;
  for (let i = 2; i < LAYERS; i++) {
    edges[i] = Math.sqrt(-2 * Math.log(AREA / edges[i - 1]! + bell(edges[i - 1]!)));
  }
  const inner = Float64Array.from({ length: LAYERS }, (_, i) => edges[i + 1]! / edges[i]!);
  return { edges, inner };
}
