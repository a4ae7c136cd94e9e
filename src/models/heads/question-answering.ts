/**
 * The head that finds an answer's span: MobileBertForQuestionAnswering of Hugging Face's
 * modeling_mobilebert.py. B batch, S sequence length.
 */

import type { MobileBertConfig, MobileBertConfigOptions } from '../../config/config.ts';
import type { OutputName } from '../../engine/engine.ts';
import { ConfigError } from '../../errors.ts';
import type { HeadParts } from '../../weights/names.ts';
import type { Batch, EncoderInputs } from '../call/inputs.ts';
import { crossEntropy, lossOf } from '../call/losses.ts';
import type { QuestionAnsweringModelOutput } from '../call/outputs.ts';
import { expectDims, integers, type TensorLike, tensor } from '../call/tensor-like.ts';
import type { EngineOptions } from '../options.ts';
import { type Buffers, PreTrainedModel } from '../pretrained-model.ts';

/** Arguments of MobileBertForQuestionAnswering. There is a loss where both positions are given. */
export interface QuestionAnsweringInputs extends EncoderInputs {
  /**
   * [B] or [B,1]: index of the answer's first token. The loss ignores positions of S and above;
   * negative ones count as 0, as in Python.
   */
  start_positions?: TensorLike | null;
  /** [B] or [B,1]: index of the answer's last token, likewise. */
  end_positions?: TensorLike | null;
}

/**
 * Finds the answer to a question in a context: ids [B,S] of both -> start_logits and end_logits
 * [B,S]. The constructor throws a ConfigError where `num_labels` is not 2.
 */
export class MobileBertForQuestionAnswering extends PreTrainedModel<
  QuestionAnsweringInputs,
  QuestionAnsweringModelOutput
> {
  constructor(
    config: MobileBertConfig | MobileBertConfigOptions = {},
    options: EngineOptions = {},
  ) {
    super(config, options);
    const { num_labels } = this.config;
    if (num_labels !== 2) {
      throw new ConfigError(
        `Cannot make MobileBertForQuestionAnswering: num_labels is ${num_labels}, expected 2 (start and end)`,
      );
    }
  }

  protected override architecture() {
    return 'MobileBertForQuestionAnswering';
  }

  protected override parts(): HeadParts {
    return { token: { name: 'qa_outputs', labels: 2 } };
  }

  protected override outputs(): OutputName[] {
    return ['TokenLogits'];
  }

  protected override reader(inputs: QuestionAnsweringInputs, { B, S }: Batch) {
    const { start_positions, end_positions } = inputs;
    const starts = start_positions && positions('start_positions', start_positions, B, S);
    const ends = end_positions && positions('end_positions', end_positions, B, S);
    return (buffers: Buffers) => {
      const both = buffers.TokenLogits!; // [B,S,2]
      const start = both.filter((_, i) => i % 2 === 0);
      const end = both.filter((_, i) => i % 2 === 1);
      const loss =
        starts && ends && (crossEntropy(start, S, starts, S) + crossEntropy(end, S, ends, S)) / 2;
      return {
        ...lossOf(loss),
        start_logits: tensor(start, [B, S]),
        end_logits: tensor(end, [B, S]),
      };
    };
  }
}

/** [B], clamped to 0 .. S. The loss ignores the index S. */
function positions(name: string, value: TensorLike, B: number, S: number): Int32Array {
  const { data, dims } = integers(name, value, 2 ** 31, -(2 ** 31));
  expectDims(name, dims.length === 2 && dims[1] === 1 ? [dims[0]!] : dims, [B], 'B');
  return data.map((position) => Math.min(Math.max(position, 0), S));
}
