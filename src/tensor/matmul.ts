/** Matrix product with numpy's rules for vectors and batches. Plain loops: not for hot paths. */

import { arrayOf, type DataType, isBig, type Values } from './data-type.ts';
import { copyStrided, sizeOf, stridesOf } from './layout.ts';
import { Tensor } from './tensor.ts';

/**
 * a [.., M, K] times b [.., K, N] gives [.., M, N]. Leading dims that are 1 or missing are
 * repeated. A vector counts as a row on the left and as a column on the right; the result lacks
 * that axis. A promise, as in transformers.js.
 * @throws RangeError for different types, or dims that do not match
 */
export async function matmul<T extends DataType>(a: Tensor<T>, b: Tensor<T>): Promise<Tensor<T>> {
  const left = a.dims.length === 1 ? a.unsqueeze(0) : a;
  const right = b.dims.length === 1 ? b.unsqueeze(1) : b;
  const [M, K] = left.dims.slice(-2);
  const [K2, N] = right.dims.slice(-2);
  const batch = broadcast(left.dims.slice(0, -2), right.dims.slice(0, -2));
  if (a.type !== b.type || K === undefined || K !== K2 || batch === undefined) {
    throw new RangeError(
      `Cannot multiply ${a.type} [${a.dims}] by ${b.type} [${b.dims}]: expected one type and dims [.., M, K] and [.., K, N]`,
    );
  }
  const dims = [...batch, M!, N!];
  const data = new (arrayOf(a.type))(sizeOf(dims));
  const out = data as unknown as Values;
  const zero = (isBig(a.type) ? 0n : 0) as number;
  const leftAt = offsets(left.dims.slice(0, -2), batch, M! * K);
  const rightAt = offsets(right.dims.slice(0, -2), batch, K * N!);
  const [x, y] = [left.data as unknown as Values, right.data as unknown as Values];
  for (let i = 0; i < out.length; i++) {
    const index = Math.floor(i / (M! * N!));
    const row = leftAt[index]! + (Math.floor(i / N!) % M!) * K;
    const column = rightAt[index]! + (i % N!);
    let sum = zero;
    for (let k = 0; k < K; k++) sum += x[row + k]! * y[column + k * N!]!;
    out[i] = sum;
  }
  const dropped = [a.dims.length === 1 ? -2 : null, b.dims.length === 1 ? -1 : null];
  return new Tensor(a.type, data, dims).squeeze(dropped.filter((axis) => axis !== null));
}

/** The leading dims to which both are repeated; undefined when they do not match. */
function broadcast(a: readonly number[], b: readonly number[]): number[] | undefined {
  const rank = Math.max(a.length, b.length);
  const [left, right] = [padded(a, rank), padded(b, rank)];
  const matches = left.every((n, i) => n === right[i] || n === 1 || right[i] === 1);
  return matches ? left.map((n, i) => (n === 1 ? right[i]! : n)) : undefined;
}

/** For each batch index, where its matrix of `size` values starts. */
function offsets(own: readonly number[], batch: readonly number[], size: number): number[] {
  const dims = padded(own, batch.length);
  const steps = stridesOf(dims).map((stride, axis) => (dims[axis] === 1 ? 0 : stride));
  const starts = Array.from({ length: sizeOf(dims) }, (_, i) => i * size);
  const found = new Array<number>(sizeOf(batch)).fill(0);
  copyStrided(starts, found, batch, steps);
  return found;
}

function padded(dims: readonly number[], rank: number): number[] {
  return [...new Array<number>(rank - dims.length).fill(1), ...dims];
}
