/**
 * qd-f32-qc8w-gemm-nr8 in every epilogue and form of rows, against exact integer sums and float32 steps
 * in the order that the kernel states, which a fused build rounds once where others do twice: results must
 * be equal, bit for bit.
 */
import { describe, expect, it } from 'vitest';
import { type Frame, Kernels } from '../../support/kernels.ts';
import { NR } from '../../support/panels.ts';
import { FORMS, type Form, formsOf, q8Depth, q8Row } from '../../support/q8-rows.ts';
import { random } from '../../support/random.ts';
import type { TestingExports } from '../../support/testing-exports.ts';
import { dotVariants } from '../../support/variants.ts';

const ROWS = [1, 2, 3, 4, 5, 6, 7, 9, 13];
const DEPTHS = [1, 2, 3, 7, 8, 15, 16, 17, 128, 511, 512];
const f = Math.fround;

type Gemm = Parameters<TestingExports['q8GemmNr8']>;

interface Operands {
  readonly form: Form;
  readonly isFused: boolean;
  readonly rows: number;
  readonly depth: number;
  /** [M,K], [8,K] */
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
  madd(o, x, o.scale[at % NR]!, o.shift[at % NR]!);

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
  'qd-f32-qc8w-gemm-nr8 ($name)',
  ({ name: build, isFused, hasDot, hasBytes }) => {
    const kernels = new Kernels(build);
    const draw = (rows: number, depth: number, form: Form) => drawn(rows, depth, form, isFused);
    const multiply = (epilogue: Epilogue, o: Operands) => product(kernels, hasDot, epilogue, o);

    describe.each(EPILOGUES)('$name()', (epilogue) => {
      it.each(DEPTHS)('has exact sums and rounds step by step, at depth %i', (depth) => {
        for (const form of formsOf(hasBytes)) {
          for (const rows of form.name === 'Words' ? ROWS : [1, 6, 13]) {
            const operands = draw(rows, depth, form);
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
      for (const form of formsOf(hasBytes)) {
        const operands = draw(6, 512, form);
        operands.a.fill(form.lowest < 0 ? row * form.highest : form.highest);
        operands.b.fill(weight * 127);
        expect(multiply(EPILOGUES[0]!, operands)).toEqual(expectedOf(EPILOGUES[0]!, operands));
      }
    });

    // Builds that do not fuse take one panel at a time.
    describe.each(hasBytes ? EPILOGUES : [])('$name()', (epilogue) => {
      it.each(DEPTHS)('gives for two panels what it gives for each, at depth %i', (depth) => {
        for (const form of FORMS) {
          for (const rows of ROWS) {
            const [left, other] = [draw(rows, depth, form), draw(rows + 100, depth, form)];
            const { a, rowScale } = left;
            const right = { ...other, rows, a, rowScale };
            const found = productOfTwo(kernels, epilogue, left, right);
            expect(found).toEqual([expectedOf(epilogue, left), expectedOf(epilogue, right)]);
          }
        }
      });
    });

    it.each(DEPTHS)('q8Starts() is -128 times the sums of columns, at depth %i', (depth) => {
      const operands = draw(1, depth, FORMS[0]!);
      const found = kernels.call((frame, exports) => {
        const to = frame.output(NR);
        exports.q8Starts(to, panelOf(frame, operands), depth);
        return new Int32Array(frame.read(to, NR).buffer);
      });
      expect(found).toEqual(startsOf(operands, true));
    });

    it('q8GemmNr8() keeps a NaN of a row scale in its row', () => {
      const operands = draw(3, 8, FORMS[0]!);
      operands.rowScale[1] = Number.NaN;
      const c = multiply(EPILOGUES[0]!, operands);
      expect(Array.from(c, Number.isNaN)).toEqual(
        Array.from(c, (_, i) => Math.floor(i / NR) === 1),
      );
    });
  },
);

function drawn(rows: number, depth: number, form: Form, isFused: boolean): Operands {
  const numbers = random(1000 * rows + depth);
  return {
    form,
    isFused,
    rows,
    depth,
    a: Int16Array.from(numbers.integers(rows * depth, form.lowest, form.highest + 1)),
    b: Int8Array.from(numbers.integers(NR * depth, -127, 128)),
    rowScale: numbers.uniforms(rows, 1e-6, 1e-3),
    columnScale: numbers.uniforms(NR, 1e-4, 1e-2),
    bias: numbers.normals(NR),
    residual: numbers.normals(rows * NR),
    scale: numbers.normals(NR),
    shift: numbers.normals(NR),
  };
}

/** One call -> c [M,8]; rows of c lie 12 floats apart, rows of a 16 bytes more than they need. */
function product(kernels: Kernels, hasDot: boolean, epilogue: Epilogue, o: Operands): Float32Array {
  const stride = 12;
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
        spread[Math.floor(i / NR) * stride + (i % NR)] = rows[i]!;
      }
      return spread;
    };
    const c = frame.inout(wide(new Float32Array(o.rows * NR)));
    const gemm: Gemm = [
      ...[c, 4 * stride, frame.input(a), aBytes],
      ...[frame.input(o.rowScale), panelOf(frame, o), 0, o.rows, o.depth],
      ...[hasDot && o.form.name === 'Words' ? 2 : 1, frame.input(startsOf(o, hasDot))],
      frame.output(exports.q8ScratchBytes(o.depth) / 4),
    ] as Gemm;
    const residual = frame.input(wide(o.residual));
    epilogue.run(exports, gemm, residual, frame.input(o.scale), frame.input(o.shift));
    const found = frame.read(c, o.rows * stride);
    expect(found.filter((_, i) => i % stride >= NR).every((x) => x === 5)).toBe(true);
    return found.filter((_, i) => i % stride < NR);
  });
}

/** One call over two panels, 64 bytes apart, of a build with rows of bytes -> c [M,8] of each. */
function productOfTwo(
  kernels: Kernels,
  epilogue: Epilogue,
  left: Operands,
  right: Operands,
): [Float32Array, Float32Array] {
  const { rows, depth, form } = left;
  const aBytes = 2 * q8Depth(depth);
  const a = new Uint8Array(rows * aBytes);
  for (let row = 0; row < rows; row++) {
    a.set(q8Row(form, left.a.subarray(row * depth, (row + 1) * depth), true), row * aBytes);
  }
  const panelBytes = 64 + 8 * q8Depth(depth);
  const panels = new Uint8Array(2 * panelBytes + 64);
  panels.set(panelBytesOf(left));
  panels.set(panelBytesOf(right), panelBytes + 64);
  const pair = (key: 'scale' | 'shift') => Float32Array.of(...left[key], ...right[key]);
  const starts = Int32Array.of(...startsOf(left, true), ...startsOf(right, true));
  const residual = Float32Array.from({ length: rows * 2 * NR }, (_, i) => {
    const of = i % (2 * NR) < NR ? left : right;
    return of.residual[Math.floor(i / (2 * NR)) * NR + (i % NR)]!;
  });
  return kernels.call((frame, exports) => {
    const c = frame.output(rows * 2 * NR);
    const gemm: Gemm = [
      ...[c, 8 * NR, frame.input(a), aBytes, frame.input(left.rowScale), frame.input(panels)],
      ...[panelBytes + 64, rows, depth, form.name === 'Words' ? 2 : 1, frame.input(starts), 0],
    ] as Gemm;
    const columns = [frame.input(pair('scale')), frame.input(pair('shift'))] as const;
    epilogue.run(exports, gemm, frame.input(residual), ...columns);
    const found = frame.read(c, rows * 2 * NR);
    return [
      found.filter((_, i) => i % (2 * NR) < NR),
      found.filter((_, i) => i % (2 * NR) >= NR),
    ] as const;
  }) as [Float32Array, Float32Array];
}

/** What sums start from: bytes that stand for signed numbers are 128 too large. */
function startsOf({ form, b, depth }: Operands, hasDot: boolean): Int32Array {
  const isOffset = hasDot && form.name !== 'Magnitudes';
  return Int32Array.from({ length: NR }, (_, n) => {
    const column = b.subarray(n * depth, (n + 1) * depth);
    return isOffset ? -128 * column.reduce((sum, weight) => sum + weight, 0) : 0;
  });
}

/** | bias f32 8 | scale f32 8 | four depths of each column, again and again | */
function panelOf(frame: Frame, operands: Operands): number {
  return frame.input(panelBytesOf(operands));
}

function panelBytesOf({ b, depth, bias, columnScale }: Operands): Uint8Array {
  const panel = new Uint8Array(64 + 8 * q8Depth(depth));
  panel.set(new Uint8Array(bias.buffer));
  panel.set(new Uint8Array(columnScale.buffer), 32);
  for (let n = 0; n < NR; n++) {
    for (let k = 0; k < depth; k++) {
      panel[64 + 32 * (k >> 2) + 4 * n + (k & 3)] = b[n * depth + k]! & 255;
    }
  }
  return panel;
}

function expectedOf(epilogue: Epilogue, o: Operands): Float32Array {
  return Float32Array.from({ length: o.rows * NR }, (_, at) => {
    const [row, column] = [Math.floor(at / NR), at % NR];
    let sum = 0;
    for (let k = 0; k < o.depth; k++) sum += o.a[row * o.depth + k]! * o.b[column * o.depth + k]!;
    const factor = f(o.rowScale[row]! * o.columnScale[column]!);
    return epilogue.expected(madd(o, f(sum), factor, o.bias[column]!), o, at);
  });
}
