/**
 * A slot's values out of packed bytes, dense and in f32: of an f32 or f16 model the numbers that
 * were stored, of a q8 model those that it computes with.
 */

import { fromBf16, fromHalf } from '../../numerics/half.ts';
import { WeightType } from '../abi.ts';
import type { Engine, SlotPart, SlotStorage } from '../engine.ts';
import { decodeOutliers } from './outliers.ts';
import { Panels } from './panels.ts';

type Values = Float32Array<ArrayBuffer>;

/** `rows` rows of `width` elements; a vector has one element a row. */
export function readValues(engine: Engine, from: SlotPart, rows: number, width: number): Values {
  return engine.openWeights(() => {
    const { slot } = from;
    if (engine.dimensions.weightType === WeightType.F32) return engine.fetch(from, 0, rows, width);
    if (slot.endsWith('Embeddings')) return readTable(engine, from, rows, width);
    if (slot.endsWith('Norm')) {
      const storage = from.part === 'weight' ? 'Data' : 'Scales';
      return floatsOf(engine, { ...from, storage }, rows).slice();
    }
    return readLinear(engine, from, rows, width);
  });
}

/** A norm's vector as a view: valid inside `openWeights` until memory grows. */
export function floatsOf(engine: Engine, at: SlotStorage, count: number): Values {
  const { buffer, byteOffset } = engine.storage(at);
  return new Float32Array(buffer, byteOffset, count);
}

function readTable(engine: Engine, from: SlotPart, rows: number, width: number): Values {
  const { buffer, byteOffset } = engine.storage({ ...from, storage: 'Data' });
  const values = new Float32Array(rows * width);
  const type = engine.weightType(from);
  if (type !== 'Q8') {
    const halves = new Uint16Array(buffer, byteOffset, values.length);
    const widen = type === 'BF16' ? fromBf16 : fromHalf;
    for (let i = 0; i < values.length; i++) values[i] = widen(halves[i]!);
    return withOutliers(engine, from, values);
  }
  const scalesAt = engine.storage({ ...from, storage: 'Scales' }).byteOffset;
  const scales = new Uint16Array(buffer, scalesAt, rows);
  const numbers = new Int8Array(buffer, byteOffset, values.length);
  for (let i = 0; i < values.length; i++) {
    values[i] = numbers[i]! * fromBf16(scales[Math.floor(i / width)]!);
  }
  return withOutliers(engine, from, values);
}

/** Writes the numbers of a table that are kept in f32 into its values. */
function withOutliers(engine: Engine, table: SlotPart, values: Values): Values {
  for (const { place, value } of decodeOutliers(engine.outliers(table))) values[place] = value;
  return values;
}

function readLinear(engine: Engine, from: SlotPart, rows: number, width: number): Values {
  const isDense = from.slot === 'LmDense';
  // In f16 the masked-LM decoder is one set of panels: its own depths, then the dense ones.
  const isOneSet = isDense && engine.dimensions.weightType === WeightType.F16;
  const first = isOneSet ? engine.dimensions.embedding : 0;
  const at = { ...from, slot: isOneSet ? ('LmDecoder' as const) : from.slot };
  const panels = new Panels(engine, at, isDense ? width : rows);
  const values = new Float32Array(rows * width);
  for (let row = 0, i = 0; row < rows; row++) {
    for (let column = 0; column < width; column++, i++) {
      if (from.part === 'bias') values[i] = panels.bias(row);
      else if (isDense) values[i] = panels.weight(column, first + row);
      else values[i] = panels.weight(row, column);
    }
  }
  return values;
}
