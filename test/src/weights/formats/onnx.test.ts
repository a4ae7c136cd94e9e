/** ONNX models written field by field: the parameter of an initializer, cut and hostile files. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { WeightsError } from '../../../../src/errors.ts';
import { loadWeights } from '../../../../src/weights/load.ts';
import {
  field,
  initializer,
  join,
  modelOf,
  type NodeParts,
  number,
  type TensorParts,
  text,
  varint,
  wrapped,
} from '../onnx-file.ts';
import { chunked } from '../safetensors-file.ts';

/** Shape and values of every parameter in a model, whatever its name. */
async function load(file: Uint8Array, others: Record<string, Uint8Array> = {}, size?: number) {
  const found: Record<string, { shape: readonly number[]; values: number[] }> = {};
  const beside = async (name: string) =>
    Object.hasOwn(others, name) ? chunked(others[name]!, 7) : undefined;
  await loadWeights({ ...chunked(file, 1000, size), beside } as never, (name, { shape }) => {
    const values: number[] = [];
    Object.defineProperty(found, name, { value: { shape, values }, enumerable: true });
    return {
      shape,
      write: (_first, _rows, bytes, dtype) => {
        expect(dtype).toBe('F32');
        for (const value of new Float32Array(bytes.slice().buffer)) values.push(value);
      },
    };
  });
  return found;
}

const WEIGHT = [1, 2, 3, 4, 5, 6];
const TURNED = [1, 4, 2, 5, 3, 6];
const weight: TensorParts = { name: '1234', dims: [2, 3], raw: Float32Array.from(WEIGHT) };
const bias: TensorParts = { name: 'classifier.bias', dims: [3], raw: new Float32Array(3) };
const product = (inputs: readonly string[], fields: Partial<NodeParts> = {}): NodeParts => ({
  op: 'MatMul',
  name: 'MatMul_7',
  output: 'product',
  ...fields,
  inputs: ['x', ...inputs],
});
const sum = (name = 'Add_8'): NodeParts => ({
  op: 'Add',
  name,
  inputs: ['classifier.bias', 'product'],
  output: 'sum',
});

describe('loadWeights()', () => {
  it.each<[string, NodeParts[], TensorParts[], number[]]>([
    ['the bias behind its product', [product(['1234']), sum()], [weight, bias], TURNED],
    [
      'the scope of its product',
      [product(['1234'], { name: '/classifier/MatMul' })],
      [weight],
      TURNED,
    ],
    [
      'the scope below what wraps the model',
      [product(['1234'], { name: '/model/classifier/MatMul' })],
      [weight],
      TURNED,
    ],
    [
      'the bias in its product',
      [product(['1234', 'classifier.bias'], { op: 'Gemm' })],
      [weight, bias],
      TURNED,
    ],
    [
      'a product that transposes',
      [product(['1234', 'classifier.bias'], { op: 'Gemm', integers: { transB: [1] } })],
      [{ ...weight, dims: [3, 2] }, bias],
      WEIGHT,
    ],
    [
      'a transpose before its product',
      [
        { op: 'Transpose', inputs: ['1234'], output: 'turned', integers: { perm: [1, 0] } },
        product(['turned']),
        sum(),
      ],
      [{ ...weight, dims: [3, 2] }, bias],
      WEIGHT,
    ],
    ['its own name', [], [{ ...weight, name: 'model.classifier.weight', dims: [3, 2] }], WEIGHT],
    [
      'its own name, beside a product that takes it as it is',
      [product(['classifier.weight'])],
      [{ ...weight, name: 'classifier.weight' }],
      TURNED,
    ],
    [
      'numbers that are not raw',
      [product(['1234']), sum()],
      [{ name: '1234', dims: [2, 3], floats: WEIGHT }, bias],
      TURNED,
    ],
    [
      'whole numbers with a scale for all',
      [
        { op: 'DequantizeLinear', inputs: ['1234', 'scale', 'zero'], output: 'wide' },
        product(['wide']),
        sum(),
      ],
      [
        { name: '1234', dims: [2, 3], type: 2, raw: Uint8Array.of(12, 14, 16, 18, 20, 22) },
        { name: 'scale', dims: [], floats: [0.5] },
        { name: 'zero', dims: [], type: 2, integers: [10] },
        bias,
      ],
      TURNED,
    ],
    [
      'a product that onnxruntime has fused',
      [
        {
          op: 'DynamicQuantizeMatMul',
          inputs: ['x', '1234', 'scale', 'zero', 'classifier.bias'],
          output: 'product',
        },
      ],
      [
        { name: '1234', dims: [2, 3], type: 3, raw: Int8Array.of(-7, -6, -5, -4, -3, -2) },
        { name: 'scale', dims: [], floats: [1] },
        { name: 'zero', dims: [], type: 3, raw: Int8Array.of(-8) },
        bias,
      ],
      TURNED,
    ],
    [
      'whole numbers with a scale for each row',
      [
        {
          op: 'DequantizeLinear',
          inputs: ['1234', 'scale'],
          output: 'wide',
          integers: { axis: [0] },
        },
        product(['wide']),
        sum(),
      ],
      [
        { name: '1234', dims: [2, 3], type: 3, integers: [-1, -2, -3, 16, 20, 24] },
        { name: 'scale', dims: [2], floats: [-1, 0.25] },
        bias,
      ],
      TURNED,
    ],
  ])('knows a weight by %s', async (_, nodes, tensors, values) => {
    const expected = { shape: [3, 2], values };
    for (const order of ['nodes first', 'tensors first'] as const) {
      const found = await load(modelOf(nodes, tensors, order));
      expect(found['classifier.weight']).toEqual(expected);
      const reversed = modelOf(nodes, tensors.toReversed(), order);
      expect((await load(reversed))['classifier.weight']).toEqual(expected);
    }
  });

  /** More than a chunk, and of sizes that are no multiples of four. */
  const SIZES = [
    [700, 520],
    [37, 23],
  ] as const;
  const quantizedCases = SIZES.flatMap((dims) =>
    ([2, 3] as const).flatMap((type) =>
      ([undefined, 0, 1] as const).flatMap((axis) =>
        (['rows', 'columns', 'decoder'] as const).map((layout) => ({ dims, type, axis, layout })),
      ),
    ),
  );
  it.each(quantizedCases)(
    'dequantises a matrix: $dims of type $type by axis $axis as $layout',
    async ({ dims, type, axis, layout }) => {
      const [rows, columns] = dims;
      const bytes = Uint8Array.from(
        { length: rows * columns },
        (_, i) => (i * 37 + (i >> 7)) & 255,
      );
      const raw = type === 3 ? new Int8Array(bytes.buffer) : bytes;
      const count = axis === undefined ? 1 : dims[axis];
      const scales = Float32Array.from({ length: count }, (_, i) => (i % 13) / 64 - 0.07);
      const zeros = Array.from({ length: count }, (_, i) => (i % 9) + 1);
      const at = (row: number, column: number) => {
        const channel = axis === undefined ? 0 : [row, column][axis]!;
        return Math.fround((raw[row * columns + column]! - zeros[channel]!) * scales[channel]!);
      };
      const E = rows >> 1;
      const scope = { rows: 'classifier', columns: 'classifier', decoder: 'cls/predictions' }[
        layout
      ];
      const file = modelOf(
        [
          {
            op: 'Gather',
            name: '/mobilebert/embeddings/word_embeddings/Gather',
            inputs: ['words', 'ids'],
            output: 'rows',
          },
          {
            op: 'DequantizeLinear',
            inputs: ['1234', 'scale', 'zero'],
            output: 'wide',
            integers: { axis: [axis ?? 1] },
          },
          product(['wide', 'b'], {
            op: 'Gemm',
            name: `/${scope}/Gemm`,
            integers: { transB: [layout === 'rows' ? 1 : 0] },
          }),
        ],
        [
          { name: 'words', dims: [1, E], raw: new Float32Array(E) },
          { name: 'scale', dims: [count], raw: scales },
          { name: 'zero', dims: [count], type, raw: Int8Array.from(zeros) },
          { name: '1234', dims: [...dims], type, raw },
        ],
      );
      const found = await load(file);
      const made = (name: string, height: number, width: number, value: typeof at) => {
        const { shape, values } = found[name]!;
        expect(shape).toEqual([height, width]);
        const wrong = values.findIndex((x, i) => x !== value(Math.floor(i / width), i % width));
        expect([values.length, wrong]).toEqual([height * width, -1]);
      };
      const turned = (row: number, column: number) => at(column, row);
      if (layout === 'rows') made('classifier.weight', rows, columns, at);
      else if (layout === 'columns') made('classifier.weight', columns, rows, turned);
      else {
        made('cls.predictions.decoder.weight', columns, E, turned);
        made('cls.predictions.dense.weight', rows - E, columns, (row, column) =>
          at(E + row, column),
        );
      }
    },
  );

  it('gives one initializer to every module that shares it', async () => {
    const add = (scope: string): NodeParts => ({
      op: 'Add',
      name: `/${scope}/Add`,
      inputs: [`${scope}-product`, 'mobilebert.encoder.layer.0.attention.self.query.bias'],
      output: `${scope}-sum`,
    });
    const self = 'mobilebert.encoder.layer.0.attention.self';
    const shared = { name: `${self}.query.bias`, dims: [2], floats: [1, 2] };
    const paths = ['query', 'key'].map((part) => `${self}.${part}`);
    const nodes = paths.map((path) => add(path.replaceAll('.', '/').replace('layer/0', 'layer.0')));
    expect(await load(modelOf(nodes, [shared]))).toEqual(
      Object.fromEntries(paths.map((path) => [`${path}.bias`, { shape: [2], values: [1, 2] }])),
    );
  });

  it('reads values of other files, in the order of the file, also where two share them', async () => {
    const data = new Uint8Array(Float32Array.of(9, 1, 2, 3).buffer);
    const external = (offset: string) => ({ location: 'a.data', offset, length: '8' });
    const tensors = [
      { name: 'qa_outputs.bias', dims: [2], external: external('8') },
      { name: 'classifier.bias', dims: [2], external: external('0') },
      { name: 'cls.seq_relationship.bias', dims: [2], external: external('8') },
    ];
    const found = await load(modelOf([], tensors), { 'a.data': data });
    expect(Object.values(found).map(({ values }) => values)).toEqual([
      [9, 1],
      [2, 3],
      [2, 3],
    ]);
    const overlapping = [tensors[0]!, { ...tensors[1]!, external: external('4') }];
    await expect(load(modelOf([], overlapping), { 'a.data': data })).rejects.toThrow('overlap');
    const short = load(modelOf([], tensors), { 'a.data': data.subarray(0, 15) });
    await expect(short).rejects.toThrow('cut off');
  });

  it.each<[string, Uint8Array, string]>([
    [
      'a weight that nothing names',
      modelOf([product(['1234'])], [weight]),
      'initializer "1234" is multiplied with, but neither its node nor the bias behind it has a parameter\'s name',
    ],
    [
      'weights of four bits',
      modelOf([product(['1234']), sum()], [{ name: '1234', dims: [2, 3], type: 22 }]),
      'initializer "1234" of "classifier.weight" is INT4',
    ],
    [
      'a scale that is not there',
      modelOf(
        [{ op: 'DequantizeLinear', inputs: ['1234', 'scale'], output: 'w' }, product(['w']), sum()],
        [{ name: '1234', dims: [2, 3], type: 3, raw: new Int8Array(6) }],
      ),
      '"1234" needs a scale, or the word embedding, that is not there',
    ],
    [
      'scales of another number',
      modelOf(
        [{ op: 'DequantizeLinear', inputs: ['1234', 'scale'], output: 'w' }, product(['w']), sum()],
        [
          { name: 'scale', dims: [2], floats: [1, 1] },
          { name: '1234', dims: [2, 3], type: 3, raw: new Int8Array(6) },
        ],
      ),
      'has 2 scales or zero points, expected 1 or 3',
    ],
    [
      'a tensor in endless pieces',
      wrapped(field(5, join(...Array.from({ length: 1001 }, () => number(1, 1))))),
      'a tensor is in too many pieces',
    ],
    [
      'a node of endless inputs',
      modelOf([{ op: 'Concat', inputs: Array(1001).fill('x'), output: 'y' }], []),
      'a node has more than 1000 inputs and outputs',
    ],
    [
      'numbers of the wrong kind',
      wrapped(field(5, join(number(1, 1), number(2, 1), number(4, 0)))),
      'field 4 has wire type 0, expected numbers of fixed size',
    ],
    [
      'values fewer than the shape',
      modelOf([], [{ ...bias, dims: [4] }]),
      'has 12 bytes, expected 16',
    ],
    ['a negative size', modelOf([], [{ ...bias, dims: [-3] }]), 'has a shape that cannot be'],
    ['an absurd size', modelOf([], [{ ...bias, dims: [2 ** 52, 2 ** 52] }]), 'expected Infinity'],
    [
      'too many sizes',
      modelOf([], [{ ...bias, dims: Array(9).fill(1) }]),
      'a shape that cannot be',
    ],
    [
      'values in no file',
      modelOf([], [{ ...bias, external: { offset: '1e9' } }]),
      'no usable place',
    ],
    [
      'nodes between initializers',
      wrapped(join(field(1, text('')), initializer(bias), field(1, text('')))),
      'nodes stand between initializers',
    ],
    ['two graphs', join(modelOf([], []), modelOf([], [])), 'it has two graphs'],
    ['no graph', join(number(1, 8), field(2, text('test'))), 'expected a graph'],
    [
      'a length that leads out',
      join(number(1, 8), field(2, text('a')), varint(58), varint(99)),
      'cut off',
    ],
    [
      'a length that leads out of its message',
      wrapped(join(varint(42), varint(50), varint(8 * 8 + 2), varint(99))),
      'field 5 is said to have 50 bytes',
    ],
    [
      'a negative length',
      join(number(1, 8), field(2, text('a')), varint(58), varint(-1)),
      'have -1 bytes',
    ],
    ['a group', join(number(1, 8), field(2, text('a')), varint(8 * 9 + 3)), 'has wire type 3'],
    ['field 0', join(number(1, 8), field(2, text('a')), varint(2)), 'found field 0'],
    [
      'an endless varint',
      join(number(1, 8), field(2, text('a')), new Uint8Array(20).fill(255)),
      'a varint has more than 10 bytes',
    ],
    [
      'a varint of more than 64 bits',
      join(number(1, 8), field(2, text('a')), new Uint8Array(9).fill(255), Uint8Array.of(127)),
      'a varint has more than 64 bits',
    ],
  ])('refuses an ONNX model with %s', async (_, file, message) => {
    await expect(load(file)).rejects.toThrow(WeightsError);
    await expect(load(file)).rejects.toThrow(message);
  });

  it('reads attributes of any length', async () => {
    const integers = { perm: Array(200_000).fill(1) };
    const node: NodeParts = { op: 'Transpose', inputs: ['x'], output: 'y', integers };
    expect(Object.keys(await load(modelOf([node], [bias])))).toEqual(['classifier.bias']);
  });

  it('reads a file of values to its end', async () => {
    let isRead = false;
    const beside = async () => ({
      name: 'a.data',
      size: undefined,
      async *stream() {
        yield new Uint8Array(12);
        yield new Uint8Array(5);
        isRead = true;
      },
    });
    const external = { location: 'a.data', offset: '0' };
    const file = modelOf([], [{ name: 'classifier.bias', dims: [3], external }]);
    await loadWeights({ ...chunked(file, 100), beside } as never, () => undefined);
    expect(isRead).toBe(true);
  });

  it('passes over integers that no weight is made of', async () => {
    const shape: TensorParts = { name: 'onnx::Reshape_9', dims: [4], type: 7, integers: [1, 2] };
    expect(Object.keys(await load(modelOf([], [shape, bias])))).toEqual(['classifier.bias']);
  });

  it('takes names for nothing but names', async () => {
    const odd = ['__proto__', 'constructor', 'toString'];
    const nodes = odd.map((op) => ({ op, name: op, inputs: [op], output: op }));
    const tensors = odd.map((name) => ({ ...bias, name }));
    expect(await load(modelOf(nodes, [...tensors, bias]))).toEqual({
      'classifier.bias': { shape: [3], values: [0, 0, 0] },
    });
  });

  it('refuses an ONNX model wherever it is cut off', async () => {
    const file = new Uint8Array(readFileSync('test/golden/onnx/token/onnx/model.onnx'));
    for (let length = 3; length < file.length; length += length < file.length - 40 ? 997 : 1) {
      await expect(load(file.subarray(0, length)), String(length)).rejects.toThrow(WeightsError);
      await expect(load(file.subarray(0, length), {}, file.length)).rejects.toThrow(WeightsError);
    }
  });
});
