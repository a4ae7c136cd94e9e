/**
 * NodeProto of onnx.proto3, and the graph of nodes: which initializer a value comes from, and which
 * bias and scale follow a product.
 */

import { entryOf, MessageFields, textOf, varintsOf, type WireField } from './protobuf.ts';

/** The parts of a NodeProto that are needed. */
export interface Node {
  readonly op: string;
  /**
   * The module that was traced, such as `mobilebert.pooler.dense`; '' where unknown or not needed.
   */
  readonly scope: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Attributes of integers, by name. */
  readonly integers: ReadonlyMap<string, readonly number[]>;
}

/**
 * The initializers that quantise another one, as in DequantizeLinear: value = (q - zero point) *
 * scale. They hold one number for all values, or one for each index along `axis`.
 */
export interface Quantization {
  readonly scale: string;
  /** Undefined for zero points of 0. */
  readonly zeroPoint: string | undefined;
  readonly axis: number;
}

/** The most inputs and outputs of a node. */
const MAX_VALUES = 1000;
/** The most integers of an attribute that are kept; those that are needed are axes. */
const MAX_INTEGERS = 8;
/** The most nodes between a weight and its product, or a product and its bias. */
const MAX_STEPS = 6;
/**
 * Operators, of half of all nodes, whose module is not needed: they do not compute with weights.
 */
const WITHOUT_SCOPE: ReadonlySet<string> = new Set([
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
  const isNamed = node.name !== undefined && !WITHOUT_SCOPE.has(node.op);
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

/** The innermost module of torch.export's metadata "['', 'outer', 'outer.inner', 'operation']". */
function scopesOf(message: Uint8Array): string {
  const [key, value] = entryOf(message);
  if (key !== 'pkg.torch.onnx.name_scopes') return '';
  // The last but one of the quoted names. They are not collected: there may be millions.
  let [last, lastButOne] = ['', ''];
  for (const [, scope] of value.matchAll(/'([^']*)'/g)) [lastButOne, last] = [last, scope!];
  return lastButOne;
}

/**
 * An initializer that a value comes from, through nodes that only cast, transpose or dequantise it.
 */
export interface Leaf {
  readonly name: string;
  readonly isTransposed: boolean;
  readonly quantization: Quantization | undefined;
}

/** What is done with a product's result. */
export interface Epilogue {
  /** The initializer that is added. */
  readonly bias?: string | undefined;
  /** The weight's scale, an initializer, by which the result of a MatMulInteger is multiplied. */
  readonly scale?: string | undefined;
  /** Of a DequantizeLinear, which follows a Gather of quantised rows. */
  readonly quantization?: Quantization | undefined;
}

/** Nodes by their outputs and inputs. */
export class Graph {
  readonly #producers = new Map<string, Node>();
  readonly #consumers = new Map<string, Node>();

  constructor(nodes: readonly Node[]) {
    for (const node of nodes) {
      for (const output of node.outputs) this.#producers.set(output, node);
      for (const input of node.inputs) {
        if (!this.#consumers.has(input)) this.#consumers.set(input, node);
      }
    }
  }

  /** The initializer that a value comes from; undefined where the value is computed. */
  trace(value: string): Leaf | undefined {
    let [name, isTransposed] = [value, false];
    let quantization: Quantization | undefined;
    for (let step = 0; step < MAX_STEPS; step++) {
      const producer = this.#producers.get(name);
      if (!producer) return name === '' ? undefined : { name, isTransposed, quantization };
      if (
        producer.op === 'Transpose' &&
        (producer.integers.get('perm') ?? [1, 0]).join() === '1,0'
      ) {
        isTransposed = !isTransposed;
      } else if (producer.op === 'DequantizeLinear') quantization = quantizationOf(producer);
      else if (producer.op !== 'Cast' && producer.op !== 'Identity') return undefined;
      name = producer.inputs[0] ?? '';
    }
    return undefined;
  }

  /**
   * Follows a product's result through casts and multiplications to the bias that is added to it.
   */
  epilogueOf(product: Node): Epilogue {
    let [value, scale] = [product.outputs[0] ?? '', undefined as string | undefined];
    for (let step = 0; step < MAX_STEPS; step++) {
      const consumer = this.#consumers.get(value);
      const other = consumer?.inputs.find((input) => input !== value) ?? '';
      if (consumer?.op === 'DequantizeLinear') return { quantization: quantizationOf(consumer) };
      if (consumer?.op === 'Add') return { bias: this.trace(other)?.name, scale };
      if (consumer?.op === 'Mul' && product.op === 'MatMulInteger')
        scale = this.#weightScale(other);
      else if (consumer?.op !== 'Cast') return { scale };
      value = consumer.outputs[0] ?? '';
    }
    return { scale };
  }

  /** The weight's scale in the product of two scales; the activation's is computed. */
  #weightScale(value: string): string | undefined {
    const producer = this.#producers.get(value);
    if (!producer) return value;
    return producer.op === 'Mul'
      ? producer.inputs.find((input) => !this.#producers.has(input))
      : undefined;
  }
}

function quantizationOf({ inputs, integers }: Node): Quantization | undefined {
  return quantizationBy(inputs[1], inputs[2], integers.get('axis')?.[0]);
}

/** A quantisation by its initializers' names. Axis 1, the columns, is ONNX's default. */
export function quantizationBy(
  scale: string | undefined,
  zeroPoint: string | undefined,
  axis = 1,
): Quantization | undefined {
  return scale === undefined ? undefined : { scale, zeroPoint: zeroPoint || undefined, axis };
}
