/**
 * Checkpoints whose residual stream has outlier channels, as in MobileBERT's released weights. They
 * compute the same function, but some channels are many times larger. In: one tensor of a checkpoint
 * without LayerNorm, and factors by channel. Out: the rescaled tensor.
 *
 * With the factors s, the stream h becomes s h. Weights that write into it (the embeddings' norm, the
 * output bottlenecks and the shifts of their norms) are multiplied by s. Weights that read it (input
 * and shared bottlenecks, values, heads and the pooler) have their columns divided by s. Scales of
 * other NoNorms stay.
 */

/** Residual channel -> the factor by which it is larger. */
export type Outliers = ReadonlyMap<number, number>;

const VECTORS = [
  /embeddings\.LayerNorm\.(weight|bias)$/,
  /output\.bottleneck\.(dense|LayerNorm)\.bias$/,
];
const WRITERS = /output\.bottleneck\.dense\.weight$/;
const READERS =
  /(bottleneck\.(input|attention)\.dense|attention\.self\.value|pooler\.dense|qa_outputs|transform\.dense)\.weight$/;

/** Rescales `data` [N,K] or [N] in place and returns it. */
export function carryOutliers<D extends Float32Array>(
  name: string,
  shape: readonly number[],
  data: D,
  outliers: Outliers,
): D {
  const columns = shape[1] ?? 1;
  for (const [channel, factor] of outliers) {
    if (VECTORS.some((pattern) => pattern.test(name))) data[channel]! *= factor;
    if (WRITERS.test(name)) {
      for (let k = 0; k < columns; k++) data[channel * columns + k]! *= factor;
    }
    if (READERS.test(name)) {
      for (let i = channel; i < data.length; i += columns) data[i]! /= factor;
    }
  }
  return data;
}
