/**
 * The f32 product with every epilogue, against sums in float64. There are two kinds of numbers:
 * painted ones, whose sums are exact in float32, so that results must be equal in every build, and
 * random ones, held to the bound of a float32 sum of K products.
 */
import { describe, expect, it } from 'vitest';
import { type Frame, Kernels } from '../../support/kernels.ts';
import { NR } from '../../support/panels.ts';
import { draw, type Operands, type Product, paint } from '../../support/products.ts';
import { painted } from '../../support/random.ts';
import type { GemmArguments, TestingExports } from '../../support/testing-exports.ts';
import { variants } from '../../support/variants.ts';

/** Every way in which a tile's last rows can be split, and a few blocks. */
const ROWS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 31, 32, 33];
const DEPTHS = [1, 2, 3, 5, 8, 32, 128, 512];

/** Half a unit in the last place of 1: the largest relative error of one rounding. */
const ROUNDING = 2 ** -24;

/** An epilogue: the call, and what it does to one sum. */
interface Epilogue {
  name: string;
  run(
    exports: TestingExports,
    gemm: GemmArguments,
    frame: Frame,
    operands: Operands,
    residual: number,
  ): void;
  usesResidual?: boolean;
  expected(sum: number, operands: Operands, row: number, column: number): number;
  /** How much of the sum's error is left in the result. */
  gain?(operands: Operands, row: number, column: number): number;
}

const EPILOGUES: Epilogue[] = [
  {
    name: 'f32GemmNr8',
    run: (exports, gemm) => exports.f32GemmNr8(...gemm),
    expected: (sum) => sum,
  },
  {
    name: 'f32GemmReluNr8',
    run: (exports, gemm) => exports.f32GemmReluNr8(...gemm),
    expected: (sum) => Math.max(sum, 0),
  },
  {
    name: 'f32GemmResidualNr8',
    run: (exports, gemm, _frame, _operands, residual) =>
      exports.f32GemmResidualNr8(...gemm, residual),
    usesResidual: true,
    expected: (sum, { residual }, row, column) => sum + residual[row * NR + column],
  },
  {
    name: 'f32GemmScaleShiftNr8',
    run: (exports, gemm, frame, { scale, shift }) =>
      exports.f32GemmScaleShiftNr8(...gemm, frame.input(scale), frame.input(shift)),
    expected: (sum, { scale, shift }, _row, column) => sum * scale[column] + shift[column],
    gain: ({ scale }, _row, column) => Math.abs(scale[column]),
  },
  {
    name: 'f32GemmResidualScaleShiftNr8',
    run: (exports, gemm, frame, { scale, shift }, residual) =>
      exports.f32GemmResidualScaleShiftNr8(
        ...gemm,
        residual,
        frame.input(scale),
        frame.input(shift),
      ),
    usesResidual: true,
    expected: (sum, { residual, scale, shift }, row, column) =>
      (sum + residual[row * NR + column]) * scale[column] + shift[column],
    gain: ({ scale }, _row, column) => Math.abs(scale[column]),
  },
  {
    name: 'f32GemmRowScaleNr8',
    run: (exports, [c, cStride, a, aStride, panel, , rows, depth], frame, { rowScale }) =>
      exports.f32GemmRowScaleNr8(
        ...([c, cStride, a, aStride, panel, rows, depth, frame.input(rowScale)] as const),
      ),
    expected: (sum, { rowScale }, row) => sum * rowScale[row],
    gain: ({ rowScale }, row) => Math.abs(rowScale[row]),
  },
];

/** Extra floats between the rows of a and of c: none, and odd counts that fit no vector. */
const STRIDES = [
  { aGap: 0, cGap: 0 },
  { aGap: 3, cGap: 5 },
];

describe.each(variants)('gemm-f32 ($name)', ({ name: build, isFused }) => {
  const kernels = new Kernels(build);

  describe.each(EPILOGUES)('$name()', (epilogue) => {
    it.each(DEPTHS)('is exact where float32 is, at depth %i', (depth) => {
      for (const rows of ROWS) {
        for (const gaps of STRIDES) {
          const operands = paint(rows, depth);
          const c = multiply(kernels, epilogue, operands, gaps);
          expect(c).toEqual(Float32Array.from(expectedOf(epilogue, operands)));
        }
      }
    });

    it.each(DEPTHS)('stays within the bound of a float32 sum, at depth %i', (depth) => {
      for (const rows of ROWS) {
        const operands = draw(rows, depth);
        const c = multiply(kernels, epilogue, operands, STRIDES[1]);
        expectWithinBound(c, epilogue, operands);
      }
    });
  });

  describe.each(EPILOGUES.filter(({ usesResidual }) => usesResidual))('$name()', (epilogue) => {
    it('takes its residual from c itself', () => {
      for (const rows of ROWS) {
        const operands = paint(rows, 32);
        const c = multiply(kernels, epilogue, operands, { aGap: 0, cGap: 4, isAliased: true });
        expect(c).toEqual(Float32Array.from(expectedOf(epilogue, operands)));
      }
    });
  });

  describe.each(EPILOGUES)('$name()', (epilogue) => {
    it.each(ROWS)('keeps a NaN of a in its row, with %i rows', (rows) => {
      const operands = paint(rows, 8);
      for (let bad = 0; bad < rows; bad++) {
        const a = operands.a.slice();
        a[bad * 8 + 5] = Number.NaN;
        const c = multiply(kernels, epilogue, { ...operands, a }, STRIDES[0]);
        const isNaNs = Array.from(c, Number.isNaN);
        expect(isNaNs).toEqual(isNaNs.map((_, i) => Math.floor(i / NR) === bad));
      }
    });

    it('keeps a NaN of the panel in its column', () => {
      const operands = paint(6, 8);
      for (let bad = 0; bad < NR; bad++) {
        const panel = operands.panel.slice();
        panel[4 * NR + bad] = Number.NaN;
        const c = multiply(kernels, epilogue, { ...operands, panel }, STRIDES[0]);
        const isNaNs = Array.from(c, Number.isNaN);
        expect(isNaNs).toEqual(isNaNs.map((_, i) => i % NR === bad));
      }
    });

    it('multiplies infinities as IEEE 754 does', () => {
      const operands = { ...paint(2, 3), panel: new Float32Array(4 * NR).fill(1) };
      const a = Float32Array.of(Infinity, 1, 1, 1, -Infinity, 1);
      operands.panel[1 * NR + 2] = 0; // Infinity * 0 in row 0, column 2
      const c = multiply(kernels, epilogue, { ...operands, a }, STRIDES[0]);
      for (const [i, found] of c.entries()) {
        const [row, column] = [Math.floor(i / NR), i % NR];
        const sum = row === 1 ? -Infinity : column === 2 ? Number.NaN : Infinity;
        expect(found).toBe(epilogue.expected(sum, operands, row, column));
      }
    });
  });

  // Builds that do not fuse take one panel at a time.
  describe.each(isFused ? EPILOGUES.filter(({ name }) => name !== 'f32GemmRowScaleNr8') : [])(
    '$name()',
    (epilogue) => {
      it.each(DEPTHS)('gives for two panels what it gives for each, at depth %i', (depth) => {
        for (const rows of ROWS) {
          const [left, right] = [draw(rows, depth), draw(rows + 100, depth)];
          const second = sameRows(left, right);
          const found = multiplyTwo(kernels, epilogue, left, second);
          expect(found.slice(0, 2)).toEqual([
            multiply(kernels, epilogue, left, STRIDES[0]),
            multiply(kernels, epilogue, second, STRIDES[0]),
          ]);
          expect(found[2].every((value) => value === GAP)).toBe(true);
        }
      });
    },
  );

  it('f32GemmNr8() with no rows writes nothing', () => {
    kernels.call((frame, exports) => {
      exports.f32GemmNr8(
        frame.input(painted(8)),
        32,
        0,
        4,
        frame.input(painted(16)),
        0,
        0,
        1,
        exports.idlePrefetch(),
      );
    });
  });

  it('f32GemmNr8() of depth 0 leaves the bias', () => {
    const operands = paint(5, 0);
    const c = multiply(kernels, EPILOGUES[0], operands, STRIDES[0]);
    for (let row = 0; row < 5; row++) {
      expect(c.slice(row * NR, (row + 1) * NR)).toEqual(operands.panel);
    }
  });
});

/** One call with gaps between rows -> c [M,8], dense. What lies in the gaps must survive. */
function multiply(
  kernels: Kernels,
  epilogue: Epilogue,
  operands: Operands,
  { aGap, cGap, isAliased = false }: { aGap: number; cGap: number; isAliased?: boolean },
): Float32Array {
  const { rows, depth, residual } = operands;
  const [aStride, cStride] = [depth + aGap, NR + cGap];
  const before = spread(isAliased ? residual : painted(rows * NR, 200), NR, cStride);
  const after = kernels.call((frame, exports) => {
    const c = frame.inout(before);
    const a = frame.input(spread(operands.a, depth, aStride));
    const panel = frame.input(operands.panel);
    const other = isAliased ? c : frame.input(spread(residual, NR, cStride));
    const idle = exports.idlePrefetch();
    const gemm = [c, 4 * cStride, a, 4 * aStride, panel, 0, rows, depth, idle] as const;
    epilogue.run(exports, [...gemm], frame, operands, other);
    return frame.read(c, before.length);
  });
  const touched = after.findIndex((value, i) => i % cStride >= NR && value !== before[i]);
  expect(touched, 'what lies between rows').toBe(-1);
  return gather(after, rows, cStride);
}

/** Fills c behind the columns of two panels. */
const GAP = 7e9;

/** The rows of `left` with the panel and the epilogue of other operands. */
function sameRows(left: Operands, { panel, residual, scale, shift }: Operands): Operands {
  const rest = residual.slice(0, left.residual.length);
  return { ...left, panel, residual: rest, scale, shift };
}

/** One call over two panels, 4 floats apart -> c [M,8] of each, and what lies between rows. */
function multiplyTwo(
  kernels: Kernels,
  epilogue: Epilogue,
  left: Operands,
  right: Operands,
): [Float32Array, Float32Array, Float32Array] {
  const { rows, depth } = left;
  const stride = 2 * NR + 3;
  const join = (key: 'scale' | 'shift') => Float32Array.of(...left[key], ...right[key]);
  const panels = new Float32Array(2 * left.panel.length + 4).fill(3e9);
  panels.set(left.panel);
  panels.set(right.panel, left.panel.length + 4);
  const residual = new Float32Array(rows * stride).fill(3e9);
  for (let i = 0; i < rows * NR; i++) {
    const at = Math.floor(i / NR) * stride + (i % NR);
    residual[at] = left.residual[i]!;
    residual[at + NR] = right.residual[i]!;
  }
  const both = { ...left, scale: join('scale'), shift: join('shift') };
  const found = kernels.call((frame, exports) => {
    const c = frame.inout(new Float32Array(rows * stride).fill(GAP));
    const [a, panel] = [frame.input(left.a), frame.input(panels)];
    const second = 4 * (left.panel.length + 4);
    const idle = exports.idlePrefetch();
    const gemm = [c, 4 * stride, a, 4 * depth, panel, second, rows, depth, idle] as const;
    epilogue.run(exports, [...gemm], frame, both, frame.input(residual));
    return frame.read(c, rows * stride);
  });
  return [
    found.filter((_, i) => i % stride < NR),
    found.filter((_, i) => i % stride >= NR && i % stride < 2 * NR),
    found.filter((_, i) => i % stride >= 2 * NR),
  ];
}

/** Dense rows -> rows `stride` floats apart, large numbers between. */
function spread(dense: Float32Array, columns: number, stride: number): Float32Array {
  const rows = columns === 0 ? 0 : dense.length / columns;
  const wide = new Float32Array(rows * stride).fill(3e9);
  for (let row = 0; row < rows; row++) {
    wide.set(dense.subarray(row * columns, (row + 1) * columns), row * stride);
  }
  return wide;
}

function gather(wide: Float32Array, rows: number, stride: number): Float32Array {
  const dense = new Float32Array(rows * NR);
  for (let row = 0; row < rows; row++) {
    dense.set(wide.subarray(row * stride, row * stride + NR), row * NR);
  }
  return dense;
}

function expectedOf(epilogue: Epilogue, product: Product): number[] {
  return Array.from(product.sums, (sum, i) =>
    epilogue.expected(sum, product, Math.floor(i / NR), i % NR),
  );
}

/**
 * Each of K products and K sums rounds once, at most by ROUNDING of what has been summed, so the
 * sum misses at most (K + 1) * ROUNDING * (sum of sizes) to first order; the epilogue adds at most
 * four roundings of numbers of that size.
 */
function expectWithinBound(c: Float32Array, epilogue: Epilogue, operands: Product): void {
  for (const [i, found] of c.entries()) {
    const [row, column] = [Math.floor(i / NR), i % NR];
    const size = operands.sizes[i];
    const expected = epilogue.expected(operands.sums[i], operands, row, column);
    const gain = epilogue.gain?.(operands, row, column) ?? 1;
    const others = Math.abs(operands.residual[i]) * gain + Math.abs(operands.shift[column]);
    const bound = ROUNDING * ((operands.depth + 1 + 4) * size * gain + 4 * others);
    const error = Math.abs(found - expected);
    if (!(error <= bound)) {
      throw new Error(
        `c [${row},${column}] of ${operands.rows} rows, depth ${operands.depth}: found ${found}, ` +
          `expected ${expected} within ${bound}`,
      );
    }
  }
}
