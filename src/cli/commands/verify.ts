/** `mobilebert-wasm verify`: holds a checkpoint to published outputs, and its dtypes to fp32. */

import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import process from 'node:process';
import { env } from '../../hub/options.ts';
import { parseArguments, UsageError } from '../arguments.ts';
import { helpText } from '../help.ts';
import { type Command, type Io, print } from '../io.ts';
import { ProgressBar } from '../progress-bar.ts';
import { type Comparison, parseReferences, type Reference } from '../reference.ts';
import { withStatus } from '../status-line.ts';
import { type Cell, formatTable, type TableStyle, tableStyle } from '../table.ts';
import { type Verification, verifyCheckpoint } from '../verification.ts';

const OPTIONS = {
  reference: { type: 'string' },
  'skip-calibration': { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

/** The released checkpoint. */
const RELEASED = 'google/mobilebert-uncased';

/**
 * What Hugging Face publishes of it: test_inference_no_head of transformers'
 * tests/models/mobilebert/test_modeling_mobilebert.py, with its tolerance. The slice is [0, :3, :3].
 */
export const PUBLISHED: Reference = {
  input_ids: [[101, 7110, 1005, 1056, 2023, 11333, 17413, 1029, 102]],
  outputs: {
    last_hidden_state: [
      [
        [-2.4736526e7, 8.2691656e4, 1.6521838e5],
        [-5.7541704e-1, 3.9056022, 4.4011507],
        [2.6047359, 1.5677652, -1.7324188e-1],
      ],
    ],
  },
  relative: 1e-3,
};

export const verify: Command = {
  help: helpText({
    about: [
      'Compares a checkpoint with published outputs, and its smaller data types with fp32 on a dozen texts. Prints a report to paste into an issue. Exit code 1: an output differs from its reference.',
    ],
    usage: ['verify [OPTIONS] [SOURCE]'],
    notes: [
      `SOURCE is a folder, URL or Hugging Face Hub id. The default is ${RELEASED}, whose published outputs are known. For other checkpoints, --reference names the outputs to compare with.`,
    ],
    options: [
      [
        '--reference FILE',
        'JSON with inputs and outputs, such as those of Python; docs/accuracy.md shows how to write one',
      ],
      ['--skip-calibration', 'do not calibrate q8, which takes some minutes'],
      ['--json', 'print one JSON object'],
    ],
    examples: ['verify --skip-calibration', 'verify ./my-model --reference outputs.json'],
  }),

  async run(args, io) {
    const { values, positionals } = parseArguments(args, OPTIONS);
    const [source = RELEASED, ...others] = positionals;
    if (others.length > 0) {
      throw new UsageError(
        `Cannot read arguments: found ${positionals.length} of them, expected at most 1: SOURCE`,
      );
    }
    const references = await referencesOf(source, values.reference);
    const found = await withStatus(io.stderr, (status) => {
      const bar = new ProgressBar(status);
      return verifyCheckpoint(source, {
        references,
        calibrates: !values['skip-calibration'],
        progress_callback: (event) => bar.take(event),
        onStep: (step) => status.show(`${step}: ${source}`),
      });
    });
    await printReport(source, found, values.json === true, io);
    const wrong = found.references.filter(({ isRight }) => !isRight);
    if (wrong.length === 0) return;
    const names = wrong.map(({ output }) => output).join(', ');
    throw new Error(`Cannot verify "${source}": ${names} differs from the reference`);
  },
};

async function referencesOf(source: string, file: string | undefined): Promise<Reference[]> {
  if (file !== undefined) return parseReferences(await readFile(file, 'utf8'), file);
  return source === RELEASED ? [PUBLISHED] : [];
}

async function printReport(
  source: string,
  found: Verification,
  isJson: boolean,
  io: Io,
): Promise<void> {
  const machine = machineOf();
  if (isJson) return print(io.stdout, `${JSON.stringify({ source, machine, ...found })}\n`);
  const style = tableStyle(io);
  const parts = [
    `${source}, ${found.architecture}\n${machine}\n`,
    referenceTable(found.references, style),
    dtypeTable(found, style),
    maskedTable(found, style),
  ];
  return print(io.stdout, parts.filter((part) => part !== '').join('\n'));
}

/** Versions and machine, in one line. */
function machineOf(): string {
  const { platform, arch, version } = process;
  const processor = cpus()[0]?.model.trim() || 'unknown processor';
  return `mobilebert-wasm ${env.version}, Node ${version.slice(1)}, ${platform} ${arch}, ${processor}`;
}

function referenceTable(references: readonly Comparison[], style: TableStyle): string {
  if (references.length === 0) return '';
  const columns = [
    { title: 'Against the reference', isFlexible: true },
    { title: 'Numbers', pad: 'left' },
    { title: 'Worst number', pad: 'left' },
    { title: 'Worst row', pad: 'left' },
    { title: '' },
  ] as const;
  const rows = references.map(({ output, count, relative, relative_l2, isRight }): Cell[] => [
    output,
    String(count),
    relative.toExponential(1),
    relative_l2.toExponential(1),
    isRight ? { text: 'right', color: 'green' } : { text: 'WRONG', color: 'red' },
  ]);
  return formatTable(columns, rows, style);
}

function dtypeTable({ dtypes, texts }: Verification, style: TableStyle): string {
  const columns = [
    { title: `Against fp32, ${texts} texts`, isFlexible: true },
    { title: 'Build' },
    { title: 'Outputs', pad: 'left' },
    { title: 'First token', pad: 'left' },
    { title: 'Other tokens', pad: 'left' },
    { title: 'Massive numbers', pad: 'left' },
  ] as const;
  const rows = dtypes.map(({ dtype, build, ...errors }) => [
    dtype,
    build,
    ...[errors.outputs, errors.first_token, errors.other_tokens, errors.massive].map(percent),
  ]);
  return formatTable(columns, rows, style);
}

function maskedTable({ masked }: Verification, style: TableStyle): string {
  const [first] = masked;
  if (!first) return '';
  const dtypes = Object.keys(first.words);
  const columns = [
    { title: 'Masked word', isFlexible: true },
    ...dtypes.map((title) => ({ title })),
  ];
  const rows = masked.map(({ text, words }) => [text, ...dtypes.map((dtype) => words[dtype]!)]);
  return formatTable(columns, rows, style);
}

function percent(error: number): string {
  return error === 0 ? '0' : `${Number((100 * error).toPrecision(3))} %`;
}
