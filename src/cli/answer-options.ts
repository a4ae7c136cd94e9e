/** What `mobilebert answer` is called with: its options, and where the text is that it reads. */

import type { QuestionAnsweringOptions } from '../pipelines/question-answering.ts';
import { naturalNumber, positiveInteger, UsageError } from './arguments.ts';
import type { Io } from './io.ts';
import { MODEL_OPTIONS } from './load-pipeline.ts';
import { wholeText } from './texts.ts';

/** Options as parseArguments() takes them. */
export const ANSWER_OPTIONS = {
  ...MODEL_OPTIONS,
  context: { type: 'string' },
  'context-file': { type: 'string', short: 'c' },
  'top-k': { type: 'string', short: 'k', default: '1' },
  'no-answer': { type: 'boolean' },
  'null-threshold': { type: 'string' },
  'max-answer-len': { type: 'string' },
  'max-seq-len': { type: 'string' },
  'doc-stride': { type: 'string' },
  'max-windows': { type: 'string' },
  file: { type: 'string', short: 'f' },
  json: { type: 'boolean' },
} as const;

type Values = { readonly [name in keyof typeof ANSWER_OPTIONS]?: string | boolean | undefined };

/** Options of the pipeline. @throws UsageError for a number that is none */
export function optionsOf(values: Values): QuestionAnsweringOptions {
  const given = <T>(name: keyof Values, read: (name: string, value: string) => T) => {
    const value = values[name];
    return typeof value === 'string' ? read(name, value) : undefined;
  };
  return {
    top_k: given('top-k', positiveInteger),
    handle_impossible_answer: values['no-answer'] === true,
    null_score_diff_threshold: given('null-threshold', anyNumber),
    max_answer_len: given('max-answer-len', positiveInteger),
    max_seq_len: given('max-seq-len', positiveInteger),
    doc_stride: given('doc-stride', naturalNumber),
    max_windows: given('max-windows', positiveInteger),
  };
}

function anyNumber(option: string, value: string): number {
  if (value.trim() !== '' && !Number.isNaN(Number(value))) return Number(value);
  throw new UsageError(
    `Cannot read arguments: --${option} is ${JSON.stringify(value)}, expected a number`,
  );
}

/**
 * The text that questions are asked of.
 *
 * @throws UsageError unless there is one, FilesError when it cannot be read
 */
export async function contextOf(
  values: Values,
  questions: readonly string[],
  io: Io,
): Promise<string> {
  const { context, 'context-file': file } = values;
  if ((context === undefined) === (file === undefined)) {
    const found = file === undefined ? 'neither' : 'both';
    throw new UsageError(
      `Cannot read arguments: found ${found} of --context and --context-file, expected one of them`,
    );
  }
  if (context !== undefined) return String(context);
  const takesQuestions =
    values.file === '-' || (questions.length === 0 && values.file === undefined);
  if (file === '-' && takesQuestions) {
    throw new UsageError(
      'Cannot read arguments: found standard input for questions and context, expected one of them elsewhere',
    );
  }
  return wholeText(String(file), io);
}
