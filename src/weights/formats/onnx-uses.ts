/**
 * usesOf(): which parameter an initializer is, by its uses in an ONNX graph. Exporters fold, share
 * and rename weights, but the module's name remains on the node or on the bias that is added to its
 * result.
 */

import { Graph, type Node, type Quantization, quantizationBy } from './onnx-graph.ts';

/** One use of an initializer, as a parameter. */
export interface Use {
  /** Names that the parameter may have, the likeliest first; none where the graph has none. */
  readonly names: readonly string[];
  /**
   * `rows`: the shape of PyTorch. `columns`: a Linear's weight transposed, [inputs, outputs].
   * `decoder`: [E, V] of the language model's decoder, transposed, above [H - E, V] of its dense
   * weight.
   */
  readonly layout: 'rows' | 'columns' | 'decoder';
  /** For initializers of 8-bit integers. */
  readonly quantization?: Quantization | undefined;
}

/** Products with weights: input numbers of [weight, bias, scale, zero point]. */
const PRODUCTS: Readonly<Record<string, readonly (number | undefined)[]>> = {
  MatMul: [1],
  Gemm: [1, 2],
  MatMulInteger: [1, undefined, undefined, 3],
  // Contrib operators of onnxruntime, in graphs that it has optimised.
  FusedGemm: [1, 2],
  FusedMatMul: [1],
  DynamicQuantizeMatMul: [1, 4, 2, 3],
  MatMulIntegerToFloat: [1, 6, 3, 5],
};

const DECODER = /(^|\.)cls\.predictions(\.decoder)?$/;
/** Modules that have vectors: a bias, and LayerNorms a weight. */
const WITH_VECTORS =
  /(LayerNorm|dense|query|key|value|embedding_transformation|classifier|qa_outputs|seq_relationship)$/;
const WORD_EMBEDDINGS = 'mobilebert.embeddings.word_embeddings.weight';

/** The uses of every initializer, by its name. */
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

/** Names of the scales and zero points, without which quantised initializers cannot be read. */
export function scalesOf(uses: ReadonlyMap<string, readonly Use[]>): Set<string> {
  const names = new Set<string>();
  for (const { quantization } of [...uses.values()].flat()) {
    if (!quantization) continue;
    names.add(quantization.scale);
    if (quantization.zeroPoint) names.add(quantization.zeroPoint);
  }
  return names;
}

const FIRST_MODULE = 'mobilebert|embeddings|encoder|pooler|cls|classifier|qa_outputs';
const PARAMETER = new RegExp(
  `(?:^|[./])((?:${FIRST_MODULE})(?:\\..+)?\\.(?:weight|bias|gamma|beta))(?:_quantized)?$`,
);

/** Longer names are not searched; no parameter's name is as long. */
const MAX_NAME_LENGTH = 1000;

/**
 * The parameter's name in an initializer's, without wrapping modules; undefined where it has none.
 */
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
  const [weight, bias, scale, zeroPoint] = PRODUCTS[node.op]!.map((at) =>
    at === undefined ? undefined : node.inputs[at],
  );
  const leaf = weight === undefined ? undefined : graph.trace(weight);
  if (!leaf) return;
  const epilogue = graph.epilogueOf(node);
  const biasName = bias ?? epilogue.bias;
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
      quantization: leaf.quantization ?? quantizationBy(scale ?? epilogue.scale, zeroPoint),
    },
  ];
}

/** The table of a Gather. */
function* tableUses(node: Node, graph: Graph): Generator<[string, Use]> {
  const leaf = graph.trace(node.inputs[0] ?? '');
  if (!leaf || leaf.isTransposed) return;
  const own = parameterName(leaf.name);
  const name = parameterName(`${node.scope}.weight`);
  // A table that is tied to the decoder may be stored under the decoder's name.
  const tied = own?.endsWith('cls.predictions.decoder.weight') ? WORD_EMBEDDINGS : undefined;
  const isTable = name?.endsWith('_embeddings.weight');
  if (!isTable && own === undefined) return;
  const names = unique([isTable ? name : undefined, tied, own]);
  const quantization = leaf.quantization ?? graph.epilogueOf(node).quantization;
  yield [leaf.name, { names, layout: 'rows', quantization }];
}

/** Biases and norms. Where their values are equal, exporters share one between modules. */
function* vectorUses(
  node: Node,
  graph: Graph,
  part: 'weight' | 'bias',
  inputs: readonly string[],
): Generator<[string, Use]> {
  const name = WITH_VECTORS.test(node.scope) ? parameterName(`${node.scope}.${part}`) : undefined;
  for (const input of inputs) {
    const leaf = graph.trace(input);
    if (leaf && name)
      yield [leaf.name, { names: [name], layout: 'rows', quantization: leaf.quantization }];
  }
}

function unique(names: readonly (string | undefined)[]): string[] {
  return [...new Set(names)].filter((name) => name !== undefined);
}
