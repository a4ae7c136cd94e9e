/**
 * TensorProto of onnx.proto3: one initializer of a graph. In: a message in a stream. Out: name, shape
 * and little-endian bytes, or where in another file these are.
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
  /** Undefined for element types that no weight has here: texts, complex numbers, fewer than 8 bits. */
  readonly dtype: Dtype | undefined;
  /** What an error calls the element type. */
  readonly dtypeName: string;
  /** Its values; none where they are in another file. */
  readonly bytes: Uint8Array;
  readonly external?: ExternalBytes;
}

/** Where values are that are not in the file: ONNX's "external data". */
export interface ExternalBytes {
  /** Relative to the model's folder. */
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
const EXTERNAL = 1;
/** Fields of one kind in a tensor, at most: numbers come packed, a field for all of them. */
const MAX_FIELDS = 1000;

/** Field numbers of TensorProto. */
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
 * Reads one initializer that is at hand; its values are put into `room` where they fit.
 *
 * @throws SyntaxError when its values are not as many as its shape says, or it is no tensor
 */
export function readTensor(message: Uint8Array, room: Uint8Array): OnnxTensor {
  const found = new Map<number, WireField[]>();
  const fields = new MessageFields(message);
  while (fields.next()) if (KEPT.has(fields.field)) keep(fields.whole, found);
  const tensor = tensorOf(found);
  return { ...tensor, bytes: inRoom(tensor.bytes, room) };
}

/** As `readTensor`, of one that is not all at hand. */
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

/** Aligned, and the caller's: not in a chunk of the stream. */
function inRoom(bytes: Uint8Array, room: Uint8Array): Uint8Array {
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

/** The values as bytes, in whichever of TensorProto's fields they are; none of those never read. */
function valuesOf(found: ReadonlyMap<number, WireField[]>, dtype: Dtype): Uint8Array | undefined {
  const raw = found.get(Field.RawData)?.at(-1);
  if (raw) return bytesOf(raw);
  const typed = TYPED_FIELDS[dtype];
  if (typed === undefined) return undefined;
  const fields = found.get(typed) ?? [];
  if (typed !== Field.Int32Data) return joined(fields.map(numbersOf));
  const values = fields.flatMap((field) => [...varintsOf(field)]);
  // Halves are there as their bits, everything else as its value: two's complement either way.
  const [size, words] = [DTYPE_BYTES[dtype], Int32Array.from(values)];
  const bytes = new Uint8Array(size * words.length);
  for (let i = 0; i < words.length; i++) {
    for (let byte = 0; byte < size; byte++) bytes[i * size + byte] = words[i]! >> (8 * byte);
  }
  return bytes;
}

/** Where values are that are not raw; of integers of 32 bits and more none is a weight. */
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

/** The bytes of numbers that have always as many, packed or one. */
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

/** The entries of "external_data": location, offset, length, each as text. */
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
