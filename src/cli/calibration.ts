/** What `mobilebert convert` is told of calibration -> options of the conversion. */

import type { CalibrationOptions } from '../calibration/calibrate.ts';
import type { CalibrationText } from '../calibration/texts.ts';
import { AutoTokenizer } from '../tokenizer/api/tokenizer.ts';
import { naturalNumber, UsageError } from './arguments.ts';
import type { Io } from './io.ts';
import { textsOf } from './texts.ts';

/** Longer texts are cut: MobileBERT's positions end there. */
const LONGEST = 512;

/** The command's own options. */
export interface CalibrationValues {
  readonly dtype: string;
  readonly calibrate?: boolean | undefined;
  readonly texts?: string | undefined;
  readonly seed?: string | undefined;
}

/**
 * Undefined where nobody asks for calibration; `--texts` and `--seed` do, too.
 *
 * @throws UsageError for another dtype than q8
 */
export async function calibrationOf(
  source: string,
  { dtype, calibrate, texts, seed }: CalibrationValues,
  io: Io,
): Promise<CalibrationOptions | undefined> {
  if (!calibrate && texts === undefined && seed === undefined) return undefined;
  if (dtype !== 'q8') {
    throw new UsageError(`Cannot calibrate: --dtype is "${dtype}", expected "q8"`);
  }
  return {
    seed: naturalNumber('seed', seed ?? '1'),
    texts: texts === undefined ? undefined : await tokenized(source, texts, io),
  };
}

/** Lines of a file as the checkpoint's tokenizer has them. */
async function tokenized(source: string, file: string, io: Io): Promise<CalibrationText[]> {
  const tokenizer = await AutoTokenizer.from_pretrained(source);
  const max_length = Math.min(LONGEST, tokenizer.model_max_length);
  const all: CalibrationText[] = [];
  for await (const lines of textsOf([], file, io)) {
    for (const line of lines) {
      const [text, pair] = line.split('\t');
      const { input_ids, token_type_ids } = tokenizer(text!, {
        text_pair: pair ?? null,
        truncation: true,
        max_length,
        return_tensor: false,
      });
      all.push({ ids: input_ids as number[], types: token_type_ids as number[] });
    }
  }
  return all;
}
