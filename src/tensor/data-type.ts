/**
 * The element types of a tensor, and the typed array of each. Elements of int64 and uint64 are
 * bigints; bool is 0 or 1 in a Uint8Array.
 */

/** The typed array of each element type. */
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

/** JavaScript type of one element. */
export type Element<T extends DataType> = DataTypeMap[T][number];

/**
 * Elements as the arithmetic sees them. The elements of 64-bit tensors are bigints at run time:
 * code typed for numbers also works for bigints, as long as both operands of an operator are
 * bigints.
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

/** Whether elements are bigints. */
export function isBig(type: DataType): boolean {
  return type === 'int64' || type === 'uint64';
}

/** Whether elements are floating-point numbers. */
export function isFloat(type: DataType): boolean {
  return type === 'float32' || type === 'float64';
}

/** The typed array constructor of a type. @throws TypeError when there is no such type */
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

/** Copies values into the typed array of a type, converted as by a C cast (bool: nonzero is 1). */
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

/**
 * The data of a new tensor: a typed array of `type` as it is, a flat plain array converted.
 * @throws TypeError for anything else
 */
export function dataOf<T extends DataType>(
  type: T,
  data: DataTypeMap[T] | readonly (number | bigint | boolean)[],
): DataTypeMap[T] {
  if (Array.isArray(data)) return convert(data, type);
  const wanted = arrayOf(type).name;
  // Compares tags because instanceof fails for arrays of another realm (an iframe, a test runner).
  const found = ArrayBuffer.isView(data) ? data[Symbol.toStringTag] : typeof data;
  if (found === wanted) return data as DataTypeMap[T];
  throw new TypeError(`Cannot make a ${type} tensor: data is ${found}, expected ${wanted}`);
}
