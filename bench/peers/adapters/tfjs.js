/**
 * The same network in TensorFlow.js operations on its WebAssembly backend. Its converter reads
 * only TensorFlow's formats, so the graph is written here, in the backend's fastest forms: fused
 * products, weights transposed once, rows x features without a batch axis.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const LAYERS = 24;
const NETWORKS = 3;
const HEADS = 4;
const HEAD_SIZE = 32;

/** @returns {Promise<import('../child.js').Library>} */
export async function open() {
  const require = createRequire(import.meta.url);
  const tf = require('@tensorflow/tfjs-core');
  const { setWasmPaths } = require('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
  return {
    version: tf.version_core,
    async load(folder) {
      await tf.setBackend('wasm');
      await tf.ready();
      const network = new Network(tf, await readSafetensors(join(folder, 'model.safetensors')));
      return {
        prepare: ({ input_ids, token_type_ids }, length) => ({
          length,
          ids: tf.tensor1d(Int32Array.from(input_ids, Number), 'int32'),
          types: tf.tensor1d(Int32Array.from(token_type_ids, Number), 'int32'),
        }),
        async run({ ids, types, length }) {
          const logits = tf.tidy(() => network.forward(ids, types, length));
          const both = await logits.data();
          logits.dispose();
          return [both.filter((_, i) => i % 2 === 0), both.filter((_, i) => i % 2 === 1)];
        },
      };
    },
  };
}

/** MobileBertForQuestionAnswering; every method keeps rows [S, features]. */
class Network {
  /** Made once: matrices as [in,out], the rest as stored. */
  #weights = new Map();

  constructor(tf, tensors) {
    this.tf = tf;
    for (const [name, { shape, data }] of tensors) {
      const stored = tf.tensor(data, shape);
      const isMatrix = shape.length === 2 && !name.includes('_embeddings.');
      this.#weights.set(name, isMatrix ? tf.transpose(stored) : stored);
      if (isMatrix) stored.dispose();
    }
  }

  forward(ids, types, length) {
    let hidden = this.#embed(ids, types, length);
    for (let i = 0; i < LAYERS; i++) hidden = this.#layer(`mobilebert.encoder.layer.${i}`, hidden);
    return this.#dense('qa_outputs', hidden);
  }

  #embed(ids, types, length) {
    const { tf } = this;
    const table = (kind) => this.#weights.get(`mobilebert.embeddings.${kind}_embeddings.weight`);
    const words = tf.pad(tf.gather(table('word'), ids), [
      [1, 1],
      [0, 0],
    ]);
    const size = words.shape[1];
    const shifted = [2, 1, 0].map((start) => tf.slice(words, [start, 0], [length, size]));
    const dense = this.#dense(
      'mobilebert.embeddings.embedding_transformation',
      tf.concat(shifted, 1),
    );
    const positions = tf.slice(table('position'), [0, 0], [length, -1]);
    const sum = tf.add(tf.add(dense, positions), tf.gather(table('token_type'), types));
    return this.#norm('mobilebert.embeddings.LayerNorm', sum);
  }

  #layer(name, hidden) {
    const { tf } = this;
    const input = this.#dense(`${name}.bottleneck.input`, hidden, true);
    const shared = this.#dense(`${name}.bottleneck.attention`, hidden, true);
    let rows = this.#residual(
      `${name}.attention.output`,
      this.#attend(`${name}.attention.self`, shared, hidden),
      input,
    );
    for (let i = 0; i < NETWORKS; i++) rows = this.#feedForward(`${name}.ffn.${i}`, rows);
    rows = this.#feedForward(name, rows);
    const out = this.#dense(`${name}.output.bottleneck.dense`, rows);
    return this.#norm(`${name}.output.bottleneck.LayerNorm`, tf.add(out, hidden));
  }

  #attend(name, shared, hidden) {
    const { tf } = this;
    const split = (rows) => tf.transpose(tf.reshape(rows, [-1, HEADS, HEAD_SIZE]), [1, 0, 2]);
    const query = split(this.#dense(`${name}.query`, shared));
    const key = split(this.#dense(`${name}.key`, shared));
    const value = split(this.#dense(`${name}.value`, hidden));
    const scores = tf.mul(tf.matMul(query, key, false, true), 1 / Math.sqrt(HEAD_SIZE));
    const context = tf.matMul(tf.softmax(scores), value);
    return tf.reshape(tf.transpose(context, [1, 0, 2]), [-1, HEADS * HEAD_SIZE]);
  }

  #feedForward(name, rows) {
    const wide = this.#dense(`${name}.intermediate.dense`, rows, false, 'relu');
    return this.#residual(`${name}.output`, wide, rows);
  }

  #residual(name, rows, residual) {
    const sum = this.tf.add(this.#dense(`${name}.dense`, rows), residual);
    return this.#norm(`${name}.LayerNorm`, sum);
  }

  /** With `isNormed`, `name` holds a dense layer and its norm. */
  #dense(name, rows, isNormed = false, activation = 'linear') {
    const layer = isNormed ? `${name}.dense` : name;
    const b = this.#weights.get(`${layer}.weight`);
    const bias = this.#weights.get(`${layer}.bias`);
    const out = this.tf.fused.matMul({ a: rows, b, bias, activation });
    return isNormed ? this.#norm(`${name}.LayerNorm`, out) : out;
  }

  #norm(name, rows) {
    const { tf } = this;
    const scaled = tf.mul(rows, this.#weights.get(`${name}.weight`));
    return tf.add(scaled, this.#weights.get(`${name}.bias`));
  }
}

/** Tensors of a safetensors file of float32, by name. */
async function readSafetensors(path) {
  const { buffer, byteOffset } = await readFile(path);
  const length = Number(new DataView(buffer, byteOffset).getBigUint64(0, true));
  const text = new TextDecoder().decode(new Uint8Array(buffer, byteOffset + 8, length));
  const { __metadata__: _, ...header } = JSON.parse(text);
  const start = byteOffset + 8 + length;
  return Object.entries(header).map(
    ([
      name,
      {
        shape,
        data_offsets: [from, to],
      },
    ]) => [name, { shape, data: new Float32Array(buffer.slice(start + from, start + to)) }],
  );
}
