/** OnnxValues: initializers of a graph -> rows of parameters: unscaled, transposed, cut apart. */

import {
  byteSize,
  DTYPE_BYTES,
  type Dtype,
  quote,
  showShape,
  type TensorInfo,
  type TensorRows,
  type Wanted,
} from '../tensor-info.ts';
import { heldRows } from './extents.ts';
import { type Channels, OnnxScales, type Scaling } from './onnx-scales.ts';
import type { OnnxTensor } from './onnx-tensor.ts';
import type { Use } from './onnx-uses.ts';
import { Transposer } from './transpose.ts';

const WORDS = /(^|\.)word_embeddings\.weight$/;

/** Knows which parameters are wanted, and what was seen so far that others need. */
export class OnnxValues {
  readonly scales = new OnnxScales();
  readonly #wanted: Wanted;
  readonly #transposer = new Transposer();
  /** Width of the word embedding; where the decoder ends in a matrix that holds more. */
  #wordSize: number | undefined;

  constructor(wanted: Wanted) {
    this.#wanted = wanted;
  }

  /** Whether all is there that `rows` needs. */
  isReady(tensor: OnnxTensor, { layout, scaled }: Use): boolean {
    if (layout === 'decoder' && this.#wordSize === undefined) return false;
    return this.scales.isReady(tensor, scaled);
  }

  /**
   * The rows of the parameters that an initializer is; none where nobody wants them.
   *
   * @throws SyntaxError when nothing tells which parameter a product's weights are, or the element
   *   type is none of a weight
   */
  *rows(tensor: OnnxTensor, use: Use): Generator<TensorRows> {
    const { name, shape, dtype, dtypeName } = tensor;
    const [likeliest] = use.names;
    if (likeliest === undefined) {
      if (shape.length !== 2) return;
      throw new SyntaxError(
        `initializer ${quote(name)} is multiplied with, but neither its node nor the bias behind it has a parameter's name`,
      );
    }
    if (dtype === undefined) {
      throw new SyntaxError(
        `initializer ${quote(name)} of ${quote(likeliest)} is ${dtypeName}, expected floating-point numbers or 8-bit integers`,
      );
    }
    if (use.layout !== 'rows' && shape.length !== 2) {
      throw new SyntaxError(
        `initializer ${quote(name)} of ${quote(likeliest)} has shape ${showShape(shape)}, expected a matrix`,
      );
    }
    if (WORDS.test(likeliest)) this.#wordSize ??= shape[1];
    const found = this.scales.dtypeOf(dtype, use.scaled);
    if (use.layout === 'decoder') yield* this.#decoderRows(tensor, use, found);
    else yield* this.#parameterRows(tensor, use, found);
  }

  *#parameterRows(tensor: OnnxTensor, use: Use, dtype: Dtype): Generator<TensorRows> {
    const isTransposed = use.layout === 'columns';
    const shape = isTransposed ? tensor.shape.toReversed() : tensor.shape;
    const info = use.names
      .map((name): TensorInfo => ({ name, dtype, shape }))
      .find((candidate) => this.#wanted.has(candidate));
    if (!info) return;
    yield* this.#rowsOf(info, tensor, use.scaled, { isTransposed, firstRow: 0 });
  }

  /** [E over H - E, V]: the decoder's columns, then the head's own dense weight as it is. */
  *#decoderRows(tensor: OnnxTensor, { scaled }: Use, dtype: Dtype): Generator<TensorRows> {
    const [H, V] = tensor.shape as [number, number];
    const E = this.#wordSize!;
    if (E > H) throw new SyntaxError(`decoder ${quote(tensor.name)} has ${H} rows, expected ${E}`);
    const decoder = { name: 'cls.predictions.decoder.weight', dtype, shape: [V, E] };
    const dense = { name: 'cls.predictions.dense.weight', dtype, shape: [H - E, V] };
    const [isDecoder, isDense] = [this.#wanted.has(decoder), this.#wanted.has(dense)];
    if (isDecoder)
      yield* this.#rowsOf(decoder, tensor, scaled, { isTransposed: true, firstRow: 0 });
    if (isDense) yield* this.#rowsOf(dense, tensor, scaled, { isTransposed: false, firstRow: E });
  }

  *#rowsOf(
    info: TensorInfo,
    tensor: OnnxTensor,
    scaled: Use['scaled'],
    part: Part,
  ): Generator<TensorRows> {
    const scaling = this.scales.scalingOf(tensor, scaled);
    const stored = scaling ? { ...info, dtype: scaling.dtype } : info;
    const start = part.firstRow * (tensor.bytes.length / Math.max(1, tensor.shape[0] ?? 1));
    const size = byteSize(info.shape, DTYPE_BYTES[stored.dtype]);
    const bytes = tensor.bytes.subarray(start, start + size);
    const rows = part.isTransposed ? this.#transposer.rows(stored, bytes) : heldRows(stored, bytes);
    if (!scaling) yield* rows;
    else yield* this.scales.unscaled(rows, info, scaling, channelsOf(info, scaling, part));
  }
}

/** What of an initializer is a parameter. */
interface Part {
  readonly isTransposed: boolean;
  /** Of the initializer, as it lies. */
  readonly firstRow: number;
}

/** Which scale is whose in a parameter's rows. */
function channelsOf(
  { shape }: TensorInfo,
  { axis, isOne }: Scaling,
  { isTransposed, firstRow }: Part,
): Channels {
  if (isOne) return { run: byteSize(shape, 1), count: 1, first: 0 };
  const own = isTransposed ? 1 - axis : axis;
  const run = byteSize(shape.slice(own + 1), 1);
  return { run, count: shape[own]!, first: axis === 0 ? firstRow : 0 };
}
