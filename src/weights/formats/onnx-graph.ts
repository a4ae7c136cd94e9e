/**
 * NodeProto of onnx.proto3, and the graph of nodes: what a value is made of, and what stands behind a
 * product.
 */

import { entryOf, MessageFields, textOf, varintsOf, type WireField } from './protobuf.ts';

/** One node, as much of it as is needed. */
export interface Node {
  readonly op: string;
  /** The module that the node was traced in, such as `mobilebert.pooler.dense`; '' if not known or of no use. */
  readonly scope: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Attributes that are integers. */
  readonly integers: ReadonlyMap<string, readonly number[]>;
}

/** value = (number - zero) * scale; both are initializers, one for all or one for each along `axis`. */
export interface Scaled {
  readonly scale: string;
  readonly zero: string | undefined;
  readonly axis: number;
}

/** Inputs and outputs of a node, at most. */
const MAX_VALUES = 1000;
/** Integers of an attribute that are looked at: axes. */
const MAX_INTEGERS = 8;
/** Nodes between a weight and its product, or a product and its bias, at most. */
const MAX_STEPS = 6;
/** Half of all nodes: no weight is an operand here, and nobody asks for their module. */
const PLUMBING: ReadonlySet<string> = new Set([
  'Cast',
  'Concat',
  'Constant',
  'DynamicQuantizeLinear',
  'Reshape',
  'Transpose',
  'Unsqueeze',
]);
const NO_INTEGERS: ReadonlyMap<string, readonly number[]> = new Map();

/** Reads a NodeProto. */
export function parseNode(message: Uint8Array): Node {
  const node = { op: '', scopes: '', name: undefined as WireField | undefined };
  const [inputs, outputs]: [string[], string[]] = [[], []];
  let integers: Map<string, readonly number[]> | undefined;
  const fields = new MessageFields(message);
  while (fields.next()) {
    if (fields.field === 1) inputs.push(fields.text);
    else if (fields.field === 2) outputs.push(fields.text);
    else if (fields.field === 3) node.name = fields.whole;
    else if (fields.field === 4) node.op = fields.text;
    else if (fields.field === 5) {
      integers ??= new Map();
      integers.set(...parseAttribute(fields.bytes));
    } else if (fields.field === 9) node.scopes ||= scopesOf(fields.bytes);
  }
  if (inputs.length + outputs.length > MAX_VALUES) {
    throw new SyntaxError(`a node has more than ${MAX_VALUES} inputs and outputs`);
  }
  const isNamed = node.name !== undefined && !PLUMBING.has(node.op);
  const scope = node.scopes || (isNamed ? scopeOf(textOf(node.name!)) : '');
  return { op: node.op, scope, inputs, outputs, integers: integers ?? NO_INTEGERS };
}

/** The module in a name such as `/model/mobilebert/pooler/dense/Gemm`. */
function scopeOf(name: string): string {
  const [start, end] = [name.indexOf('/'), name.lastIndexOf('/')];
  return start === end ? '' : name.slice(start + 1, end).replaceAll('/', '.');
}

function parseAttribute(message: Uint8Array): [name: string, values: number[]] {
  let name = '';
  const values: number[] = [];
  const fields = new MessageFields(message);
  while (fields.next()) {
    if (fields.field === 1) name = fields.text;
    if (fields.field !== 3 && fields.field !== 8) continue;
    for (const value of varintsOf(fields.whole)) {
      if (values.length < MAX_INTEGERS) values.push(value);
    }
  }
  return [name, values];
}

/** The innermost module of what torch.export writes as "['', 'outer', 'outer.inner', 'operation']". */
function scopesOf(message: Uint8Array): string {
  const [key, value] = entryOf(message);
  if (key !== 'pkg.torch.onnx.name_scopes') return '';
  return Array.from(value.matchAll(/'([^']*)'/g), ([, scope]) => scope!).at(-2) ?? '';
}

/** An initializer at the start of a chain of nodes that only reshape or scale it. */
export interface Leaf {
  readonly name: string;
  readonly isTransposed: boolean;
  readonly scaled: Scaled | undefined;
}

/** What stands behind a product: its bias, and what scales it. */
export interface Behind {
  readonly bias?: string | undefined;
  readonly scale?: string | undefined;
  readonly scaled?: Scaled | undefined;
}

/** Nodes by what they make and by what they take. */
export class Graph {
  readonly #makers = new Map<string, Node>();
  readonly #takers = new Map<string, Node>();

  constructor(nodes: readonly Node[]) {
    for (const node of nodes) {
      for (const output of node.outputs) this.#makers.set(output, node);
      for (const input of node.inputs) {
        if (!this.#takers.has(input)) this.#takers.set(input, node);
      }
    }
  }

  /** The initializer that a value is made of; undefined where it is the result of arithmetic. */
  trace(value: string): Leaf | undefined {
    let [name, isTransposed] = [value, false];
    let scaled: Scaled | undefined;
    for (let step = 0; step < MAX_STEPS; step++) {
      const maker = this.#makers.get(name);
      if (!maker) return name === '' ? undefined : { name, isTransposed, scaled };
      if (maker.op === 'Transpose' && (maker.integers.get('perm') ?? [1, 0]).join() === '1,0') {
        isTransposed = !isTransposed;
      } else if (maker.op === 'DequantizeLinear') scaled = scaledOf(maker);
      else if (maker.op !== 'Cast' && maker.op !== 'Identity') return undefined;
      name = maker.inputs[0] ?? '';
    }
    return undefined;
  }

  /** Follows a product's result through casts and scales to the bias that is added to it. */
  behind(product: Node): Behind {
    let [value, scale] = [product.outputs[0] ?? '', undefined as string | undefined];
    for (let step = 0; step < MAX_STEPS; step++) {
      const taker = this.#takers.get(value);
      const other = taker?.inputs.find((input) => input !== value) ?? '';
      if (taker?.op === 'DequantizeLinear') return { scaled: scaledOf(taker) };
      if (taker?.op === 'Add') return { bias: this.trace(other)?.name, scale };
      if (taker?.op === 'Mul' && product.op === 'MatMulInteger') scale = this.#scaleIn(other);
      else if (taker?.op !== 'Cast') return { scale };
      value = taker.outputs[0] ?? '';
    }
    return { scale };
  }

  /** Of the product of two scales, the one that is no result: the weight's. */
  #scaleIn(value: string): string | undefined {
    const maker = this.#makers.get(value);
    if (!maker) return value;
    return maker.op === 'Mul' ? maker.inputs.find((input) => !this.#makers.has(input)) : undefined;
  }
}

function scaledOf({ inputs, integers }: Node): Scaled | undefined {
  return scaledBy(inputs[1], inputs[2], integers.get('axis')?.[0]);
}

/** Scale and zero point of what has them; axis 1 is that of a product's columns. */
export function scaledBy(
  scale: string | undefined,
  zero: string | undefined,
  axis = 1,
): Scaled | undefined {
  return scale === undefined ? undefined : { scale, zero: zero || undefined, axis };
}
