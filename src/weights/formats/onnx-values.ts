/** OnnxValues: initializers of a graph -> rows of parameters: dequantised, transposed, split. */

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
import { type Channels, type Dequantization, OnnxScales } from './onnx-scales.ts';
import type { OnnxTensor } from './onnx-tensor.ts';
import type { Use } from './onnx-uses.ts';
import { Transposer } from './transpose.ts';

const WORD_EMBEDDINGS = /(^|\.)word_embeddings\.weight$/;

/** Holds what later initializers need of earlier ones. */
export class OnnxValues {
  readonly scales = new OnnxScales();
  readonly #wanted: Wanted;
  readonly #transposer = new Transposer();
  /** E, the width of the word embedding: the rows of the decoder in a matrix that holds more. */
  #wordSize: number | undefined;

  constructor(wanted: Wanted) {
    this.#wanted = wanted;
  }

  /** Whether `rows` has everything that it needs. */
  isReady(tensor: OnnxTensor, { layout, quantization }: Use): boolean {
    if (layout === 'decoder' && this.#wordSize === undefined) return false;
    return this.scales.isReady(tensor, quantization);
  }

  /**
   * The rows of the parameters that an initializer holds; none where nobody wants them.
   *
   * @throws SyntaxError when the graph does not say which parameter a matrix is, or the element
   *   type is not supported
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
    if (WORD_EMBEDDINGS.test(likeliest)) this.#wordSize ??= shape[1];
    const found = this.scales.dtypeOf(dtype, use.quantization);
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
    yield* this.#rowsOf(info, tensor, use.quantization, { isTransposed, firstRow: 0 });
  }

  /** [H, V]: the first E rows are the decoder's weight transposed, the others the dense weight. */
  *#decoderRows(tensor: OnnxTensor, { quantization }: Use, dtype: Dtype): Generator<TensorRows> {
    const [H, V] = tensor.shape as [number, number];
    const E = this.#wordSize!;
    if (E > H) throw new SyntaxError(`decoder ${quote(tensor.name)} has ${H} rows, expected ${E}`);
    const decoder = { name: 'cls.predictions.decoder.weight', dtype, shape: [V, E] };
    const dense = { name: 'cls.predictions.dense.weight', dtype, shape: [H - E, V] };
    const [isDecoder, isDense] = [this.#wanted.has(decoder), this.#wanted.has(dense)];
    if (isDecoder)
      yield* this.#rowsOf(decoder, tensor, quantization, { isTransposed: true, firstRow: 0 });
    if (isDense)
      yield* this.#rowsOf(dense, tensor, quantization, { isTransposed: false, firstRow: E });
  }

  *#rowsOf(
    info: TensorInfo,
    tensor: OnnxTensor,
    quantization: Use['quantization'],
    part: Part,
  ): Generator<TensorRows> {
    const dequantization = this.scales.dequantizationOf(tensor, quantization);
    const stored = dequantization ? { ...info, dtype: dequantization.dtype } : info;
    const start = part.firstRow * (tensor.bytes.length / Math.max(1, tensor.shape[0] ?? 1));
    const size = byteSize(info.shape, DTYPE_BYTES[stored.dtype]);
    const bytes = tensor.bytes.subarray(start, start + size);
    const rows = part.isTransposed ? this.#transposer.rows(stored, bytes) : heldRows(stored, bytes);
    if (!dequantization) yield* rows;
    else {
      const channels = channelsOf(info, dequantization, part);
      yield* this.scales.dequantized(rows, info, dequantization, channels);
    }
  }
}

/** The part of an initializer that is a parameter. */
interface Part {
  readonly isTransposed: boolean;
  /** Row of the initializer. */
  readonly firstRow: number;
}

/** The scales' numbers in a parameter's rows. */
function channelsOf(
  { shape }: TensorInfo,
  { axis, isPerTensor }: Dequantization,
  { isTransposed, firstRow }: Part,
): Channels {
  if (isPerTensor) return { run: byteSize(shape, 1), count: 1, first: 0 };
  const own = isTransposed ? 1 - axis : axis;
  const run = byteSize(shape.slice(own + 1), 1);
  return { run, count: shape[own]!, first: axis === 0 ? firstRow : 0 };
}
