/** What a checkpoint is, as two tables: the model line by line, and its files. */

import type { Inspection } from './inspection.ts';
import { type Cell, formatTable, type TableStyle } from './table.ts';

/** Names that are shown of a longer list. */
const SHOWN = 5;

export function formatInspection(found: Inspection, style: TableStyle): string {
  const columns = [{ title: 'Checkpoint' }, { title: found.source, isFlexible: true }];
  const files = [
    { title: 'File', isFlexible: true },
    { title: 'Format' },
    { title: 'Size', pad: 'left' },
  ] as const;
  const lines = rows(found).filter(([, value]) => value !== '');
  return `${formatTable(columns, lines, style)}\n${formatTable(files, fileRows(found), style)}`;
}

function rows(found: Inspection): [string, Cell][] {
  const { weights, memory, build, threads, dtype, parameters } = found;
  return [
    ['Class', found.architecture],
    ...configRows(found.config),
    ['Labels', found.labels.length > 0 ? `${found.labels.length}: ${listed(found.labels)}` : ''],
    ['Tasks', found.tasks.join(', ')],
    ['Weights', `${parameters.toLocaleString('en')} in ${dtype}`],
    ['  embeddings', megabytes(weights.embeddings)],
    ['  blocks', megabytes(weights.blocks)],
    ['  heads', megabytes(weights.heads)],
    [
      'Memory',
      `${megabytes(memory.total)} when loaded, ${megabytes(memory.weights)} of it weights`,
    ],
    ['Runs on', `the ${build} build, ${threads} thread${threads === 1 ? '' : 's'}`],
    ...conversionRows(found),
    ['Missing', problem(found.missing_keys, 'newly initialised, train before use')],
    ['Unused', problem(found.unexpected_keys, 'no use for them in this class')],
  ];
}

function configRows(config: Record<string, unknown>): [string, string][] {
  const number = (key: string) => Number(config[key]).toLocaleString('en');
  const bottleneck = config.use_bottleneck ? `, ${number('intra_bottleneck_size')} inside` : '';
  const networks = `${number('num_feedforward_networks')} x ${number('intermediate_size')}`;
  const pruned = Object.values((config.pruned_heads ?? {}) as Record<string, unknown[]>).flat();
  const heads = `${number('num_attention_heads')} heads`;
  const words = `${number('vocab_size')} of ${number('embedding_size')}`;
  return [
    ['Layers', `${number('num_hidden_layers')} of ${number('hidden_size')}${bottleneck}`],
    ['Each', `${heads}, feed-forward ${networks}, ${config.hidden_act}`],
    ['Pruned', pruned.length > 0 ? `${pruned.length} heads` : ''],
    ['Norm', String(config.normalization_type)],
    ['Words', `${words}${config.trigram_input ? ', read in threes' : ''}`],
    ['Positions', number('max_position_embeddings')],
  ];
}

function conversionRows({ packing, relative_error, calibration }: Inspection): [string, string][] {
  if (packing === null) return [];
  const percent =
    relative_error === null ? 'not known' : `${Number((100 * relative_error).toPrecision(2))} %`;
  return [
    ['Packing', packing],
    ['Error', `${percent} from fp32 on probe texts`],
    ['Calibrated', calibration === null ? 'no' : `on ${calibration}`],
  ];
}

function fileRows({ files, weights_file }: Inspection): Cell[][] {
  return files.map(({ name, format, bytes }) => [
    name === weights_file ? { text: name, color: 'green' } : name,
    format,
    bytes > 0 ? megabytes(bytes) : '',
  ]);
}

function problem(names: readonly string[], what: string): Cell {
  if (names.length === 0) return '';
  const noun = names.length === 1 ? 'tensor' : 'tensors';
  return { text: `${names.length} ${noun}, ${what}: ${listed(names)}`, color: 'yellow' };
}

function listed(names: readonly string[]): string {
  const rest = names.length - SHOWN;
  return [...names.slice(0, SHOWN), ...(rest > 0 ? [`and ${rest} more`] : [])].join(', ');
}

function megabytes(bytes: number): string {
  if (bytes < 1e3) return `${bytes} B`;
  return bytes < 1e5 ? `${(bytes / 1e3).toFixed(1)} KB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
