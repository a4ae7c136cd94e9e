/**
 * ONNX models (onnx.proto3): the weights of a graph that PyTorch's exporters wrote, streamed. The
 * nodes say which parameter an initializer is. They usually come first, and one initializer is in
 * memory at a time; where initializers come first, all are. Tensors are known only as they are
 * read.
 */

import type { ByteSource } from '../../platform/types.ts';
import { ByteReader } from '../byte-reader.ts';
import type { TensorRows, Wanted, WeightsFile } from '../tensor-info.ts';
import { fail, quote } from '../tensor-info.ts';
import { readExtents } from './extents.ts';
import { HEAD_BYTES, pointerKind, refuseKind } from './foreign.ts';
import { type Node, parseNode } from './onnx-graph.ts';
import { type OnnxTensor, readTensor, streamTensor } from './onnx-tensor.ts';
import { parameterName, scalesOf, type Use, usesOf } from './onnx-uses.ts';
import { OnnxValues } from './onnx-values.ts';
import { bytesOf, MessageStream } from './protobuf.ts';

/** A model file, whose values may be in other files. */
export interface OnnxSource extends ByteSource {
  /** The file at a path relative to the model's folder; undefined when there is none. */
  readonly beside?: ((file: string) => Promise<ByteSource | undefined>) | undefined;
}

/** Field numbers of ModelProto and GraphProto. */
const GRAPH = 7;
const OPSETS = 8;
const NODE = 1;
const INITIALIZER = 5;

/** The most nodes, or initializers: five times those of a quantised MobileBERT of 24 layers. */
const MAX_PARTS = 50_000;

/** Reads nothing yet: `tensors` is empty, and `read` asks `wanted` about each tensor it meets. */
export function openOnnx(source: OnnxSource, reader: ByteReader): WeightsFile {
  return {
    tensors: [],
    close: () => reader.close(),
    read: (wanted) => new OnnxReader(source, reader, wanted).read(),
  };
}

/** One pass over a model. */
class OnnxReader {
  readonly #source: OnnxSource;
  readonly #reader: ByteReader;
  readonly #values: OnnxValues;
  readonly #nodes: Node[] = [];
  /** Initializers that need something that has not been read yet. */
  #held: OnnxTensor[] = [];
  /** Initializers whose values are in other files. */
  readonly #external: OnnxTensor[] = [];
  #uses: Map<string, Use[]> | undefined;
  /** Names of scales and zero points. */
  #scales: ReadonlySet<string> = new Set();
  /** Initializers read so far. */
  #count = 0;
  /** Memory for the values of one initializer after another. */
  #room: Uint8Array = new Uint8Array();

  constructor(source: OnnxSource, reader: ByteReader, wanted: Wanted) {
    this.#source = source;
    this.#reader = reader;
    this.#values = new OnnxValues(wanted);
  }

  async *read(): AsyncGenerator<TensorRows> {
    try {
      yield* this.#model();
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw fail(this.#source.name, `ONNX model is not usable: ${error.message}`, error);
    }
  }

  async *#model(): AsyncGenerator<TensorRows> {
    const model = new MessageStream(this.#reader, this.#source.size);
    const found = new Set<number>();
    for (let tag = await model.next(); tag; tag = await model.next()) {
      if (tag.field !== GRAPH) await model.skip(tag);
      else if (found.has(GRAPH)) throw new SyntaxError('it has two graphs');
      else yield* this.#graph(await model.message(tag));
      found.add(tag.field);
    }
    if (!(found.has(GRAPH) && found.has(OPSETS))) {
      throw new SyntaxError('it is cut off, expected a graph and the operators it uses');
    }
    this.#plan();
    yield* this.#takeHeld();
    yield* this.#takeExternal();
    yield* this.#takeHeld();
    const [left] = this.#held;
    if (left)
      throw new SyntaxError(
        `${quote(left.name)} needs a scale, or the word embedding, that is not there`,
      );
  }

  async *#graph(graph: MessageStream): AsyncGenerator<TensorRows> {
    for (;;) {
      const atHand = graph.nextNow();
      const tag = atHand ?? (await graph.next());
      if (!tag) return;
      if (tag.field === NODE) this.#addNode(bytesOf(atHand ?? (await graph.passing(tag))));
      else if (tag.field === INITIALIZER) {
        yield* this.#initializer(
          atHand
            ? readTensor(bytesOf(atHand), this.#room)
            : await streamTensor(await graph.message(tag), this.#room),
        );
      } else if (!atHand) await graph.skip(tag);
    }
  }

  *#initializer(tensor: OnnxTensor): Generator<TensorRows> {
    if (this.#nodes.length > 0) this.#plan();
    if (++this.#count > MAX_PARTS) {
      throw new SyntaxError(`it has more than ${MAX_PARTS} initializers`);
    }
    yield* this.#take(tensor);
    const { buffer } = tensor.bytes;
    if (buffer.byteLength > this.#room.length) this.#room = new Uint8Array(buffer);
  }

  #addNode(message: Uint8Array): void {
    if (this.#uses) throw new SyntaxError('nodes stand between initializers');
    if (this.#nodes.length === MAX_PARTS) {
      throw new SyntaxError(`it has more than ${MAX_PARTS} nodes`);
    }
    this.#nodes.push(parseNode(message));
  }

  /** Finds the uses of initializers, once all nodes have been read. */
  #plan(): void {
    if (this.#uses) return;
    this.#uses = usesOf(this.#nodes);
    this.#scales = scalesOf(this.#uses);
    // Thousands of objects, which every garbage collection would visit, and no longer needed.
    this.#nodes.length = 0;
  }

  /** The rows of an initializer, or none yet: then it is held. */
  *#take(tensor: OnnxTensor): Generator<TensorRows> {
    if (tensor.external) {
      this.#external.push(tensor);
      return;
    }
    if (!this.#uses) {
      this.#held.push(owned(tensor));
      return;
    }
    if (this.#scales.has(tensor.name)) this.#values.scales.keep(owned(tensor));
    const uses = this.#usesOf(tensor);
    if (uses.every((use) => this.#values.isReady(tensor, use))) {
      for (const use of uses) yield* this.#values.rows(tensor, use);
    } else this.#held.push(owned(tensor));
  }

  /** Uses by the graph, and by the initializer's own name where the graph does not tell. */
  #usesOf({ name }: OnnxTensor): readonly Use[] {
    const uses = this.#uses?.get(name) ?? [];
    const own = parameterName(name);
    const isNamed = own === undefined || uses.some(({ names }) => names.includes(own));
    const isMatrix = uses.some(({ layout }) => layout !== 'rows');
    return isNamed || isMatrix ? uses : [...uses, { names: [own], layout: 'rows' }];
  }

  /** Tries the held initializers again. */
  *#takeHeld(): Generator<TensorRows> {
    const held = this.#held;
    this.#held = [];
    for (const tensor of held) yield* this.#take(tensor);
  }

  /** The initializers with values in other files, each file in one pass. */
  async *#takeExternal(): AsyncGenerator<TensorRows> {
    const byLocation = new Map<string, OnnxTensor[]>();
    for (const tensor of this.#external) {
      const { location } = tensor.external!;
      const others = byLocation.get(location);
      if (others) others.push(tensor);
      else byLocation.set(location, [tensor]);
    }
    for (const [location, tensors] of byLocation) {
      const source = await this.#source.beside?.(location);
      if (!source) {
        throw fail(
          this.#source.name,
          `values of ${quote(tensors[0]!.name)} are in ${quote(location)}, which is not there`,
        );
      }
      const reader = new ByteReader(source.stream());
      try {
        refuseKind(pointerKind(await reader.peek(HEAD_BYTES)), source.name);
        const extents = tensors.map(({ external, ...tensor }) => ({ ...external!, ...tensor }));
        for await (const [tensor, bytes] of readExtents(reader, source, extents)) {
          yield* this.#take({ ...tensor, bytes });
        }
      } finally {
        await reader.close();
      }
    }
  }
}

/** A copy, which stays valid when the next tensor is read. */
function owned(tensor: OnnxTensor): OnnxTensor {
  return { ...tensor, bytes: tensor.bytes.slice() };
}
