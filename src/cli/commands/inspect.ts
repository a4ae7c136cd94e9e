/** `npx mobilebert-wasm inspect`: shows what a checkpoint contains, and how it runs on this machine. */

import { oneOf, parseArguments, UsageError } from '../arguments.ts';
import { helpText, jsonHelp } from '../help.ts';
import { type Inspection, inspectCheckpoint } from '../inspection.ts';
import type { Command } from '../io.ts';
import { withNearFolders } from '../near-folders.ts';
import { DTYPE_HELP, DTYPES } from '../pipeline.ts';
import { ProgressBar } from '../progress-bar.ts';
import { withStatus } from '../status-line.ts';
import { type Cell, formatTable, type TableStyle, tableStyle } from '../table.ts';

const OPTIONS = {
  dtype: { type: 'string', default: 'auto' },
  json: { type: 'boolean' },
} as const;

export const inspect: Command = {
  help: helpText({
    about: [
      'Shows what a checkpoint contains: architecture, sizes, labels, tasks it can do, tokenizer, files, missing and unused tensors. Loads the weights to show how the model runs on this machine.',
    ],
    usage: ['inspect [OPTIONS] SOURCE'],
    notes: ['SOURCE is a folder, URL or Hugging Face Hub id.'],
    options: [DTYPE_HELP, jsonHelp('', 'architecture, config, tokenizer, files, ...')],
    examples: ['inspect google/mobilebert-uncased', 'inspect --dtype q8 --json ./my-model'],
  }),

  async run(args, io) {
    const { values, positionals } = parseArguments(args, OPTIONS);
    const dtype = oneOf('dtype', values.dtype, DTYPES);
    const [source, ...others] = positionals;
    if (!source || others.length > 0) {
      const found = source === '' ? 'an empty one' : `${positionals.length} of them`;
      throw new UsageError(`Cannot read arguments: found ${found}, expected 1: SOURCE`);
    }
    await withStatus(io.stderr, async (status) => {
      const bar = new ProgressBar(status);
      const found = await withNearFolders(source, () =>
        inspectCheckpoint(source, { dtype, progress_callback: (event) => bar.take(event) }),
      );
      const text = values.json
        ? `${JSON.stringify(found)}\n`
        : inspectionTables(found, tableStyle(io));
      await status.print(io.stdout, text);
    });
  },
};

/** Longer lists of names are cut. */
const SHOWN_NAMES = 5;

/** A line of the table; one without a value is left out. */
type Line = readonly [name: string, value: Cell];

/** Two tables: the model in groups of lines, and the files. */
function inspectionTables(found: Inspection, style: TableStyle): string {
  const columns = [{ title: 'Checkpoint' }, { title: found.source, isFlexible: true }];
  const files = [
    { title: 'File', isFlexible: true },
    { title: 'Format' },
    { title: 'Size', pad: 'left' },
  ] as const;
  const groups = [
    purposeLines(found),
    sizeLines(found.config),
    tokenizerLines(found.tokenizer),
    weightLines(found),
  ];
  const lines = groups
    .map((group) => group.filter(([, value]) => value !== ''))
    .flatMap((group, i) => (i === 0 ? group : [['', ''] as const, ...group]));
  return `${formatTable(columns, lines, style)}\n${formatTable(files, fileRows(found), style)}`;
}

function purposeLines({ architecture, tasks, labels }: Inspection): Line[] {
  return [
    ['Architecture', architecture],
    ['Tasks', tasks.join(', ')],
    ['Labels', labels.length > 0 ? `${labels.length}: ${listed(labels)}` : ''],
  ];
}

function sizeLines(config: Record<string, unknown>): Line[] {
  const number = (key: string) => Number(config[key]).toLocaleString('en');
  const heads = Number(config.num_attention_heads);
  const pruned = Object.values((config.pruned_heads ?? {}) as Record<string, unknown[]>).flat();
  return [
    ['Layers', number('num_hidden_layers')],
    ['Hidden size', number('hidden_size')],
    ['Bottleneck size', config.use_bottleneck ? number('intra_bottleneck_size') : 'no bottleneck'],
    ['Attention heads', `${heads} per layer, of size ${Number(config.true_hidden_size) / heads}`],
    ['Pruned heads', pruned.length > 0 ? String(pruned.length) : ''],
    [
      'Feed-forward',
      `${counted(Number(config.num_feedforward_networks), 'network')} per layer, of size ${number('intermediate_size')}`,
    ],
    ['Activation', String(config.hidden_act)],
    ['Normalization', String(config.normalization_type)],
    ['Embedding size', number('embedding_size')],
    ['Trigram input', config.trigram_input ? 'yes' : 'no'],
    ['Vocabulary', `${number('vocab_size')} tokens`],
    ['Longest input', `${number('max_position_embeddings')} tokens`],
  ];
}

function tokenizerLines(tokenizer: Inspection['tokenizer']): Line[] {
  if (tokenizer === null) return [['Tokenizer', { text: 'no files of one', color: 'yellow' }]];
  const { name, tokens, added, do_lower_case, model_max_length } = tokenizer;
  const limit = model_max_length === null ? '' : `, truncates at ${inEnglish(model_max_length)}`;
  const more = added > 0 ? `, ${inEnglish(added)} of them added` : '';
  return [
    ['Tokenizer', `${name}, ${do_lower_case ? 'lower case' : 'keeps case'}`],
    ['  tokens', `${inEnglish(tokens)}${more}${limit}`],
  ];
}

function weightLines(found: Inspection): Line[] {
  const { weights, memory, build, threads, dtype, parameters } = found;
  return [
    ['Parameters', inEnglish(parameters)],
    ['Data type', dtype],
    ['Weights', bytesOf(memory.weights)],
    ['  embeddings', bytesOf(weights.embeddings)],
    ['  layers', bytesOf(weights.blocks)],
    ['  heads', bytesOf(weights.heads)],
    ['Memory', `${bytesOf(memory.total)} when loaded`],
    ['Runs on', `build ${build}, ${counted(threads, 'thread')}`],
    ...conversionLines(found),
    ['Missing', namedTensors(found.missing_keys, 'newly initialised, train before use')],
    ['Unused', namedTensors(found.unexpected_keys, 'not part of this class')],
  ];
}

function conversionLines({ packing, relative_error, calibration }: Inspection): Line[] {
  if (packing === null) return [];
  const error =
    relative_error === null
      ? 'not known'
      : `${Number((100 * relative_error).toPrecision(2))} % against fp32, on probe texts`;
  return [
    ['Packing', packing],
    ['Error', error],
    ['Calibrated', calibration === null ? 'no' : `on ${calibration}`],
  ];
}

/** The file that weights were read from is green. */
function fileRows({ files, weights_file }: Inspection): Cell[][] {
  return files.map(({ name, format, bytes }) => [
    name === weights_file ? { text: name, color: 'green' } : name,
    format,
    bytes > 0 ? bytesOf(bytes) : '',
  ]);
}

function namedTensors(names: readonly string[], what: string): Cell {
  if (names.length === 0) return '';
  const count = counted(names.length, 'tensor');
  return { text: `${count}, ${what}: ${listed(names)}`, color: 'yellow' };
}

function listed(names: readonly string[]): string {
  const rest = names.length - SHOWN_NAMES;
  return [...names.slice(0, SHOWN_NAMES), ...(rest > 0 ? [`and ${rest} more`] : [])].join(', ');
}

function bytesOf(bytes: number): string {
  if (bytes < 1e3) return `${bytes} B`;
  return bytes < 1e5 ? `${(bytes / 1e3).toFixed(1)} KB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function counted(count: number, noun: string): string {
  return `${inEnglish(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function inEnglish(count: number): string {
  return count.toLocaleString('en');
}
