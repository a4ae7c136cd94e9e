/**
 * Packing against panels made in plain code: every value in its place, and nothing else changed.
 * Unpacking such panels gives every value back.
 */
import { describe, expect, it } from 'vitest';
import { Kernels } from '../../support/kernels.ts';
import { makePanels, NR, panelBytes, roundUp8 } from '../../support/panels.ts';
import { painted } from '../../support/random.ts';
import { variants } from '../../support/variants.ts';

const COUNTS = Array.from({ length: 17 }, (_, i) => i + 1);
const DEPTHS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 128];
/** What panels hold before packing. No source has this value. */
const KEPT = 777;

const UNPACKED = [1, 3, 7, 8, 9, 15, 16, 17];
const UNPACKED_DEPTH = 5;
/** Floats of an unpacked panel with its bias. */
const UNPACKED_PANEL = (UNPACKED_DEPTH + 1) * NR;

/** Where depth `k` (0: the bias) of a column is. */
const place = (column: number, k: number) =>
  Math.floor(column / NR) * UNPACKED_PANEL + k * NR + (column % NR);

/** Rows [N,K], `stride` floats apart. */
interface Source {
  data: Float32Array;
  stride: number;
}

describe.each(variants)('pack-f32 ($name)', ({ name: build }) => {
  const kernels = new Kernels(build);

  describe('f32PackRows()', () => {
    it.each(DEPTHS)('makes source rows lanes, at depth %i', (depth) => {
      for (const rows of COUNTS) {
        const source = paint(rows, depth, 2);
        const panels = packRows(kernels, source, rows, depth, [rows]);
        expect(panels).toEqual(panelsOfRows(source, rows, depth));
      }
    });

    it.each(COUNTS)('goes on from column %i as weights stream in', (first) => {
      for (const rows of [1, 2, 3, 4, 5, 7, 8, 9, 16]) {
        const source = paint(first + rows, 5, 0);
        const panels = packRows(kernels, source, first + rows, 5, [first, rows]);
        expect(panels).toEqual(panelsOfRows(source, first + rows, 5));
      }
    });

    it('packs the same however the rows are cut', () => {
      const source = paint(41, 9, 1);
      const whole = panelsOfRows(source, 41, 9);
      for (const cut of [1, 2, 3, 4, 5, 6, 7, 8, 11, 40]) {
        const chunks = Array.from({ length: Math.ceil(41 / cut) }, (_, i) =>
          Math.min(cut, 41 - i * cut),
        );
        expect(packRows(kernels, source, 41, 9, chunks)).toEqual(whole);
      }
    });

    it('packs a bias as depth 0 of single-element rows', () => {
      const bias = painted(13);
      const panels = kernels.call((frame, exports) => {
        const to = frame.inout(new Float32Array(2 * NR * 4).fill(KEPT));
        exports.f32PackRows(to, panelBytes(3), 0, frame.input(bias), 4, 13, 1);
        return frame.read(to, 2 * NR * 4);
      });
      const inPlace = (i: number) => Math.floor(i / (NR * 4)) * NR + (i % NR);
      expect(Array.from(panels)).toEqual(
        Array.from(panels, (_, i) =>
          i % (NR * 4) < NR && inPlace(i) < 13 ? bias[inPlace(i)] : KEPT,
        ),
      );
    });

    it('packs nothing from no rows', () => {
      const panels = packRows(kernels, paint(0, 4, 0), 0, 4, [0]);
      expect(panels).toEqual(new Float32Array(0));
    });
  });

  describe('f32PackColumns()', () => {
    it.each(DEPTHS)('makes source rows depths, at depth %i', (depth) => {
      for (const columns of [...COUNTS, 32, 33]) {
        const source = paint(depth, columns, 3);
        const panels = packColumns(kernels, source, depth, columns, [depth]);
        expect(panels).toEqual(panelsOfColumns(source, depth, columns));
      }
    });

    it.each([1, 2, 3, 4, 5, 8])('goes on from any depth, %i rows at a time', (cut) => {
      const source = paint(9, 13, 0);
      const chunks = Array.from({ length: Math.ceil(9 / cut) }, (_, i) =>
        Math.min(cut, 9 - i * cut),
      );
      const panels = packColumns(kernels, source, 9, 13, chunks);
      expect(panels).toEqual(panelsOfColumns(source, 9, 13));
    });
  });

  it('f32PackRows() and f32GemmNr8() give a matrix back through the identity', () => {
    const [N, K] = [19, 6];
    const weight = painted(N * K);
    const identity = Float32Array.from({ length: K * K }, (_, i) => (i % (K + 1) === 0 ? 1 : 0));
    const [result, stride] = kernels.call((frame, exports) => {
      const panels = frame.inout(new Float32Array((roundUp8(N) / NR) * (K + 1) * NR));
      exports.f32PackRows(panels + 4 * NR, panelBytes(K), 0, frame.input(weight), 4 * K, N, K);
      const c = frame.output(K * roundUp8(N));
      const a = frame.input(identity);
      for (let p = 0; p * NR < N; p++) {
        const panel = panels + p * panelBytes(K);
        exports.f32GemmNr8(
          c + 4 * p * NR,
          4 * roundUp8(N),
          a,
          4 * K,
          panel,
          0,
          K,
          K,
          exports.idlePrefetch(),
        );
      }
      return [frame.read(c, K * roundUp8(N)), roundUp8(N)] as const;
    });
    for (let n = 0; n < N; n++) {
      for (let k = 0; k < K; k++) expect(result[k * stride + n]).toBe(weight[n * K + k]);
    }
  });

  it.each(UNPACKED)('f32UnpackRows() makes %i lanes rows, from any column on', (columns) => {
    const panels = painted((roundUp8(columns) / NR) * UNPACKED_PANEL);
    for (let first = 0; first < columns; first++) {
      const rows = columns - first;
      const found = kernels.call((frame, exports) => {
        const to = frame.inout(new Float32Array(rows * UNPACKED_DEPTH));
        const from = frame.input(panels) + 4 * NR;
        exports.f32UnpackRows(to, from, panelBytes(UNPACKED_DEPTH), first, rows, UNPACKED_DEPTH);
        return frame.read(to, rows * UNPACKED_DEPTH);
      });
      const expected = Float32Array.from({ length: rows * UNPACKED_DEPTH }, (_, i) => {
        return panels[place(first + Math.floor(i / UNPACKED_DEPTH), 1 + (i % UNPACKED_DEPTH))]!;
      });
      expect(found).toEqual(expected);
    }
  });

  it.each(UNPACKED)('f32UnpackColumns() makes depths of %i lanes rows', (columns) => {
    const panels = painted((roundUp8(columns) / NR) * UNPACKED_PANEL);
    const found = kernels.call((frame, exports) => {
      const to = frame.inout(new Float32Array(3 * columns));
      const from = frame.input(panels) + 4 * NR * 2;
      exports.f32UnpackColumns(to, from, panelBytes(UNPACKED_DEPTH), 3, columns);
      return frame.read(to, 3 * columns);
    });
    const expected = Float32Array.from({ length: 3 * columns }, (_, i) => {
      return panels[place(i % columns, 2 + Math.floor(i / columns))]!;
    });
    expect(found).toEqual(expected);
  });
});

function paint(rows: number, columns: number, gap: number): Source {
  return { data: painted(rows * (columns + gap), 31), stride: columns + gap };
}

function panelsOfRows({ data, stride }: Source, rows: number, depth: number): Float32Array {
  return makePanels(
    rows,
    depth,
    (n, k) => data[n * stride + k],
    () => KEPT,
    KEPT,
  );
}

function panelsOfColumns({ data, stride }: Source, depth: number, columns: number): Float32Array {
  return makePanels(
    columns,
    depth,
    (n, k) => data[k * stride + n],
    () => KEPT,
    KEPT,
  );
}

/** Packs rows in chunks, one call each with a buffer of its own, as streaming does. */
function packRows(
  kernels: Kernels,
  { data, stride }: Source,
  rows: number,
  depth: number,
  chunks: number[],
): Float32Array {
  return kernels.call((frame, exports) => {
    const panels = new Float32Array((roundUp8(rows) / NR) * (depth + 1) * NR).fill(KEPT);
    const to = frame.inout(panels);
    let first = 0;
    for (const count of chunks) {
      const from = frame.input(data.subarray(first * stride, (first + count) * stride));
      exports.f32PackRows(to + 4 * NR, panelBytes(depth), first, from, 4 * stride, count, depth);
      first += count;
    }
    return frame.read(to, panels.length);
  });
}

/** Packs columns in chunks of source rows, one call each with a buffer of its own. */
function packColumns(
  kernels: Kernels,
  { data, stride }: Source,
  depth: number,
  columns: number,
  chunks: number[],
): Float32Array {
  return kernels.call((frame, exports) => {
    const panels = new Float32Array((roundUp8(columns) / NR) * (depth + 1) * NR).fill(KEPT);
    const to = frame.inout(panels);
    let first = 0;
    for (const count of chunks) {
      const from = frame.input(data.subarray(first * stride, (first + count) * stride));
      const depthBytes = 4 * NR * (1 + first);
      exports.f32PackColumns(to + depthBytes, panelBytes(depth), from, 4 * stride, count, columns);
      first += count;
    }
    return frame.read(to, panels.length);
  });
}
