/** ONNX models for tests, right and wrong, written field by field (onnx.proto3). */

/** A node: operator, name, inputs, output, integer attributes. */
export interface NodeParts {
  readonly op: string;
  readonly name?: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly integers?: Readonly<Record<string, readonly number[]>>;
}

/** An initializer; its `type` is FLOAT (1) by default. */
export interface TensorParts {
  readonly name: string;
  readonly dims: readonly number[];
  readonly type?: number;
  readonly raw?: ArrayBufferView;
  readonly floats?: readonly number[];
  readonly integers?: readonly number[];
  readonly external?: Readonly<Record<string, string>>;
}

/** A model; `order` is the order of nodes and initializers. */
export function modelOf(
  nodes: readonly NodeParts[],
  tensors: readonly TensorParts[],
  order: 'nodes first' | 'tensors first' = 'nodes first',
): Uint8Array {
  const parts = [nodes.map((node) => field(1, nodeOf(node))), tensors.map(initializer)];
  if (order === 'tensors first') parts.reverse();
  return wrapped(join(...parts.flat()));
}

/** A model around the bytes of its graph. */
export function wrapped(graph: Uint8Array): Uint8Array {
  return join(number(1, 8), field(2, text('test')), field(7, graph), field(8, number(2, 17)));
}

/** An initializer as a field of its graph. */
export function initializer(tensor: TensorParts): Uint8Array {
  const { name, dims, type = 1, raw, floats, integers, external } = tensor;
  return field(
    5,
    join(
      ...dims.map((dim) => number(1, dim)),
      number(2, type),
      ...(floats ? [field(4, bytesOf(Float32Array.from(floats)))] : []),
      ...(integers ? [field(5, packed(integers))] : []),
      field(8, text(name)),
      ...(raw ? [field(9, bytesOf(raw))] : []),
      ...Object.entries(external ?? {}).map(([key, value]) =>
        field(13, join(field(1, text(key)), field(2, text(value)))),
      ),
      ...(external ? [number(14, 1)] : []),
    ),
  );
}

function nodeOf({ op, name = '', inputs, output, integers = {} }: NodeParts): Uint8Array {
  return join(
    ...inputs.map((input) => field(1, text(input))),
    field(2, text(output)),
    field(3, text(name)),
    field(4, text(op)),
    ...Object.entries(integers).map(([key, values]) =>
      field(5, join(field(1, text(key)), field(8, packed(values)))),
    ),
  );
}

function packed(values: readonly number[]): Uint8Array {
  return Uint8Array.from(values.flatMap((value) => [...varint(value)]));
}

/** A field of bytes. */
export function field(id: number, bytes: Uint8Array): Uint8Array {
  return join(varint(8 * id + 2), varint(bytes.length), bytes);
}

/** A varint field. */
export function number(id: number, value: number): Uint8Array {
  return join(varint(8 * id), varint(value));
}

/** A varint of 64 bits. */
export function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Uint8Array.from([...bytes, Number(rest)]);
}

/** The parts as one array. */
export function join(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

export function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
