/** `mobilebert answer`: questions on a text of any length -> parts of it, as a table or JSON lines. */

import { ANSWER_OPTIONS, contextOf, optionsOf } from '../answer-options.ts';
import { parseArguments } from '../arguments.ts';
import { formatAnswers } from '../format-answers.ts';
import { loadPipeline, MODEL_HELP } from '../load-pipeline.ts';
import { printResults } from '../print-results.ts';
import type { Command } from '../run.ts';
import { withStatus } from '../status-line.ts';
import { textsOf } from '../texts.ts';

/** The model where none is named. */
const BUNDLED = 'restaurant8k-answers';

export const answer: Command = {
  help: `\
Answers questions with parts of a text. Without --model: questions on restaurant bookings such as
"What time?", "How many people?", "What date?", "What is the last name?".

Usage: mobilebert answer --context-file FILE [OPTIONS] [QUESTION...]

Questions are the arguments, or lines of a file or of standard input; blank lines are skipped.

${MODEL_HELP}
  -c, --context-file FILE  the text, read whole in windows; "-" is standard input
      --context TEXT       the text itself
  -k, --top-k N            answers to each question, best first (default 1)
      --no-answer          "no answer" competes with its probability
      --null-threshold X   "no answer" where its logits exceed the best span's by more than this
                           (a negative one is written with "=", as in --null-threshold=-2)
      --max-answer-len N   most tokens of an answer (default 15)
      --max-seq-len N      most tokens of a window (default 384)
      --doc-stride N       tokens that windows share (default 128)
      --max-windows N      read no more windows than this
  -f, --file FILE          read questions from a file, one per line; "-" is standard input
      --json               one object per question: {"question": ..., "answers": [...]}
  -h, --help               this text
`,

  async run(args, io) {
    const { values, positionals } = parseArguments(args, ANSWER_OPTIONS);
    const options = optionsOf(values);
    const context = await contextOf(values, positionals, io);
    const steps = textsOf(positionals, values.file, io);
    return withStatus(io.stderr, async (status) => {
      const find = await loadPipeline('question-answering', values, BUNDLED, status);
      await printResults(io, status, {
        steps,
        isJson: values.json,
        done: 'Answered',
        table: formatAnswers,
        async work(questions) {
          const found = await find(questions, context, {
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
