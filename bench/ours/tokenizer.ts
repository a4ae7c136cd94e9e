/**
 * How fast is the tokenizer? Before anything is timed, the ids of all 5,500 texts of
 * test/golden/tokenizer are compared with those of the Rust tokenizers.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { MobileBertTokenizer } from '../../src/tokenizer/api/tokenizer.ts';
import { type Column, digits, head, line, spreadOf } from '../support/table.js';
import type { Machine } from './harness.ts';
import type { Report } from './result.ts';

/** Ids without the special tokens, spans and words of a text. */
type Golden = [ids: number[], spans: number[], words: number[]];

const COLUMNS: Column[] = [
  { title: '', width: 34, isText: true },
  { title: 'texts', width: 6 },
  { title: 'tokens', width: 8 },
  { title: 'ms', width: 8 },
  { title: 'texts/s', width: 9 },
  { title: 'tokens/s', width: 10 },
  { title: 'MB/s', width: 6 },
  { title: 'spread', width: 8 },
];

/** Texts, and how they are tokenized. */
interface Workload {
  readonly name: string;
  readonly texts: readonly string[];
  /** One call for all texts, padded; otherwise one call for each. */
  readonly isBatch?: boolean;
  readonly options?: object;
}

/** Prints one row for every kind of text, and one for reading the vocabulary. */
export async function benchTokenizer(machine: Machine, report: Report): Promise<void> {
  const vocabulary = readFileSync('models/banking77-intents/vocab.txt', 'utf8');
  const tokenizer = new MobileBertTokenizer(vocabulary);
  const texts = read<string[]>('texts');
  const golden = read<{ default: { records: Golden[] } }>('configs').default.records;
  const wrong = texts.filter((text, i) => String(idsOf(tokenizer, text)) !== String(golden[i][0]));
  console.log(`\n${head(COLUMNS, 'tokenizer')}`);
  if (wrong.length > 0) {
    console.log(line(COLUMNS, [`WRONG: ${wrong.length} of ${texts.length} texts`]));
    process.exitCode = 1;
    return;
  }
  for (const workload of workloads(texts)) {
    if (!machine.selection.has(workload.name)) continue;
    const figure = await machine.measure(() => run(tokenizer, workload));
    const count = workload.texts.length;
    const tokens = run(tokenizer, workload);
    report.add(workload.name, figure, { error: 0 });
    const bytes = Buffer.byteLength(workload.texts.join(''));
    const rates = [count, tokens, bytes / 1e6].map((n) => ((1000 * n) / figure.value).toFixed(0));
    const cells = [workload.name, `${count}`, `${tokens}`, digits(figure.value), ...rates];
    console.log(line(COLUMNS, [...cells, spreadOf(figure)]));
  }
  if (!machine.selection.has('vocab.txt to a tokenizer')) return;
  const load = await machine.measure(() => new MobileBertTokenizer(vocabulary));
  report.add('vocab.txt to a tokenizer', load);
  const cells = [
    'vocab.txt to a tokenizer',
    '',
    '',
    digits(load.value),
    '',
    '',
    '',
    spreadOf(load),
  ];
  console.log(line(COLUMNS, cells));
}

/** Plain questions, the same as a batch, odd texts, a page, and very long texts. */
function workloads(texts: readonly string[]): Workload[] {
  const plain = texts.filter((text) => /^[A-Za-z][\x20-\x7e]{19,119}$/.test(text)).slice(0, 256);
  const odd = texts.filter((text) => /[^\x20-\x7e]/.test(text)).slice(0, 256);
  const page = plain.join(' ');
  return [
    { name: 'questions, one by one', texts: plain },
    { name: 'questions, one padded batch', texts: plain, isBatch: true },
    {
      name: 'questions, with offsets',
      texts: plain,
      options: { return_tensor: false, return_offsets_mapping: true },
    },
    { name: 'marks, scripts, emoji, controls', texts: odd },
    { name: 'one page, all of it', texts: [page] },
    { name: 'one text of 10 MB', texts: [page.repeat(1e7 / page.length)] },
    { name: 'one word of 1 MB', texts: ['a'.repeat(1e6)] },
    {
      name: 'one page, cut to 512 tokens',
      texts: [page],
      options: { truncation: true, max_length: 512 },
    },
  ];
}

/** Tokenizes the texts; returns the number of tokens without padding. */
function run(tokenizer: MobileBertTokenizer, { texts, isBatch, options }: Workload): number {
  if (isBatch) {
    const { attention_mask } = tokenizer([...texts], { padding: true, return_tensor: false });
    return (attention_mask as number[][]).reduce(
      (sum, mask) => sum + mask.reduce((all, one) => all + one, 0),
      0,
    );
  }
  let tokens = 0;
  for (const text of texts) {
    const { input_ids } = tokenizer(text, { return_tensor: false, ...options });
    tokens += (input_ids as number[]).length;
  }
  return tokens;
}

function idsOf(tokenizer: MobileBertTokenizer, text: string): number[] {
  return (tokenizer(text, { return_tensor: false }).input_ids as number[]).slice(1, -1);
}

function read<T>(name: string): T {
  return JSON.parse(gunzipSync(readFileSync(`test/golden/tokenizer/${name}.json.gz`)).toString());
}
