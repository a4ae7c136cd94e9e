/**
 * Random initialisation, as `_init_weights` of Hugging Face's modeling_utils.py and
 * modeling_mobilebert.py: weights normal, biases 0, norms 1 and 0, the padding token's row 0. The
 * distribution is theirs; the numbers come from another generator.
 */

import type { Parameter } from './names.ts';
import { NormalSource } from './normal.ts';
import { type Destination, rowsOf, rowsPerChunk } from './tensor-info.ts';

/** A seed and the two fields of the configuration that the distribution depends on. */
export interface RandomOptions {
  /** The same seed gives the same weights on every machine. */
  readonly seed: number;
  /** Standard deviation of weights; 0 means 0.02, as in `_init_weights`. */
  readonly initializer_range: number;
  /** Row of the word embedding that is 0; a negative one counts from the end, null is none. */
  readonly pad_token_id: number | null;
}

/** Writes every parameter to its destination, in order; one without a destination draws nothing. */
export function initialise(
  parameters: Iterable<Parameter>,
  destinationOf: (name: string) => Destination | undefined,
  options: RandomOptions,
): void {
  const normal = new NormalSource(options.seed);
  for (const parameter of parameters) {
    const destination = destinationOf(parameter.name);
    if (destination !== undefined) fill(destination, parameter, normal, options);
  }
}

/** Writes one parameter, about 1 MiB at a time. */
function fill(
  destination: Destination,
  { init, shape }: Parameter,
  normal: NormalSource,
  { initializer_range, pad_token_id }: RandomOptions,
): void {
  const { rows, rowSize } = rowsOf(shape);
  const most = Math.min(rows, rowsPerChunk(4 * rowSize));
  const values = new Float32Array(most * rowSize).fill(init === 'ones' ? 1 : 0);
  const isRandom = init === 'normal' || init === 'embedding';
  const zeroRow = init === 'embedding' ? (pad_token_id ?? Number.NaN) : Number.NaN;
  for (let first = 0; first < rows; first += most) {
    const count = Math.min(most, rows - first);
    const part = values.subarray(0, count * rowSize);
    if (isRandom) normal.fill(part, initializer_range || 0.02);
    const zero = (zeroRow < 0 ? zeroRow + rows : zeroRow) - first;
    if (zero >= 0 && zero < count) part.fill(0, zero * rowSize, (zero + 1) * rowSize);
    destination.write(first, count, new Uint8Array(part.buffer, 0, part.byteLength), 'F32');
  }
}
