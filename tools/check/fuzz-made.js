/**
 * Files that no change of a whole file would give: pickles that nest, double and repeat, small
 * configurations of many objects, maps of many keys. Made small, to see what they cost.
 */
import { deflateRawSync } from 'node:zlib';

const encode = (text) => new TextEncoder().encode(text);
const latin = (text) => Uint8Array.from(text, (char) => char.charCodeAt(0));

/** Pickles of a legacy file before its weights: magic number, protocol, system. */
const LEGACY = [
  '\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19',
  'M\xe9\x03',
  '}U\x0dlittle_endian\x88s',
];
/** A tensor of one float, in storage "0". */
const TENSOR =
  'ctorch._utils\n_rebuild_tensor_v2\n((U\x07storagectorch\nFloatStorage\nU\x010U\x03cpuK\x01tQK\x00))\x89NtR';
/** Opcodes that make something, or move it. */
const OPCODES = [
  ']', '}', ')', '(', 'N', '\x88', 'K\x01', 'M\x01\x01', 'J\xff\xff\xff\xff', '\x8a\x01\x7f', 'G\x3f\xf0\0\0\0\0\0\0',
  'U\x01a', 'U\0', '\x85', '\x86', '\x87', 't', 'a', 'e', 's', 'u', 'q\0', 'q\x01', '\x94', 'h\0', 'h\x01', 'b', 'R',
  'Q', '\x93', 'ctorch\nSize\n', 'ccollections\nOrderedDict\n', 'ctorch\nFloatStorage\n', TENSOR, '\x8f', '\x90',
  'C\x01a', 'ctorch.storage\nUntypedStorage\n', 'ctorch._utils\n_rebuild_tensor_v3\n',
]; // biome-ignore format: a table
/** Names under which training keeps weights. */
const NAMES = [
  'state_dict',
  'model_state_dict',
  'model',
  'module',
  'optimizer',
  'w',
  'module.w',
  'x',
];

const below = (random, n) => Math.floor(random() * n);
const pick = (random, list) => list[below(random, list.length)];

/** A pickle, as text whose characters are bytes, without PROTO and STOP. */
function pickleOf(random) {
  const kind = random();
  if (kind < 0.15) return `]q\0${'h\0\x86q\0'.repeat(below(random, 200))}`;
  if (kind < 0.3)
    return `${pick(random, OPCODES).repeat(1 + below(random, 2 ** below(random, 19)))}`;
  if (kind < 0.4) {
    const depth = below(random, 2 ** below(random, 18));
    return ']'.repeat(depth + 1) + 'a'.repeat(depth);
  }
  if (kind < 0.7) return dictOf(random, 0);
  return Array.from({ length: 1 + below(random, 60) }, () => pick(random, OPCODES)).join('');
}

/** Dicts in dicts, with tensors, numbers and things that hold themselves. */
function dictOf(random, depth) {
  let text = '}';
  for (let entries = below(random, 5); entries > 0; entries--) {
    const name = pick(random, NAMES) + (random() < 0.3 ? entries : '');
    const kind = random();
    const deeper = depth < 6 && kind < 0.4;
    const value = deeper
      ? dictOf(random, depth + 1)
      : kind < 0.7
        ? TENSOR
        : pick(random, ['N', 'K\x05', ')', `]q\0h\0a`, 'h\0']);
    text += `U${String.fromCharCode(name.length)}${name}${value}s`;
  }
  return text;
}

/** A PyTorch file of pickles: legacy, or a ZIP archive, stored or deflated. */
function torchFile(_, random) {
  const pickle = `\x80\x02${pickleOf(random)}.`;
  if (random() < 0.5) {
    const pickles = [...LEGACY, `}U\x01w${TENSOR}s`, '](U\x010e'];
    pickles[below(random, 5)] = pickle.slice(2, -1);
    const values = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 128, 63);
    const head = latin(pickles.map((one) => `\x80\x02${one}.`).join(''));
    return Uint8Array.from([...head, ...values]);
  }
  return archive(
    [
      ['a/data.pkl', latin(pickle)],
      ['a/data/0', new Uint8Array(random() < 0.1 ? 2 ** 22 : 4)],
      ['a/version', encode('3\n')],
    ],
    random() < 0.5,
  );
}

/** A ZIP archive whose headers say sizes. */
function archive(entries, isDeflated) {
  const parts = [];
  const directory = [];
  let at = 0;
  for (const [name, bytes] of entries) {
    const packed = isDeflated ? deflateRawSync(bytes) : bytes;
    const fields = new DataView(new ArrayBuffer(26));
    fields.setUint16(0, 20, true);
    fields.setUint16(4, isDeflated ? 8 : 0, true);
    fields.setUint32(14, packed.length, true);
    fields.setUint32(18, bytes.length, true);
    fields.setUint16(22, name.length, true);
    const common = new Uint8Array(fields.buffer);
    parts.push(latin('PK\x03\x04'), common, latin(name), packed);
    const tail = new DataView(new ArrayBuffer(14));
    tail.setUint32(10, at, true);
    directory.push(
      latin('PK\x01\x02'),
      Uint8Array.of(20, 0),
      common,
      new Uint8Array(tail.buffer),
      latin(name),
    );
    at += 30 + name.length + packed.length;
  }
  const end = new Uint8Array(22);
  end.set(latin('PK\x05\x06'));
  return Uint8Array.from([...parts, ...directory, end].flatMap((part) => [...part]));
}

/** A configuration of odd sizes, of which some are large, and of maps of many keys. */
function configOf(_, random) {
  const size = () => Math.min(2 ** 20, 2 ** below(random, 22) + below(random, 2));
  const names = [
    'vocab_size', 'hidden_size', 'num_hidden_layers', 'num_attention_heads', 'intermediate_size',
    'max_position_embeddings', 'type_vocab_size', 'embedding_size', 'intra_bottleneck_size',
    'num_feedforward_networks', 'num_labels',
  ]; // biome-ignore format: a table
  const config = { num_attention_heads: 1 };
  for (const name of names) if (random() < 0.7) config[name] = random() < 0.5 ? 1 : size();
  if (random() < 0.5) config.intra_bottleneck_size = config.hidden_size ?? 1;
  for (const flag of [
    'use_bottleneck',
    'trigram_input',
    'key_query_shared_bottleneck',
    'tie_word_embeddings',
  ]) {
    if (random() < 0.2) config[flag] = random() < 0.5;
  }
  if (random() < 0.2)
    config.id2label = mapOf(random, (i) => [i * pick(random, [1, 8, 4096]), `${i}`]);
  if (random() < 0.1) config.label2id = mapOf(random, (i) => [`l${i}`, i]);
  if (random() < 0.1)
    config.pruned_heads = mapOf(random, (i) => [i % 9999, Array(below(random, 50)).fill(0)]);
  if (random() < 0.1) config.architectures = Array(size() >> 4).fill('a');
  return encode(JSON.stringify(config));
}

function mapOf(random, entry) {
  return Object.fromEntries(Array.from({ length: 2 ** below(random, 17) }, (_, i) => entry(i)));
}

/** A safetensors file whose header has many keys. */
function headerOf(_, random) {
  const kind = random();
  const one = { dtype: 'F32', shape: [0], data_offsets: [0, 0] };
  const wide = { dtype: 'F32', shape: Array(2 ** below(random, 17)).fill(1), data_offsets: [0, 4] };
  const header =
    kind < 0.3
      ? { __metadata__: mapOf(random, (i) => [`${i * 4096}`, 'a']) }
      : kind < 0.6
        ? mapOf(random, (i) => [`t${i}`, one])
        : kind < 0.8
          ? { w: wide }
          : { w: { ...one, other: mapOf(random, (i) => [i, i]) } };
  const text = encode(JSON.stringify(header));
  const length = new Uint8Array(BigUint64Array.of(BigInt(text.length)).buffer);
  return Uint8Array.from(
    [...length, ...text, 0, 0, 0, 0].slice(0, 8 + text.length + (kind >= 0.6 ? 4 : 0)),
  );
}

/** An index of many tensors, of one file or of many. */
function indexOf(_, random) {
  const files = random() < 0.5 ? 1 : 2 ** below(random, 16);
  const weight_map = mapOf(random, (i) => [`${i * 4096}`, `m${i % files}.bin`]);
  return encode(JSON.stringify({ metadata: {}, weight_map }));
}

/** Files that are made, and what reads them. */
export function madeTargets({ MobileBertForMaskedLM, loadWeights, parseShardIndex }) {
  const nothing = latin('\x02\0\0\0\0\0\0\0{}');
  const load = (file) =>
    loadWeights(
      { name: 'made', size: file.length, stream: async function* () { yield file; } },
      (_, { shape }) => ({ shape, write() {} }),
    ); // biome-ignore format: short
  const bytes = new Uint8Array();
  return [
    { name: 'made pickle', bytes, errors: ['WeightsError'], change: torchFile, run: load },
    { name: 'made header', bytes, errors: ['WeightsError'], change: headerOf, run: load },
    {
      name: 'made index',
      bytes,
      errors: ['WeightsError'],
      change: indexOf,
      run: async (file) => parseShardIndex(new TextDecoder().decode(file), 'made'),
    },
    {
      name: 'made config',
      bytes,
      errors: ['ConfigError', 'WeightsError', 'SyntaxError', 'FilesError'],
      change: configOf,
      run: (file) =>
        MobileBertForMaskedLM.from_pretrained({
          'config.json': file,
          'model.safetensors': nothing,
        }),
    },
  ];
}
