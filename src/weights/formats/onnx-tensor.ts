/**
 * TensorProto of onnx.proto3: one initializer of a graph. In: a message. Out: name, shape, and the
 * values as little-endian bytes or their offset in another file.
 */

import { byteSize, DTYPE_BYTES, type Dtype, quote } from '../tensor-info.ts';
import {
  bytesOf,
  entryOf,
  MessageFields,
  type MessageStream,
  numberOf,
  textOf,
  varintsOf,
  type WireField,
} from './protobuf.ts';

/** One initializer. */
export interface OnnxTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Undefined for element types that are not supported: strings, complex numbers, below 8 bits. */
  readonly dtype: Dtype | undefined;
  /** The element type in error messages. */
  readonly dtypeName: string;
  /** The values; empty where they are in another file or not supported. */
  readonly bytes: Uint8Array;
  readonly external?: ExternalBytes;
}

/** Values in another file: `external_data`. */
export interface ExternalBytes {
  /** Path of the file, relative to the model's folder. */
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/** TensorProto.DataType. */
const DTYPES: Readonly<Record<number, Dtype>> = {
  1: 'F32',
  2: 'U8',
  3: 'I8',
  4: 'U16',
  5: 'I16',
  6: 'I32',
  7: 'I64',
  9: 'BOOL',
  10: 'F16',
  11: 'F64',
  12: 'U32',
  13: 'U64',
  16: 'BF16',
};
const OTHER_DTYPES: Readonly<Record<number, string>> = { 8: 'STRING', 21: 'UINT4', 22: 'INT4' };

const MAX_RANK = 8;
/** TensorProto.DataLocation. */
const EXTERNAL = 1;
/** The most fields of one number in a tensor; values are packed into one field. */
const MAX_FIELDS = 1000;

/** Field numbers of TensorProto that are read. */
const Field = {
  Dims: 1,
  DataType: 2,
  Segment: 3,
  FloatData: 4,
  Int32Data: 5,
  Name: 8,
  RawData: 9,
  DoubleData: 10,
  ExternalData: 13,
  DataLocation: 14,
} as const;

/**
 * Reads an initializer in memory. The values are copied, into `room` where they fit.
 *
 * @throws SyntaxError when the number of values is not that of the shape, or it is no tensor
 */
export function readTensor(message: Uint8Array, room: Uint8Array): OnnxTensor {
  const found = new Map<number, WireField[]>();
  const fields = new MessageFields(message);
  while (fields.next()) if (KEPT.has(fields.field)) keep(fields.whole, found);
  const tensor = tensorOf(found);
  return { ...tensor, bytes: copyInto(tensor.bytes, room) };
}

/** `readTensor` for an initializer in a stream. */
export async function streamTensor(message: MessageStream, room: Uint8Array): Promise<OnnxTensor> {
  const found = new Map<number, WireField[]>();
  for (let tag = await message.next(); tag; tag = await message.next()) {
    if (!KEPT.has(tag.field)) await message.skip(tag);
    else keep(await message.value(tag, tag.field === Field.RawData ? room : undefined), found);
  }
  return tensorOf(found);
}

function keep(field: WireField, found: Map<number, WireField[]>): void {
  const fields = found.get(field.field);
  if (fields?.length === MAX_FIELDS) throw new SyntaxError('a tensor is in too many pieces');
  if (fields) fields.push(field);
  else found.set(field.field, [field]);
}

function tensorOf(found: ReadonlyMap<number, WireField[]>): OnnxTensor {
  const one = (field: number) => found.get(field)?.at(-1);
  const name = one(Field.Name) ? textOf(one(Field.Name)!) : '';
  if (found.has(Field.Segment)) throw new SyntaxError(`tensor ${quote(name)} is in segments`);
  const type = one(Field.DataType) ? numberOf(one(Field.DataType)!) : 0;
  const dtype = Object.hasOwn(DTYPES, type) ? DTYPES[type] : undefined;
  const shape = shapeOf(found.get(Field.Dims) ?? [], name);
  const size = dtype && byteSize(shape, DTYPE_BYTES[dtype]);
  const tensor = { name, shape, dtype, dtypeName: dtype ?? OTHER_DTYPES[type] ?? `type ${type}` };
  if (one(Field.DataLocation) && numberOf(one(Field.DataLocation)!) === EXTERNAL) {
    const external = externalOf(found.get(Field.ExternalData) ?? [], name, size);
    return { ...tensor, bytes: new Uint8Array(), external };
  }
  const bytes = dtype && valuesOf(found, dtype);
  if (!bytes) return { ...tensor, bytes: new Uint8Array() };
  if (size === bytes.length) return { ...tensor, bytes };
  throw new SyntaxError(`tensor ${quote(name)} has ${bytes.length} bytes, expected ${size}`);
}

/** A copy, aligned and independent of the stream's chunk. */
function copyInto(bytes: Uint8Array, room: Uint8Array): Uint8Array {
  if (bytes.length > room.length) return bytes.slice();
  room.set(bytes);
  return room.subarray(0, bytes.length);
}

const KEPT: ReadonlySet<number> = new Set(Object.values(Field));

function shapeOf(fields: readonly WireField[], name: string): number[] {
  const shape: number[] = [];
  for (const field of fields) {
    for (const dim of varintsOf(field)) {
      if (!(Number.isSafeInteger(dim) && dim >= 0) || shape.length === MAX_RANK) {
        throw new SyntaxError(
          `tensor ${quote(name)} has a shape that cannot be, expected up to ${MAX_RANK} sizes`,
        );
      }
      shape.push(dim);
    }
  }
  return shape;
}

/**
 * The values as bytes, from the field that holds them; undefined for types that are not supported.
 */
function valuesOf(found: ReadonlyMap<number, WireField[]>, dtype: Dtype): Uint8Array | undefined {
  const raw = found.get(Field.RawData)?.at(-1);
  if (raw) return bytesOf(raw);
  const typed = TYPED_FIELDS[dtype];
  if (typed === undefined) return undefined;
  const fields = found.get(typed) ?? [];
  if (typed !== Field.Int32Data) return joined(fields.map(numbersOf));
  // Halves are stored as their bits, integers as their values; the low bytes of an int32 are both.
  const size = DTYPE_BYTES[dtype];
  const bytes = new Uint8Array(size * fields.reduce((sum, field) => sum + mostVarints(field), 0));
  let at = 0;
  for (const field of fields) {
    for (const value of varintsOf(field)) {
      for (let byte = 0; byte < size; byte++) bytes[at++] = value >> (8 * byte);
    }
  }
  return bytes.subarray(0, at);
}

/** A varint has a byte at least. */
function mostVarints({ value }: WireField): number {
  return typeof value === 'number' ? 1 : value.length;
}

/** Fields of values that are not in `raw_data`. Those of I64, U32 and U64 are never needed. */
const TYPED_FIELDS: Readonly<Partial<Record<Dtype, number>>> = {
  F32: Field.FloatData,
  F64: Field.DoubleData,
  F16: Field.Int32Data,
  BF16: Field.Int32Data,
  I8: Field.Int32Data,
  U8: Field.Int32Data,
  I16: Field.Int32Data,
  U16: Field.Int32Data,
  BOOL: Field.Int32Data,
  I32: Field.Int32Data,
};

/** The bytes of a repeated number of fixed size, packed or not. */
function numbersOf({ field, wire, value }: WireField): Uint8Array {
  if (typeof value !== 'number') return value;
  throw new SyntaxError(`field ${field} has wire type ${wire}, expected numbers of fixed size`);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (only && parts.length === 1) return only;
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** The entries of `external_data`: location, offset, length, each a string. */
function externalOf(
  fields: readonly WireField[],
  name: string,
  size: number | undefined,
): ExternalBytes {
  const entries = new Map<string, string>();
  for (const field of fields) {
    entries.set(...entryOf(bytesOf(field)));
  }
  const location = entries.get('location') ?? '';
  const [offset, length] = ['offset', 'length'].map((key) => {
    const text = entries.get(key);
    return text === undefined ? undefined : /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  });
  const bytes = length ?? size ?? Number.NaN;
  if (location === '' || Number.isNaN(offset) || Number.isNaN(bytes) || bytes !== (size ?? bytes)) {
    throw new SyntaxError(
      `tensor ${quote(name)} has no usable place in another file, expected location, offset and the length of its shape`,
    );
  }
  return { location, offset: offset ?? 0, length: bytes };
}
