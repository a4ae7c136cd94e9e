/** `mobilebert inspect`: shows what a checkpoint contains, and how it runs on this machine. */

import { oneOf, parseArguments, UsageError } from '../arguments.ts';
import { type Inspection, inspectCheckpoint } from '../inspection.ts';
import type { Command } from '../io.ts';
import { ProgressBar } from '../progress-bar.ts';
import { withStatus } from '../status-line.ts';
import { type Cell, formatTable, type TableStyle, tableStyle } from '../table.ts';

const OPTIONS = {
  dtype: { type: 'string', default: 'auto' },
  json: { type: 'boolean' },
} as const;

const DTYPES = ['auto', 'fp32', 'fp16', 'q8'] as const;

export const inspect: Command = {
  help: `\
Shows what a checkpoint contains: configuration, files, size of the weights,
labels, tasks it can do, missing and unused tensors. Loads the weights to show
how the model runs on this machine.

Usage: mobilebert inspect [OPTIONS] SOURCE

SOURCE is a folder, URL or Hugging Face Hub id.

      --dtype NAME     data type of the weights in memory: auto (default),
                       fp32, fp16 or q8
      --json           print one JSON object
  -h, --help           show this help
`,

  async run(args, io) {
    const { values, positionals } = parseArguments(args, OPTIONS);
    const dtype = oneOf('dtype', values.dtype, DTYPES);
    const [source, ...others] = positionals;
    if (source === undefined || others.length > 0) {
      throw new UsageError(
        `Cannot read arguments: found ${positionals.length} of them, expected 1: SOURCE`,
      );
    }
    await withStatus(io.stderr, async (status) => {
      const bar = new ProgressBar(status);
      const found = await inspectCheckpoint(source, {
        dtype,
        progress_callback: (event) => bar.take(event),
      });
      const text = values.json
        ? `${JSON.stringify(found)}\n`
        : inspectionTables(found, tableStyle(io));
      await status.print(io.stdout, text);
    });
  },
};

/** Longer lists of names are cut. */
const SHOWN_NAMES = 5;

/** Two tables: the model line by line, and the files. */
function inspectionTables(found: Inspection, style: TableStyle): string {
  const columns = [{ title: 'Checkpoint' }, { title: found.source, isFlexible: true }];
  const files = [
    { title: 'File', isFlexible: true },
    { title: 'Format' },
    { title: 'Size', pad: 'left' },
  ] as const;
  const lines = modelRows(found).filter(([, value]) => value !== '');
  return `${formatTable(columns, lines, style)}\n${formatTable(files, fileRows(found), style)}`;
}

function modelRows(found: Inspection): [string, Cell][] {
  const { weights, memory, build, threads, dtype, parameters, labels } = found;
  return [
    ['Class', found.architecture],
    ...configRows(found.config),
    ['Labels', labels.length > 0 ? `${labels.length}: ${listed(labels)}` : ''],
    ['Tasks', found.tasks.join(', ')],
    ['Parameters', `${parameters.toLocaleString('en')} in ${dtype}`],
    ['  embeddings', bytesOf(weights.embeddings)],
    ['  blocks', bytesOf(weights.blocks)],
    ['  heads', bytesOf(weights.heads)],
    [
      'Memory',
      `${bytesOf(memory.total)} when loaded, including ${bytesOf(memory.weights)} weights`,
    ],
    ['Runs on', `the ${build} build, ${threads} thread${threads === 1 ? '' : 's'}`],
    ...conversionRows(found),
    ['Missing', namedTensors(found.missing_keys, 'newly initialised, train before use')],
    ['Unused', namedTensors(found.unexpected_keys, 'not part of this class')],
  ];
}

function configRows(config: Record<string, unknown>): [string, string][] {
  const number = (key: string) => Number(config[key]).toLocaleString('en');
  const bottleneck = config.use_bottleneck
    ? `, bottleneck size ${number('intra_bottleneck_size')}`
    : '';
  const networks = `${number('num_feedforward_networks')} x ${number('intermediate_size')}`;
  const pruned = Object.values((config.pruned_heads ?? {}) as Record<string, unknown[]>).flat();
  const heads = `${number('num_attention_heads')} heads`;
  const words = `${number('vocab_size')} tokens, embedding size ${number('embedding_size')}`;
  return [
    ['Layers', `${number('num_hidden_layers')}, hidden size ${number('hidden_size')}${bottleneck}`],
    ['Each layer', `${heads}, feed-forward ${networks}, ${config.hidden_act}`],
    ['Pruned', pruned.length > 0 ? `${pruned.length} heads` : ''],
    ['Norm', String(config.normalization_type)],
    ['Vocabulary', `${words}${config.trigram_input ? ', trigram input' : ''}`],
    ['Positions', number('max_position_embeddings')],
  ];
}

function conversionRows({ packing, relative_error, calibration }: Inspection): [string, string][] {
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
  const noun = names.length === 1 ? 'tensor' : 'tensors';
  return { text: `${names.length} ${noun}, ${what}: ${listed(names)}`, color: 'yellow' };
}

function listed(names: readonly string[]): string {
  const rest = names.length - SHOWN_NAMES;
  return [...names.slice(0, SHOWN_NAMES), ...(rest > 0 ? [`and ${rest} more`] : [])].join(', ');
}

function bytesOf(bytes: number): string {
  if (bytes < 1e3) return `${bytes} B`;
  return bytes < 1e5 ? `${(bytes / 1e3).toFixed(1)} KB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
