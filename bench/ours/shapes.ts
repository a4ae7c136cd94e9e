/**
 * The products of the released MobileBERT (H 512, T 128, F 512, E 128, A 4, D 32, L 24, four
 * feed-forward networks a block), each with its number in a forward pass, so that the gain of a
 * kernel can be weighed.
 */

/** The epilogue of a product in the model. */
export type Behind = 'nothing' | 'relu' | 'norm' | 'residual norm';

/** One product y [M,N] = x [M,K] W + b of a forward pass. */
export interface Shape {
  readonly name: string;
  readonly rows: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly behind: Behind;
  /** Products of this shape in one forward pass of one sequence. */
  readonly times: number;
}

/** Tokens of the measured sequences. */
export const LENGTHS = [8, 32, 128, 384] as const;

export const LAYERS = 24;
export const HEADS = 4;
export const HEAD_SIZE = 32;
export const HIDDEN = 512;
export const BOTTLENECK = 128;

/** All products of a forward pass over one sequence of S tokens, in the order of the model. */
export function shapesOf(S: number): Shape[] {
  const product = (
    name: string,
    inputs: number,
    outputs: number,
    behind: Behind,
    times: number,
  ): Shape => ({ name, rows: S, inputs, outputs, behind, times });
  return [
    product('embedding transformation', 384, 512, 'nothing', 1),
    product('bottlenecks', 512, 128, 'norm', 2 * LAYERS),
    product('query, key', 128, 128, 'nothing', 2 * LAYERS),
    product('value', 512, 128, 'nothing', LAYERS),
    product('attention scores', HEAD_SIZE, S, 'nothing', HEADS * LAYERS),
    product('attention context', S, HEAD_SIZE, 'nothing', HEADS * LAYERS),
    product('attention output', 128, 128, 'residual norm', LAYERS),
    product('feed-forward up', 128, 512, 'relu', 4 * LAYERS),
    product('feed-forward down', 512, 128, 'residual norm', 4 * LAYERS),
    product('output bottleneck', 128, 512, 'residual norm', LAYERS),
  ];
}

/** Multiplications and additions of one product. */
export function flopsOf({ rows, inputs, outputs }: Shape): number {
  return 2 * rows * inputs * outputs;
}
