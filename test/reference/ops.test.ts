import { describe, expect, it } from 'vitest';
import { expectClose } from '../support/close.ts';
import { erf, gelu, geluNew, relu, silu } from './activations.ts';
import { binaryCrossEntropy, crossEntropy, meanSquaredError } from './losses.ts';
import {
  attention,
  layerNorm,
  linear,
  matmul,
  noNorm,
  softmax,
  transpose,
  trigrams,
} from './ops.ts';

// Computed with mpmath at 40 digits: x, erf, gelu, gelu_new, silu.
const CURVES: [number, number, number, number, number][] = [
  [0.001, 0.0011283787909692365, 0.000500398942213911, 0.000500398942213582, 0.0005002499999791667],
  [0.1, 0.1124629160182849, 0.053982783727702904, 0.053982751045435165, 0.052497918747894],
  [0.5, 0.5204998778130465, 0.34573123063700656, 0.34571400982514394, 0.3112296656009273],
  [1, 0.8427007929497149, 0.8413447460685429, 0.8411919906082767, 0.7310585786300049],
  [1.5, 0.9661051464753108, 1.399789198096713, 1.3995715769802328, 1.2263617142904655],
  [1.999, 0.9953015566513705, 1.953414450311615, 1.9535115408945851, 1.7605033967651034],
  [2, 0.9953222650189527, 1.9544997361036416, 1.954597694087775, 1.7615941559557649],
  [2.001, 0.9953428907185247, 1.955584913913771, 1.955683739405921, 1.7626849652086116],
  [3, 0.9999779095030014, 2.99595030590511, 2.996362607918227, 2.8577223804672998],
  [4, 0.9999999845827421, 3.9998733150326675, 3.9999297540518075, 3.928055160151634],
  [5.9, 0.9999999999999999, 5.899999989276704, 5.899999999792288, 5.883881431498235],
  [-0.5, -0.5204998778130465, -0.15426876936299344, -0.15428599017485609, -0.18877033439907273],
  [-3, -0.9999779095030014, -0.0040496940948902835, -0.003637392081773019, -0.14227761953270035],
];

describe.each(CURVES)('activations at %d', (x, error, exact, approximate, sigmoid) => {
  // Limits are absolute: 1 + erf cancels on the negative side of gelu.
  it('erf() is right to 1e-15', () => expectClose([erf(x)], [error], { absolute: 1e-15 }));
  it('gelu() is right to 2e-15', () => expectClose([gelu(x)], [exact], { absolute: 2e-15 }));
  it('geluNew() is right to 2e-15', () => {
    expectClose([geluNew(x)], [approximate], { absolute: 2e-15 });
  });
  it('silu() is right to 1e-15', () => expectClose([silu(x)], [sigmoid], { absolute: 1e-15 }));
});

describe('activations', () => {
  it('erf() is odd, 0 at 0 and 1 at infinity', () => {
    expect([erf(0), erf(Infinity), erf(-Infinity), erf(-1) + erf(1)]).toEqual([0, 1, -1, 0]);
  });

  it('relu() keeps NaN', () => {
    expect([relu(-2), relu(0), relu(3), relu(Number.NaN)]).toEqual([0, 0, 3, Number.NaN]);
  });
});

describe('ops', () => {
  it('linear() multiplies by the transposed weight and adds the bias', () => {
    const weight = [
      [1, 0, 2],
      [0, 3, 0],
    ]; // [N=2,K=3]
    expect(linear([[1, 2, 3]], weight, [10, 20])).toEqual([[17, 26]]);
  });

  it('matmul() multiplies rows by columns', () => {
    expect(
      matmul(
        [[1, 2]],
        [
          [3, 4, 5],
          [6, 7, 8],
        ],
      ),
    ).toEqual([[15, 18, 21]]);
    expect(transpose([[1, 2, 3]])).toEqual([[1], [2], [3]]);
  });

  it('softmax() sums to one, also for huge and equal numbers', () => {
    expect(softmax([1e300, 1e300])).toEqual([0.5, 0.5]);
    expectClose(softmax([0, Math.log(3)]), [0.25, 0.75], { relative: 1e-15 });
    expect(softmax([-Number.MAX_VALUE, 0])).toEqual([0, 1]);
  });

  it('noNorm() scales and shifts by column', () => {
    expect(noNorm([[1, 2]], [3, 4], [5, 6])).toEqual([[8, 14]]);
  });

  it('layerNorm() divides by the deviation of all columns, eps inside the root', () => {
    expect(layerNorm([[1, 3]], [1, 1], [0, 0], 0)).toEqual([[-1, 1]]);
    expect(layerNorm([[1, 3]], [2, 2], [1, 1], 3)).toEqual([[0, 2]]);
  });

  it('trigrams() puts next, self and previous side by side, zeros past the ends', () => {
    expect(trigrams([[1], [2], [3]])).toEqual([
      [2, 1, 0],
      [3, 2, 1],
      [0, 3, 2],
    ]);
    expect(trigrams([[1, 2]])).toEqual([[0, 0, 1, 2, 0, 0]]);
  });

  it('attention() ignores hidden keys, and attends evenly when all are hidden', () => {
    const x = [[1], [5]];
    expect(attention(x, x, x, [0, 1], 1).context).toEqual([[5], [5]]);
    expect(attention(x, x, x, [0, 0], 1).context).toEqual([[3], [3]]);
  });

  it('attention() scales scores by the root of the head size', () => {
    const { probabilities } = attention(
      [[1, 1, 1, 1]],
      [[1, 1, 1, 1]],
      [[0, 0, 0, 0]],
      undefined,
      1,
    );
    expect(probabilities).toEqual([[[1]]]);
    const two = attention(
      [
        [1, 1, 1, 1],
        [0, 0, 0, 0],
      ],
      [
        [1, 1, 1, 1],
        [0, 0, 0, 0],
      ],
      [
        [1, 0, 0, 0],
        [0, 0, 0, 0],
      ],
      undefined,
      1,
    );
    const share = Math.exp(2) / (Math.exp(2) + 1); // scores 4 / sqrt(4) and 0
    expectClose([two.context[0][0]], [share], { relative: 1e-15 });
  });
});

describe('losses', () => {
  it('crossEntropy() averages over the rows that count', () => {
    expectClose(
      [
        crossEntropy(
          [
            [0, 0],
            [9, 1],
            [0, 0],
          ],
          [1, -100, 0],
        ),
      ],
      [Math.log(2)],
      { relative: 1e-15 },
    );
    expect(crossEntropy([[1e4, 0]], [1])).toBe(1e4);
  });

  it('crossEntropy() is NaN when no row counts, as in PyTorch', () => {
    expect(crossEntropy([[1, 2]], [-100])).toBeNaN();
  });

  it('binaryCrossEntropy() stays finite for large logits', () => {
    expectClose([binaryCrossEntropy([0, 0], [0, 1])], [Math.log(2)], { relative: 1e-15 });
    expect(binaryCrossEntropy([1e3, -1e3], [0, 1])).toBe(1e3);
  });

  it('meanSquaredError() averages squares', () => {
    expect(meanSquaredError([1, 2, 3], [1, 0, 0])).toBe(13 / 3);
  });
});
