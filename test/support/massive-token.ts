/**
 * Checkpoints in which one token has massive activations, as in MobileBERT's released weights: the
 * row of the first position ([CLS]) in the residual stream is 4 to 7 orders larger than all others,
 * in several channels at once. In: one tensor of a checkpoint without LayerNorm, and what is massive.
 * Out: the changed tensor. This is another function than that of the plain checkpoint.
 *
 * The position embedding of the first row writes the massive numbers, and the residual stream
 * carries them through all layers. What reads the stream has weights as training would leave them
 * in these channels: small, each by a factor of its own, but neither zero nor a power of two.
 */
import { hashCounter, hashText } from './hash.ts';

/** What is massive, and how much of it is read. */
export interface MassiveToken {
  /** Residual channel -> what the embedding of the first position has there. */
  readonly channels: ReadonlyMap<number, number>;
  /**
   * About how much a massive channel adds to a number that reads the stream (weights times massive
   * number); undefined: readers keep the weights of other channels.
   */
  readonly reading?: number | undefined;
  /** The same for values of attention, where it is another. */
  readonly valueReading?: number | undefined;
}

const TABLE = /position_embeddings\.weight$/;
const VALUES = /attention\.self\.value\.weight$/;
const READERS =
  /(bottleneck\.(input|attention)\.dense|attention\.self\.value|pooler\.dense|qa_outputs|transform\.dense)\.weight$/;

/** Changes `data` [N,K] or [N] in place and returns it. */
export function carryMassiveToken<D extends Float32Array>(
  name: string,
  shape: readonly number[],
  data: D,
  { channels, reading, valueReading = reading }: MassiveToken,
): D {
  const own = VALUES.test(name) ? valueReading : reading;
  for (const [channel, massive] of channels) {
    if (TABLE.test(name)) data[channel] = massive;
    if (own === undefined || !READERS.test(name)) continue;
    const columns = shape[1]!;
    const seed = hashText(`${name}.${channel}`);
    // The sign and some of the size of the weight stay; a factor of its own from 0.3 to 1.7.
    const typical = Math.sqrt(1 / columns);
    for (let n = 0, i = channel; i < data.length; n++, i += columns) {
      const factor = 0.3 + (1.4 * hashCounter(seed, n)) / 2 ** 32;
      data[i]! *= (own * factor) / (typical * Math.abs(massive));
    }
  }
  return data;
}
