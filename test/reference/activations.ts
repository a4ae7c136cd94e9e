/**
 * The activations of `hidden_act` and the error function, in float64.
 * Formulas of transformers' activations.py; erf to a few units of 1e-16.
 */

/** max(x, 0); NaN stays NaN. */
export function relu(x: number): number {
  return Math.max(x, 0);
}

/** x / (1 + exp(-x)). */
export function silu(x: number): number {
  return x / (1 + Math.exp(-x));
}

/** x (1 + erf(x / sqrt 2)) / 2: the exact gelu. */
export function gelu(x: number): number {
  return 0.5 * x * (1 + erf(x / Math.SQRT2));
}

/** x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2: the approximation of BERT's first code. */
export function geluNew(x: number): number {
  return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
}

/** By the name in `hidden_act`. */
export const activations: Readonly<Record<string, (x: number) => number>> = {
  relu,
  silu,
  gelu,
  gelu_new: geluNew,
};

/**
 * The error function. Below 2 the series 2/sqrt(pi) exp(-x^2) sum 2^n x^(2n+1) / (1 3 5 ...
 * (2n+1)), whose terms all have one sign; above 2 one minus the continued fraction of erfc.
 * (Abramowitz and Stegun 7.1.6 and 7.1.14.)
 */
export function erf(x: number): number {
  if (!(Math.abs(x) > 2)) {
    let term = x;
    let sum = 0;
    for (let n = 0; n < 60; n++) {
      sum += term;
      term *= (2 * x * x) / (2 * n + 3);
    }
    return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
  }
  return Math.sign(x) * (1 - erfcTail(Math.abs(x)));
}

/** exp(-x^2)/sqrt(pi) / (x + (1/2) / (x + (2/2) / (x + (3/2) / ...))) for x of 2 and more. */
function erfcTail(x: number): number {
  let fraction = x;
  for (let n = 80; n >= 1; n--) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction);
}
