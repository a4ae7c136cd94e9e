/** What tools/check/fuzz.js feeds: readers, each with a whole file to begin from. */
import { readdirSync, readFileSync } from 'node:fs';
import { mutateHeader, mutateSummed } from './fuzz-changes.js';
import { madeTargets } from './fuzz-made.js';

const FORMATS = 'test/golden/formats';
const CHECKPOINTS = 'test/golden/checkpoints';
/** Files of other models: quantised graphs, models with heads. */
const OTHERS = [
  'test/golden/onnx/sequence-single/onnx/model_uint8.onnx',
  'test/golden/onnx/masked-lm/onnx/model_quantized.onnx',
  'test/golden/keras/pretraining/tf_model.h5',
];
/** The vocabulary of the tokenizer whose files are broken. */
const WORDS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', '##b', 'c', '.', '\u00e9'];
/** Bytes of the elements that destinations get. */
const BYTE_SIZES = { F64: 8, F32: 4, F16: 2, BF16: 2 };

/** Everything that is read, each with a whole file to begin from: formats of weights, then JSON. */
export async function targetsOf(library) {
  const targets = [];
  const shapes = new Map();
  for (const folder of readdirSync(FORMATS)) {
    for (const file of readdirSync(`${FORMATS}/${folder}`)) {
      // It has no structure of its own: the model beside it describes its content.
      if (file.endsWith('_data')) continue;
      const bytes = readFileSync(`${FORMATS}/${folder}/${file}`);
      const name = `${folder}/${file}`;
      if (file.endsWith('.json')) targets.push(indexTarget(library, name, bytes));
      else targets.push(weightsTarget(library, name, bytes, shapes));
    }
  }
  for (const folder of readdirSync(CHECKPOINTS)) {
    for (const file of readdirSync(`${CHECKPOINTS}/${folder}`)) {
      const bytes = readFileSync(`${CHECKPOINTS}/${folder}/${file}`);
      targets.push(weightsTarget(library, `checkpoints/${folder}/${file}`, bytes, new Map()));
    }
  }
  for (const file of OTHERS) {
    targets.push(weightsTarget(library, file, readFileSync(file), new Map()));
  }
  const config = readFileSync('test/golden/models/sequence-single/config.json');
  targets.push({
    name: 'config.json',
    isText: true,
    bytes: config,
    errors: ['ConfigError', 'SyntaxError'],
    run: (bytes) => library.MobileBertConfig.from_pretrained({ 'config.json': bytes }),
  });
  targets.push(...(await tokenizerTargets(library)), ...madeTargets(library));
  return targets;
}

/** `shapes` holds the shapes of whole files, so that broken ones have destinations to write to. */
function weightsTarget({ loadWeights, lookup3 }, name, bytes, shapes) {
  const source = (file, size) => ({
    name,
    size,
    async *stream() {
      for (let at = 0; at < file.length; at += size) yield file.subarray(at, at + size);
    },
    async beside(other) {
      if (!name.startsWith('onnx')) return undefined;
      const folder = `${FORMATS}/${name.slice(0, name.indexOf('/'))}`;
      const isThere = readdirSync(folder).includes(other);
      return isThere ? source(readFileSync(`${folder}/${other}`), 61) : undefined;
    },
  });
  const place = (tensor, { shape }) => {
    if (!shapes.has(tensor)) return undefined;
    return { shape: shapes.get(tensor), write: checkedWrite(tensor, shape) };
  };
  const well = wellFormed(name, lookup3);
  return {
    name,
    bytes,
    errors: ['WeightsError'],
    change: well && ((file, random) => (random() < 0.5 ? well(file, random) : undefined)),
    prepare: () =>
      loadWeights({ ...source(bytes, 4096), size: bytes.length }, (tensor, { dtype, shape }) => {
        if (dtype in BYTE_SIZES || dtype.startsWith('F8')) shapes.set(tensor, shape);
        return undefined;
      }),
    run: (file, random) => {
      const size = [1 << 20, 4096, 61][Math.floor(random() * 3)];
      const declared = random() < 0.5 ? file.length : undefined;
      const access = declared !== undefined && random() < 0.5 ? accessTo(file) : undefined;
      return loadWeights({ ...source(file, size), size: declared, access }, place);
    },
  };
}

/** The change that keeps a file's outer form, where its format has one. */
function wellFormed(name, lookup3) {
  if (name.endsWith('.safetensors')) return mutateHeader;
  if (!name.includes('keras-latest')) return undefined;
  return (file, random) => mutateSummed(file, random, lookup3);
}

/** Random access, as files have. */
function accessTo(file) {
  return async () => ({
    read: async (start, end) => file.slice(start, end),
    close: async () => {},
  });
}

/** A destination that throws for rows out of order, outside the tensor, or of a wrong size. */
function checkedWrite(tensor, shape) {
  let next = 0;
  const rowSize = shape.slice(1).reduce((product, n) => product * n, 1);
  return (first, rows, bytes, dtype) => {
    const isRight =
      first === next &&
      first + rows <= (shape[0] ?? 1) &&
      bytes.byteOffset % 8 === 0 &&
      bytes.length === rows * rowSize * BYTE_SIZES[dtype];
    if (!isRight) throw new Error(`rows ${first}..${first + rows} of "${tensor}" are not its own`);
    next += rows;
  };
}

function indexTarget({ parseShardIndex }, name, bytes) {
  const run = async (file) => parseShardIndex(new TextDecoder().decode(file), name);
  return { name, bytes, isText: true, errors: ['WeightsError'], run };
}

/** The files of a small tokenizer: one is broken, the others are whole. */
async function tokenizerTargets({ AutoTokenizer }) {
  const encode = (text) => new TextEncoder().encode(text);
  const small = await AutoTokenizer.from_pretrained({ 'vocab.txt': encode(WORDS.join('\n')) });
  const saved = Object.entries(await small.save_files());
  const files = Object.fromEntries(saved.map(([name, text]) => [name, encode(text)]));
  const errors = ['TokenizerError', 'SyntaxError', 'FilesError'];
  return ['tokenizer.json', 'tokenizer_config.json', 'vocab.txt'].map((name) => ({
    name,
    bytes: files[name],
    isText: true,
    errors,
    run: (bytes) => AutoTokenizer.from_pretrained({ ...files, [name]: bytes }),
  }));
}
