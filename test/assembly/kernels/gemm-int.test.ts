/**
 * The integer products with every epilogue and every form of rows, against exact integer sums and
 * the kernel's own float32 steps, which a fused build rounds once where others round twice. Results
 * must be equal, bit for bit.
 */
import { describe, expect, it } from 'vitest';
import { Kernels } from '../../support/kernels.ts';
import { NR, packQ16Rows, padPanels, roundUp8 } from '../../support/panels.ts';
import { FORMS, type Form, formsOf, q8Depth, q8Row, upperByte } from '../../support/q8-rows.ts';
import { random } from '../../support/random.ts';
import type { TestingExports } from '../../support/testing-exports.ts';
import { dotVariants, variants } from '../../support/variants.ts';

const ROWS = [1, 2, 3, 4, 5, 6, 7, 9, 13];
const DEPTHS = [1, 2, 3, 7, 8, 15, 16, 17, 128, 511, 512];
const COLUMNS = [8, 16, 24, 40];
const Q16_DEPTHS = [1, 2, 3, 8, 31, 32, 33, 384];
const f = Math.fround;

type Gemm = Parameters<TestingExports['q8GemmNr8']>;

interface Operands {
  readonly form: Form;
  readonly isFused: boolean;
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  /** [M,K], [N,K] */
  readonly a: Int16Array;
  readonly b: Int8Array;
  readonly rowScale: Float32Array;
  readonly columnScale: Float32Array;
  readonly bias: Float32Array;
  readonly residual: Float32Array;
  readonly scale: Float32Array;
  readonly shift: Float32Array;
}

interface Epilogue {
  readonly name: string;
  run(exports: TestingExports, gemm: Gemm, residual: number, scale: number, shift: number): void;
  expected(sum: number, o: Operands, at: number): number;
}

/** In float64 the product of two f32 is exact. */
const madd = ({ isFused }: Operands, a: number, b: number, c: number) =>
  f((isFused ? a * b : f(a * b)) + c);

const norm = (x: number, o: Operands, at: number) =>
  madd(o, x, o.scale[at % o.columns]!, o.shift[at % o.columns]!);

const EPILOGUES: Epilogue[] = [
  { name: 'q8GemmNr8', run: (e, gemm) => e.q8GemmNr8(...gemm), expected: (sum) => sum },
  {
    name: 'q8GemmReluNr8',
    run: (e, gemm) => e.q8GemmReluNr8(...gemm),
    expected: (sum) => Math.max(sum, 0),
  },
  {
    name: 'q8GemmResidualNr8',
    run: (e, gemm, residual) => e.q8GemmResidualNr8(...gemm, residual),
    expected: (sum, { residual }, at) => f(sum + residual[at]!),
  },
  {
    name: 'q8GemmScaleShiftNr8',
    run: (e, gemm, _, scale, shift) => e.q8GemmScaleShiftNr8(...gemm, scale, shift),
    expected: norm,
  },
  {
    name: 'q8GemmResidualScaleShiftNr8',
    run: (e, gemm, residual, scale, shift) =>
      e.q8GemmResidualScaleShiftNr8(...gemm, residual, scale, shift),
    expected: (sum, o, at) => norm(f(sum + o.residual[at]!), o, at),
  },
];

describe.each(dotVariants)(
  'q8 products ($name)',
  ({ name: build, isFused, hasDot, hasByteRows }) => {
    const kernels = new Kernels(build);
    const draw = (rows: number, columns: number, depth: number, form: Form) =>
      drawn({ rows, columns, depth, form, isFused });
    const multiply = (epilogue: Epilogue, o: Operands) => product(kernels, hasDot, epilogue, o);

    describe.each(EPILOGUES)('$name()', (epilogue) => {
      it.each(DEPTHS)('has exact sums and rounds step by step, at depth %i', (depth) => {
        for (const form of formsOf(hasByteRows)) {
          for (const rows of ROWS) {
            const operands = draw(rows, 16, depth, form);
            expect(multiply(epilogue, operands)).toEqual(expectedOf(epilogue, operands));
          }
        }
      });

      it.each(COLUMNS)('passes over %i columns', (columns) => {
        for (const form of formsOf(hasByteRows)) {
          for (const rows of [1, 2, 6, 8]) {
            const operands = draw(rows, columns, 24, form);
            expect(multiply(epilogue, operands)).toEqual(expectedOf(epilogue, operands));
          }
        }
      });
    });

    it.each([
      [1, 1],
      [1, -1],
      [-1, -1],
    ])('q8GemmNr8() sums 512 products of the largest numbers (signs %i, %i)', (row, weight) => {
      for (const form of formsOf(hasByteRows)) {
        const operands = draw(6, NR, 512, form);
        operands.a.fill(form.lowest < 0 ? row * form.highest : form.highest);
        operands.b.fill(weight * 127);
        expect(multiply(EPILOGUES[0]!, operands)).toEqual(expectedOf(EPILOGUES[0]!, operands));
      }
    });

    it.each(DEPTHS)('q8Starts() is -128 times the sums of columns, at depth %i', (depth) => {
      const operands = draw(1, NR, depth, FORMS[0]!);
      const found = kernels.call((frame, exports) => {
        const to = frame.output(NR);
        exports.q8Starts(to, frame.input(panelsOf(operands)), depth);
        return new Int32Array(frame.read(to, NR).buffer);
      });
      expect(found).toEqual(startsOf(operands, true));
    });

    it('q8GemmNr8() keeps a NaN of a row scale in its row', () => {
      const operands = draw(3, NR, 8, FORMS[0]!);
      operands.rowScale[1] = Number.NaN;
      const c = multiply(EPILOGUES[0]!, operands);
      expect(Array.from(c, Number.isNaN)).toEqual(
        Array.from(c, (_, i) => Math.floor(i / NR) === 1),
      );
    });
  },
);

describe.each(variants)('q16 products ($name)', ({ name: build }) => {
  const kernels = new Kernels(build);

  it.each(Q16_DEPTHS)('q16GemmNr8() sums exactly, depth %i', (depth) => {
    for (const rows of [1, 2, 3, 4, 5, 6, 9]) {
      const numbers = random(rows * depth);
      const a = Int16Array.from(numbers.integers(rows * depth, -8191, 8192));
      const scales = numbers.uniforms(rows, 1e-6, 1e-3);
      const b = numbers.normals(NR * depth);
      const bias = numbers.normals(NR);
      const columns = packQ16Rows(kernels, b, NR, depth);
      const expected = Float32Array.from({ length: rows * NR }, (_, at) => {
        const { integers, scale } = columns[at % NR]!;
        const row = Math.floor(at / NR);
        let sum = 0;
        for (let k = 0; k < depth; k++) sum += a[row * depth + k]! * integers[k]!;
        return f(f(f(sum) * f(scales[row]! * scale)) + bias[at % NR]!);
      });
      expect(multiplyI16(kernels, a, scales, b, bias, depth)).toEqual(expected);
    }
  });
});

function drawn(
  extents: Pick<Operands, 'rows' | 'columns' | 'depth' | 'form' | 'isFused'>,
): Operands {
  const { rows, columns, depth, form } = extents;
  const numbers = random(1000 * rows + 100 * columns + depth);
  return {
    ...extents,
    a: Int16Array.from(numbers.integers(rows * depth, form.lowest, form.highest + 1)),
    b: Int8Array.from(numbers.integers(columns * depth, -127, 128)),
    rowScale: numbers.uniforms(rows, 1e-6, 1e-3),
    columnScale: numbers.uniforms(columns, 1e-4, 1e-2),
    bias: numbers.normals(columns),
    residual: numbers.normals(rows * columns),
    scale: numbers.normals(columns),
    shift: numbers.normals(columns),
  };
}

/**
 * One call -> c [M,N]; rows of c lie 4 floats further apart, rows of a 16 bytes more than they
 * need.
 */
function product(kernels: Kernels, hasDot: boolean, epilogue: Epilogue, o: Operands): Float32Array {
  const N = o.columns;
  const stride = N + 4;
  const aBytes = 2 * q8Depth(o.depth) + 16;
  const a = new Uint8Array(o.rows * aBytes).fill(77);
  for (let row = 0; row < o.rows; row++) {
    const numbers = o.a.subarray(row * o.depth, (row + 1) * o.depth);
    a.set(q8Row(o.form, numbers, hasDot), row * aBytes);
  }
  return kernels.call((frame, exports) => {
    const wide = (rows: Float32Array) => {
      const spread = new Float32Array(o.rows * stride).fill(5);
      for (let i = 0; i < rows.length; i++) {
        spread[Math.floor(i / N) * stride + (i % N)] = rows[i]!;
      }
      return spread;
    };
    const c = frame.inout(wide(new Float32Array(o.rows * N)));
    const gemm: Gemm = [
      ...[c, 4 * stride, frame.input(a), aBytes],
      ...[frame.input(o.rowScale), frame.input(panelsOf(o)), o.rows, N, o.depth],
      ...[hasDot ? o.form.planes : 1, frame.input(startsOf(o, hasDot))],
      frame.output(exports.q8ScratchBytes(o.depth) / 4),
    ] as Gemm;
    const residual = frame.input(wide(o.residual));
    epilogue.run(exports, gemm, residual, frame.input(o.scale), frame.input(o.shift));
    const found = frame.read(c, o.rows * stride);
    expect(found.filter((_, i) => i % stride >= N).every((x) => x === 5)).toBe(true);
    return found.filter((_, i) => i % stride < N);
  });
}

/** Where sums start: bytes of signed numbers are 128 too large. */
function startsOf({ form, b, columns, depth }: Operands, hasDot: boolean): Int32Array {
  const isOffset = hasDot && form.isOffset;
  return Int32Array.from({ length: columns }, (_, n) => {
    const column = b.subarray(n * depth, (n + 1) * depth);
    return isOffset ? -128 * column.reduce((sum, weight) => sum + weight, 0) : 0;
  });
}

/**
 * Panels of | bias f32 8 | scale f32 8 | four depths of each of eight columns | the next four .. |
 */
function panelsOf({ b, columns, depth, bias, columnScale }: Operands): Uint8Array {
  const panelBytes = 64 + 8 * q8Depth(depth);
  const panels = new Uint8Array((columns / NR) * panelBytes);
  const view = new DataView(panels.buffer);
  for (let n = 0; n < columns; n++) {
    const panel = Math.floor(n / NR) * panelBytes;
    const lane = n % NR;
    view.setFloat32(panel + 4 * lane, bias[n]!, true);
    view.setFloat32(panel + 32 + 4 * lane, columnScale[n]!, true);
    for (let k = 0; k < depth; k++) {
      view.setInt8(panel + 64 + 32 * (k >> 2) + 4 * lane + (k & 3), b[n * depth + k]!);
    }
  }
  return panels;
}

function expectedOf(epilogue: Epilogue, o: Operands): Float32Array {
  const numbers = o.form.name === 'UpperI8' ? o.a.map(upperByte) : o.a;
  return Float32Array.from({ length: o.rows * o.columns }, (_, at) => {
    const [row, column] = [Math.floor(at / o.columns), at % o.columns];
    let sum = 0;
    for (let k = 0; k < o.depth; k++)
      sum += numbers[row * o.depth + k]! * o.b[column * o.depth + k]!;
    const factor = f(o.rowScale[row]! * o.columnScale[column]!);
    return epilogue.expected(madd(o, f(sum), factor, o.bias[column]!), o, at);
  });
}

/** One call -> c [M,8] of rows of i16 and eight columns made of b [8,K]. */
function multiplyI16(
  kernels: Kernels,
  a: Int16Array,
  scales: Float32Array,
  b: Float32Array,
  bias: Float32Array,
  depth: number,
): Float32Array {
  const rows = scales.length;
  const width = roundUp8(depth);
  const integers = new Int16Array(rows * width);
  for (let i = 0; i < rows; i++) integers.set(a.subarray(i * depth, (i + 1) * depth), i * width);
  return kernels.call((frame, exports) => {
    const bytes = exports.q16PanelBytes(depth);
    const panel = frame.inout(new Float32Array(bytes / 4));
    const scratch = frame.output(width / 2);
    exports.q16PackRows(panel, frame.input(padPanels(b, NR, depth)), 4 * width, NR, depth, scratch);
    new Float32Array(exports.memory.buffer, panel, NR).set(bias);
    const c = frame.output(rows * NR);
    const from = frame.input(new Uint8Array(integers.buffer));
    exports.q16GemmNr8(c, 4 * NR, from, 2 * width, frame.input(scales), panel, rows, depth);
    return frame.read(c, rows * NR);
  });
}
