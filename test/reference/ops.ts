/**
 * The operations of MobileBERT as their formulas read, in float64: the meaning of "correct" for
 * every kernel. Matrices are lists of rows; shapes stand in brackets, row-major, in the letters of
 * docs/architecture.md. Nothing here is fast, and nothing here comes from src/ or assembly/.
 */

export type Vector = ArrayLike<number>;
/** A list of rows. */
export type Matrix = readonly Vector[];

/** Cuts row-major numbers into rows: [R*C] -> [R,C]. */
export function rowsOf(data: Vector, columns: number): number[][] {
  const count = columns === 0 ? 0 : data.length / columns;
  return Array.from({ length: count }, (_, r) =>
    Array.from({ length: columns }, (_, c) => data[r * columns + c]),
  );
}

/** The numbers of a matrix in row-major order: [R,C] -> [R*C]. */
export function flatten(matrix: Matrix): number[] {
  return matrix.flatMap((row) => Array.from(row));
}

/** The sum of a[k] * b[k]. */
export function dot(a: Vector, b: Vector): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
}

/** x W^T + b: x [M,K], weight [N,K], bias [N] -> [M,N]. The layout of torch.nn.Linear. */
export function linear(x: Matrix, weight: Matrix, bias: Vector): number[][] {
  return x.map((row) => weight.map((column, n) => dot(row, column) + bias[n]));
}

/** a b: a [M,K], b [K,N] -> [M,N]. */
export function matmul(a: Matrix, b: Matrix): number[][] {
  const columns = transpose(b);
  return a.map((row) => columns.map((column) => dot(row, column)));
}

/** [R,C] -> [C,R]. */
export function transpose(matrix: Matrix): number[][] {
  return Array.from(matrix[0] ?? [], (_, c) => matrix.map((row) => row[c]));
}

/** Elementwise a + b, both [R,C]. */
export function add(a: Matrix, b: Matrix): number[][] {
  return a.map((row, r) => Array.from(row, (value, c) => value + b[r][c]));
}

/** A function of every element: [R,C] -> [R,C]. */
export function map(matrix: Matrix, apply: (x: number) => number): number[][] {
  return matrix.map((row) => Array.from(row, apply));
}

/** exp(x) / sum exp(x), shifted by the maximum: [N] -> [N]. */
export function softmax(row: Vector): number[] {
  const maximum = Math.max(...Array.from(row));
  const powers = Array.from(row, (x) => Math.exp(x - maximum));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** x * weight + bias: x [R,C], weight and bias [C]. Sun et al. 2020 §3.3. */
export function noNorm(x: Matrix, weight: Vector, bias: Vector): number[][] {
  return x.map((row) => Array.from(row, (value, c) => value * weight[c] + bias[c]));
}

/** (x - mean) / sqrt(variance + eps) * weight + bias by row, the variance divided by C: x [R,C]. */
export function layerNorm(x: Matrix, weight: Vector, bias: Vector, eps: number): number[][] {
  return x.map((row) => {
    const values = Array.from(row);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    return values.map(
      (value, c) => ((value - mean) / Math.sqrt(variance + eps)) * weight[c] + bias[c],
    );
  });
}

/** Rows of a table: table [V,E], ids [S] -> [S,E]. */
export function gather(table: Matrix, ids: Vector): number[][] {
  return Array.from(ids, (id) => Array.from(table[id]));
}

/** [next, self, previous] with zeros past the ends: [S,E] -> [S,3E]. Sun et al. 2020 §3.4. */
export function trigrams(x: Matrix): number[][] {
  const zeros = Array.from(x[0], () => 0);
  return x.map((self, s) =>
    [x[s + 1] ?? zeros, self, x[s - 1] ?? zeros].flatMap((row) => Array.from(row)),
  );
}

/**
 * Attention of A heads: query, key, value [S,A*D], mask [S] of 0 and 1 (or absent) -> context
 * [S,A*D] and probabilities [A,S,S]. A hidden key's score becomes the smallest finite number, so
 * that a sequence with nothing to see attends evenly.
 */
export function attention(
  query: Matrix,
  key: Matrix,
  value: Matrix,
  mask: Vector | undefined,
  heads: number,
) {
  const size = query[0].length / heads;
  const part = (x: Matrix, a: number) =>
    x.map((row) => Array.from(row).slice(a * size, (a + 1) * size));
  const score = (q: Vector, k: Vector, s: number) =>
    mask && Number(mask[s]) === 0 ? -Number.MAX_VALUE : dot(q, k) / Math.sqrt(size);
  const probabilities = Array.from({ length: heads }, (_, a) => {
    const keys = part(key, a);
    return part(query, a).map((q) => softmax(keys.map((k, s) => score(q, k, s))));
  });
  const contexts = probabilities.map((weights, a) => matmul(weights, part(value, a)));
  return { context: query.map((_, s) => contexts.flatMap((head) => head[s])), probabilities };
}
