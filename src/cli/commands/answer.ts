/** `npx mobilebert-wasm answer`: answers questions with spans of a text of any length. */

import type { QuestionAnsweringOptions } from '../../pipelines/question-answering.ts';
import {
  anyNumber,
  naturalNumber,
  parseArguments,
  positiveInteger,
  UsageError,
} from '../arguments.ts';
import { fileHelp, helpText, jsonHelp } from '../help.ts';
import type { Command, Io } from '../io.ts';
import { chooseModel, loadPipeline, MODEL_OPTIONS, modelHelp, printResults } from '../pipeline.ts';
import { answerTable } from '../result-tables.ts';
import { withStatus } from '../status-line.ts';
import { textsOf, wholeText } from '../texts.ts';

/** The default model. */
const BUNDLED = 'restaurant8k-answers';

const OPTIONS = {
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

export const answer: Command = {
  help: helpText({
    about: [
      'Answers questions about a text with parts of it. The default model answers questions about restaurant bookings: "What time?", "How many people?", "What date?", "What is the last name?".',
    ],
    usage: [
      'answer --context TEXT [OPTIONS] [QUESTION...]',
      'answer --context-file FILE [OPTIONS] [QUESTION...]',
    ],
    notes: [
      'Questions are the arguments, or the lines of a file or of standard input. Blank lines are skipped.',
    ],
    options: [
      ...modelHelp(BUNDLED),
      [
        '-c, --context-file FILE',
        'read the text from FILE ("-": standard input); it may be of any length',
      ],
      ['--context TEXT', 'the text itself, instead of a file'],
      ['-k, --top-k N', 'answers per question, best first (default 1)'],
      ['--no-answer', 'allow "no answer", with its probability'],
      [
        '--null-threshold X',
        'choose "no answer" if its logits exceed those of the best answer by more than X (a negative number needs "=": --null-threshold=-2)',
      ],
      ['--max-answer-len N', 'longest answer, in tokens (default 15)'],
      ['--max-seq-len N', 'window of question and text, in tokens (default 384)'],
      ['--doc-stride N', 'overlap of two windows, in tokens (default 128)'],
      ['--max-windows N', 'read at most N windows of the text'],
      fileHelp('questions'),
      jsonHelp(' per question', '{"question": ..., "answers": [...]}'),
    ],
    examples: [
      'answer --context "A table for two at 8pm" "What time?"',
      'answer -c booking.txt --no-answer "What date?"',
      'answer -m ./my-model -c book.txt --json < questions.txt',
    ],
  }),

  async run(args, io) {
    const { values, positionals } = parseArguments(args, OPTIONS);
    const options = optionsOf(values);
    const choice = chooseModel('question-answering', values, BUNDLED);
    const context = await contextOf(values, positionals, io);
    const batches = await textsOf(positionals, values.file, io);
    return withStatus(io.stderr, async (status) => {
      const ask = await loadPipeline(choice, status);
      await printResults(io, status, {
        batches,
        isJson: values.json,
        done: 'Answered',
        table: answerTable,
        async work(questions) {
          const found = await ask(questions, context, {
            ...options,
            progress_callback: ({ done, total }) => {
              status.show(
                `Read ${done.toLocaleString('en')} of ${total.toLocaleString('en')} windows`,
              );
            },
          });
          return questions.map((question, i) => ({ question, answers: [found[i]!].flat() }));
        },
      });
    });
  },
};

type Values = { readonly [name in keyof typeof OPTIONS]?: string | boolean | undefined };

/** Options of the pipeline. @throws UsageError for an option that is not the number it should be */
function optionsOf(values: Values): QuestionAnsweringOptions {
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

/**
 * The text that questions are about.
 *
 * @throws UsageError unless exactly one text is given, FilesError if it cannot be read
 */
async function contextOf(values: Values, questions: readonly string[], io: Io): Promise<string> {
  const { context, 'context-file': file } = values;
  if ((context === undefined) === (file === undefined)) {
    const found =
      file === undefined
        ? 'neither --context nor --context-file'
        : 'both --context and --context-file';
    throw new UsageError(`Cannot read arguments: found ${found}, expected one of them`);
  }
  if (context !== undefined) return withText(String(context), '--context');
  const takesQuestions =
    values.file === '-' || (questions.length === 0 && values.file === undefined);
  if (file === '-' && takesQuestions) {
    throw new UsageError(
      'Cannot read arguments: found standard input for both questions and context, expected it for one of them',
    );
  }
  return withText(await wholeText(String(file), io), `"${file}"`);
}

/** @throws UsageError for blanks, in which there is no answer */
function withText(text: string, where: string): string {
  if (text.trim() !== '') return text;
  throw new UsageError(`Cannot read the context: found no text in ${where}, expected some`);
}
