/**
 * usesOf(): which parameter an initializer is, by what an ONNX graph does with it. Exporters fold,
 * share and rename weights, but keep the module's name on the node or on the bias behind it.
 */

import { Graph, type Node, type Scaled, scaledBy } from './onnx-graph.ts';

/** What an initializer is to the model. */
export interface Use {
  /** Names that the parameter may have, the likeliest first; none where nothing tells. */
  readonly names: readonly string[];
  /**
   * `rows`: as PyTorch has it. `columns`: a Linear's weight as a product takes it, [inputs, outputs].
   * `decoder`: columns of the language model's decoder, over its dense weight.
   */
  readonly layout: 'rows' | 'columns' | 'decoder';
  /** How 8-bit numbers become weights. */
  readonly scaled?: Scaled | undefined;
}

/** Where the operands of a product with weights are: [weight, bias, scale, zero]. */
const PRODUCTS: Readonly<Record<string, readonly (number | undefined)[]>> = {
  MatMul: [1],
  Gemm: [1, 2],
  MatMulInteger: [1, undefined, undefined, 3],
  // onnxruntime's own, in graphs that it has optimised
  FusedGemm: [1, 2],
  FusedMatMul: [1],
  DynamicQuantizeMatMul: [1, 4, 2, 3],
  MatMulIntegerToFloat: [1, 6, 3, 5],
};

const DECODER = /(^|\.)cls\.predictions(\.decoder)?$/;
/** Modules that have a bias. */
const VECTORS =
  /(LayerNorm|dense|query|key|value|embedding_transformation|classifier|qa_outputs|seq_relationship)$/;
const WORDS = 'mobilebert.embeddings.word_embeddings.weight';

/** Every initializer's uses, by its name. */
export function usesOf(nodes: readonly Node[]): Map<string, Use[]> {
  const graph = new Graph(nodes);
  const uses = new Map<string, Use[]>();
  for (const node of nodes) {
    for (const [initializer, use] of usesIn(node, graph)) {
      const others = uses.get(initializer);
      if (others) others.push(use);
      else uses.set(initializer, [use]);
    }
  }
  return uses;
}

/** The names of scales and zero points, which are needed before what they scale is read. */
export function scalesOf(uses: ReadonlyMap<string, readonly Use[]>): Set<string> {
  const names = new Set<string>();
  for (const { scaled } of [...uses.values()].flat()) {
    if (!scaled) continue;
    names.add(scaled.scale);
    if (scaled.zero) names.add(scaled.zero);
  }
  return names;
}

const FIRST_MODULE = 'mobilebert|embeddings|encoder|pooler|cls|classifier|qa_outputs';
const PARAMETER = new RegExp(
  `(?:^|[./])((?:${FIRST_MODULE})(?:\\..+)?\\.(?:weight|bias|gamma|beta))(?:_quantized)?$`,
);

/** Longer than any parameter's; what is longer is not searched. */
const MAX_NAME_LENGTH = 1000;

/** The parameter's name in an initializer's, without what wraps it; undefined where it has none. */
export function parameterName(name: string): string | undefined {
  return name.length > MAX_NAME_LENGTH ? undefined : PARAMETER.exec(name)?.[1];
}

function* usesIn(node: Node, graph: Graph): Generator<[initializer: string, use: Use]> {
  if (Object.hasOwn(PRODUCTS, node.op)) yield* productUses(node, graph);
  else if (node.op === 'Gather') yield* tableUses(node, graph);
  else if (node.op === 'Add') yield* vectorUses(node, graph, 'bias', node.inputs);
  else if (node.op === 'Mul' && node.scope.endsWith('LayerNorm')) {
    yield* vectorUses(node, graph, 'weight', node.inputs);
  } else if (node.op === 'LayerNormalization') {
    yield* vectorUses(node, graph, 'weight', node.inputs.slice(1, 2));
    yield* vectorUses(node, graph, 'bias', node.inputs.slice(2, 3));
  }
}

function* productUses(node: Node, graph: Graph): Generator<[string, Use]> {
  const [weight, bias, scale, zero] = PRODUCTS[node.op]!.map((at) =>
    at === undefined ? undefined : node.inputs[at],
  );
  const leaf = weight === undefined ? undefined : graph.trace(weight);
  if (!leaf) return;
  const behind = graph.behind(node);
  const biasName = bias ?? behind.bias;
  const modules = [node.scope, parameterName(biasName ?? '')?.replace(/\.bias$/, '')];
  const isTransposed = leaf.isTransposed !== (node.integers.get('transB')?.[0] === 1);
  const isDecoder = modules.some((module) => module && DECODER.test(module));
  const names = modules.map((module) => parameterName(`${module ?? ''}.weight`));
  if (biasName && bias && node.scope) yield* vectorUses(node, graph, 'bias', [biasName]);
  yield [
    leaf.name,
    {
      names: unique([...names, parameterName(leaf.name)]),
      layout: isTransposed ? 'rows' : isDecoder ? 'decoder' : 'columns',
      scaled: leaf.scaled ?? scaledBy(scale ?? behind.scale, zero),
    },
  ];
}

/** Embedding tables. */
function* tableUses(node: Node, graph: Graph): Generator<[string, Use]> {
  const leaf = graph.trace(node.inputs[0] ?? '');
  if (!leaf || leaf.isTransposed) return;
  const own = parameterName(leaf.name);
  const name = parameterName(`${node.scope}.weight`);
  // A tied decoder's name may be all that is left of the table's.
  const tied = own?.endsWith('cls.predictions.decoder.weight') ? WORDS : undefined;
  const isTable = name?.endsWith('_embeddings.weight');
  if (!isTable && own === undefined) return;
  const names = unique([isTable ? name : undefined, tied, own]);
  yield [leaf.name, { names, layout: 'rows', scaled: leaf.scaled ?? graph.behind(node).scaled }];
}

/** Biases and norms: vectors, which exporters share between modules where their values are equal. */
function* vectorUses(
  node: Node,
  graph: Graph,
  part: 'weight' | 'bias',
  inputs: readonly string[],
): Generator<[string, Use]> {
  const name = VECTORS.test(node.scope) ? parameterName(`${node.scope}.${part}`) : undefined;
  for (const input of inputs) {
    const leaf = graph.trace(input);
    if (leaf && name) yield [leaf.name, { names: [name], layout: 'rows', scaled: leaf.scaled }];
  }
}

function unique(names: readonly (string | undefined)[]): string[] {
  return [...new Set(names)].filter((name) => name !== undefined);
}
