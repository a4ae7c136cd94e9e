/**
 * A parameter's values out of the engine, dense and in f32, whatever they are kept in: of an fp32 or
 * fp16 model the numbers that were loaded (rounded to halves once), of a q8 model those it computes with.
 */

import type { Engine, HomeAddress } from '../../engine/engine.ts';
import { fromBf16, fromHalf } from '../../half.ts';
import type { Kept, Parameter, Place } from '../../weights/names.ts';
import { byteSize, rowsOf } from '../../weights/tensor-info.ts';
import type { Target } from '../load/placement.ts';
import { keptIn, Panels } from '../panels.ts';

type Values = Float32Array<ArrayBuffer>;

/** Zeros for a parameter that no output depends on, and that is not kept. */
export function fetchParameter(target: Target, { shape, places, kept }: Parameter): Values {
  const [place] = places;
  if (!place) return new Float32Array(byteSize(shape, 1));
  if (!kept) return fetchPlace(target, place, shape);
  const whole = shape.with(kept.axis, kept.size);
  return keptOf(fetchPlace(target, place, whole), rowsOf(whole).rowSize, kept);
}

/** The values of one place; `shape` is the whole module's. */
export function fetchPlace(target: Target, place: Place, shape: readonly number[]): Values {
  const { engine, dtype } = target;
  const { rows, rowSize } = rowsOf(shape);
  if (dtype === 'fp32') return engine.fetch(place, 0, rows, rowSize);
  if (place.slot.endsWith('Embeddings')) return fetchTable(target, place, rows, rowSize);
  if (place.slot.endsWith('Norm')) {
    return floatsAt(engine, { ...place, home: place.part === 'weight' ? 'Data' : 'Scales' }, rows);
  }
  return fetchLinear(target, place, rows, rowSize);
}

function fetchTable({ engine, dtype }: Target, place: Place, rows: number, width: number): Values {
  const { buffer, byteOffset } = engine.home({ ...place, home: 'Data' });
  const values = new Float32Array(rows * width);
  const kind = keptIn(place.slot, dtype);
  if (kind !== 'q8') {
    const halves = new Uint16Array(buffer, byteOffset, values.length);
    const widen = kind === 'bf16' ? fromBf16 : fromHalf;
    for (let i = 0; i < values.length; i++) values[i] = widen(halves[i]!);
    return values;
  }
  const home = engine.home({ ...place, home: 'Scales' });
  const scales = new Uint16Array(buffer, home.byteOffset, rows);
  const numbers = new Int8Array(buffer, byteOffset, values.length);
  for (let i = 0; i < values.length; i++) {
    values[i] = numbers[i]! * fromBf16(scales[Math.floor(i / width)]!);
  }
  return values;
}

function fetchLinear(target: Target, place: Place, rows: number, width: number): Values {
  const { engine, config, dtype } = target;
  const isDense = place.slot === 'LmDense';
  // Halves of the masked-LM decoder are one set of panels: its own depths, then the dense ones.
  const isOneSet = isDense && dtype === 'fp16';
  const first = isOneSet ? config.embedding_size : 0;
  const home = { ...place, slot: isOneSet ? ('LmDecoder' as const) : place.slot };
  const panels = new Panels(engine, home, isDense ? width : rows, dtype);
  const values = new Float32Array(rows * width);
  for (let row = 0, i = 0; row < rows; row++) {
    for (let column = 0; column < width; column++, i++) {
      if (place.part === 'bias') values[i] = panels.bias(row);
      else if (isDense) values[i] = panels.weight(column, first + row);
      else values[i] = panels.weight(row, column);
    }
  }
  return values;
}

function floatsAt(engine: Engine, address: HomeAddress, count: number): Values {
  const { buffer, byteOffset } = engine.home(address);
  return new Float32Array(buffer, byteOffset, count).slice();
}

/** What is left of a dense tensor. */
function keptOf(whole: Values, width: number, { axis, indices }: Kept): Values {
  if (axis === 0) {
    const rows = new Float32Array(indices.length * width);
    indices.forEach((row, i) => {
      rows.set(whole.subarray(row * width, (row + 1) * width), i * width);
    });
    return rows;
  }
  const count = indices.length;
  return Float32Array.from(
    { length: (whole.length / width) * count },
    (_, i) => whole[Math.floor(i / count) * width + indices[i % count]!]!,
  );
}
