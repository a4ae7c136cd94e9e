/**
 * The element types a Tensor can have, and the typed array that holds each. int64 and uint64 hold
 * bigints; bool holds 0 and 1 in a Uint8Array.
 */

/** The typed array behind each element type. */
export interface DataTypeMap {
  float32: Float32Array;
  float64: Float64Array;
  int8: Int8Array;
  uint8: Uint8Array;
  int16: Int16Array;
  uint16: Uint16Array;
  int32: Int32Array;
  uint32: Uint32Array;
  int64: BigInt64Array;
  uint64: BigUint64Array;
  bool: Uint8Array;
}

/** Name of an element type, as ONNX and transformers.js spell it. */
export type DataType = keyof DataTypeMap;

/** What one element of a tensor reads as. */
export type Element<T extends DataType> = DataTypeMap[T][number];

/**
 * Elements as the arithmetic sees them. 64-bit tensors hold bigints at run time: every operation
 * that is written for numbers here also holds for bigints, as long as both sides are of one kind.
 */
export interface Values {
  readonly length: number;
  [index: number]: number;
}

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
};

/** Whether a type is stored as bigints. */
export function isBig(type: DataType): boolean {
  return type === 'int64' || type === 'uint64';
}

/** Whether a type holds fractions. */
export function isFloat(type: DataType): boolean {
  return type === 'float32' || type === 'float64';
}

/** The typed array constructor of a type; TypeError when there is no such type. */
export function arrayOf<T extends DataType>(type: T): new (length: number) => DataTypeMap[T] {
  if (!Object.hasOwn(arrays, type)) {
    const known = Object.keys(arrays).join(', ');
    throw new TypeError(
      `Cannot make a tensor: type is "${String(type)}", expected one of ${known}`,
    );
  }
  return arrays[type] as unknown as new (
    length: number,
  ) => DataTypeMap[T];
}

/** Copies values into the typed array of a type, as a C cast converts (bool: zero or not). */
export function convert<T extends DataType>(
  values: ArrayLike<number | bigint | boolean>,
  type: T,
): DataTypeMap[T] {
  const data = new (arrayOf(type))(values.length);
  const out = data as unknown as (number | bigint)[];
  const big = isBig(type);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (type === 'bool') out[i] = value ? 1 : 0;
    else if (big) out[i] = BigInt(typeof value === 'number' ? Math.trunc(value) : value);
    else out[i] = Number(value);
  }
  return data;
}

/** A tensor's data: the typed array itself, or a flat array converted; TypeError for others. */
export function dataOf<T extends DataType>(
  type: T,
  data: DataTypeMap[T] | readonly (number | bigint | boolean)[],
): DataTypeMap[T] {
  if (Array.isArray(data)) return convert(data, type);
  const wanted = arrayOf(type).name;
  // By tag, not instanceof, so that an array of another realm (an iframe, a test runner) is taken.
  const found = ArrayBuffer.isView(data) ? data[Symbol.toStringTag] : typeof data;
  if (found === wanted) return data as DataTypeMap[T];
  throw new TypeError(`Cannot make a ${type} tensor: data is ${found}, expected ${wanted}`);
}
