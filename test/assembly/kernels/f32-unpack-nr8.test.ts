/** f32-unpack-nr8 against the panels that were made the plain way: every value comes back. */
import { describe, expect, it } from 'vitest';
import { Kernels } from '../../support/kernels.ts';
import { NR, panelBytes, roundUp8 } from '../../support/panels.ts';
import { painted } from '../../support/random.ts';
import { variants } from '../../support/variants.ts';

const COLUMNS = [1, 3, 7, 8, 9, 15, 16, 17];
const DEPTH = 5;
/** Floats of a panel with its bias. */
const PANEL = (DEPTH + 1) * NR;

/** Where depth `k` (0: the bias) of a column is. */
const at = (column: number, k: number) => Math.floor(column / NR) * PANEL + k * NR + (column % NR);

describe.each(variants)('f32-unpack-nr8 ($name)', ({ name: build }) => {
  const kernels = new Kernels(build);

  it.each(COLUMNS)('f32UnpackRows() makes %i lanes rows, from any column on', (columns) => {
    const panels = painted((roundUp8(columns) / NR) * PANEL);
    for (let first = 0; first < columns; first++) {
      const rows = columns - first;
      const found = kernels.call((frame, exports) => {
        const to = frame.inout(new Float32Array(rows * DEPTH));
        const from = frame.input(panels) + 4 * NR;
        exports.f32UnpackRows(to, from, panelBytes(DEPTH), first, rows, DEPTH);
        return frame.read(to, rows * DEPTH);
      });
      const expected = Float32Array.from({ length: rows * DEPTH }, (_, i) => {
        return panels[at(first + Math.floor(i / DEPTH), 1 + (i % DEPTH))]!;
      });
      expect(found).toEqual(expected);
    }
  });

  it.each(COLUMNS)('f32UnpackColumns() makes depths of %i lanes rows', (columns) => {
    const panels = painted((roundUp8(columns) / NR) * PANEL);
    const found = kernels.call((frame, exports) => {
      const to = frame.inout(new Float32Array(3 * columns));
      const from = frame.input(panels) + 4 * NR * 2;
      exports.f32UnpackColumns(to, from, panelBytes(DEPTH), 3, columns);
      return frame.read(to, 3 * columns);
    });
    const expected = Float32Array.from({ length: 3 * columns }, (_, i) => {
      return panels[at(i % columns, 2 + Math.floor(i / columns))]!;
    });
    expect(found).toEqual(expected);
  });
});
