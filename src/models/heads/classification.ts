/**
 * Heads that classify texts, choices or tokens: MobileBertForSequenceClassification,
 * MobileBertForMultipleChoice and MobileBertForTokenClassification of Hugging Face's
 * modeling_mobilebert.py. B batch, S sequence length, C `config.num_labels`, N choices.
 */

import type { OutputName } from '../../engine/engine.ts';
import type { HeadParts } from '../../weights/names.ts';
import { type Batch, batchOf, type EncoderInputs } from '../call/inputs.ts';
import {
  areClasses,
  binaryCrossEntropy,
  crossEntropy,
  labelsOf,
  lossOf,
  meanSquaredError,
  targetsOf,
} from '../call/losses.ts';
import type {
  MultipleChoiceModelOutput,
  SequenceClassifierOutput,
  TokenClassifierOutput,
} from '../call/outputs.ts';
import { expectDims, flat, type TensorLike, tensor } from '../call/tensor-like.ts';
import { type Buffers, PreTrainedModel } from '../pretrained-model.ts';

/** Arguments of MobileBertForSequenceClassification. */
export interface SequenceClassificationInputs extends EncoderInputs {
  /**
   * Labels for the loss, by `config.problem_type`: [B] classes 0 .. C - 1, or -100 to ignore a text
   * (single_label_classification); [B,C] zeros and ones (multi_label_classification); [B,C]
   * numbers, or [B] for C = 1 (regression). The first labels decide the type where the
   * configuration has none, as in Python: regression for C = 1, else single-label for integers and
   * multi-label for the rest.
   */
  labels?: TensorLike | null;
}

/**
 * Arguments of MobileBertForMultipleChoice. Unlike other models', tensors are [B,N,S], and
 * `inputs_embeds` [B,N,S,E].
 */
export interface MultipleChoiceInputs extends EncoderInputs {
  /** [B]: the index of the right choice, 0 .. N - 1, or -100 to ignore a sample. */
  labels?: TensorLike | null;
}

/** Arguments of MobileBertForTokenClassification. */
export interface TokenClassificationInputs extends EncoderInputs {
  /** [B,S]: classes 0 .. C - 1, or -100 for tokens that the loss ignores. */
  labels?: TensorLike | null;
}

/** Classifies texts: ids [B,S] -> logits [B,C]; with regression the logits are the values. */
export class MobileBertForSequenceClassification extends PreTrainedModel<
  SequenceClassificationInputs,
  SequenceClassifierOutput
> {
  protected override architecture() {
    return 'MobileBertForSequenceClassification';
  }

  protected override parts(): HeadParts {
    return { pooler: true, sequence: { name: 'classifier', labels: this.config.num_labels } };
  }

  protected override outputs(): OutputName[] {
    return ['SequenceLogits'];
  }

  protected override reader({ labels }: SequenceClassificationInputs, { B }: Batch) {
    const C = this.config.num_labels;
    const loss = labels && this.#loss(labels, B);
    return ({ SequenceLogits }: Buffers) => ({
      ...lossOf(loss?.(SequenceLogits!)),
      logits: tensor(SequenceLogits!, [B, C]),
    });
  }

  /** Sets `config.problem_type` where it is null, once the labels have passed their check. */
  #loss(labels: TensorLike, B: number): (logits: Float32Array) => number {
    const C = this.config.num_labels;
    const type = this.config.problem_type ?? problemType(labels, B, C);
    if (type === 'single_label_classification') {
      const classes = labelsOf('labels', labels, [B], C);
      this.config.problem_type = type;
      return (logits) => crossEntropy(logits, C, classes);
    }
    const targets = targetsOf('labels', labels, [B, C]);
    this.config.problem_type = type;
    const loss = type === 'regression' ? meanSquaredError : binaryCrossEntropy;
    return (logits) => loss(logits, targets);
  }
}

/** Chooses one of N texts: ids [B,N,S] -> logits [B,N]. */
export class MobileBertForMultipleChoice extends PreTrainedModel<
  MultipleChoiceInputs,
  MultipleChoiceModelOutput
> {
  protected override architecture() {
    return 'MobileBertForMultipleChoice';
  }

  protected override parts(): HeadParts {
    return { pooler: true, sequence: { name: 'classifier', labels: 1 } };
  }

  protected override outputs(): OutputName[] {
    return ['SequenceLogits'];
  }

  /** [B,N,S] -> [B*N,S] */
  protected override batch(inputs: MultipleChoiceInputs): Batch {
    return batchOf({ ...inputs, ...flattenChoices(inputs) }, this.config);
  }

  protected override reader(inputs: MultipleChoiceInputs, batch: Batch) {
    const N = choicesOf(inputs);
    const B = batch.B / N;
    const choices = inputs.labels && labelsOf('labels', inputs.labels, [B], N);
    return ({ SequenceLogits }: Buffers) => ({
      ...lossOf(choices && crossEntropy(SequenceLogits!, N, choices)),
      logits: tensor(SequenceLogits!, [B, N]),
    });
  }
}

/** Classifies tokens: ids [B,S] -> logits [B,S,C]. */
export class MobileBertForTokenClassification extends PreTrainedModel<
  TokenClassificationInputs,
  TokenClassifierOutput
> {
  protected override architecture() {
    return 'MobileBertForTokenClassification';
  }

  protected override parts(): HeadParts {
    return { token: { name: 'classifier', labels: this.config.num_labels } };
  }

  protected override outputs(): OutputName[] {
    return ['TokenLogits'];
  }

  protected override reader({ labels }: TokenClassificationInputs, { B, S }: Batch) {
    const C = this.config.num_labels;
    const classes = labels && labelsOf('labels', labels, [B, S], C);
    return ({ TokenLogits }: Buffers) => ({
      ...lossOf(classes && crossEntropy(TokenLogits!, C, classes)),
      logits: tensor(TokenLogits!, [B, S, C]),
    });
  }
}

// ---- choices ----

const CHOICE_ARGUMENTS = [
  'input_ids',
  'attention_mask',
  'token_type_ids',
  'position_ids',
  'inputs_embeds',
] as const;

function choicesOf({ input_ids, inputs_embeds }: MultipleChoiceInputs): number {
  return flat('inputs', (input_ids ?? inputs_embeds)!).dims[1]!;
}

/**
 * [B,N,..] -> [B*N,..] of every tensor argument.
 *
 * @throws InputError for another number of axes
 */
function flattenChoices(inputs: MultipleChoiceInputs): Partial<EncoderInputs> {
  const flattened: Partial<Record<(typeof CHOICE_ARGUMENTS)[number], TensorLike>> = {};
  for (const name of CHOICE_ARGUMENTS) {
    const value = inputs[name];
    if (!value) continue;
    const { data, dims } = flat(name, value);
    expectDims(name, dims, name === 'inputs_embeds' ? [-1, -1, -1, -1] : [-1, -1, -1], 'B,N,S,E');
    const [B, N, ...rest] = dims as [number, number, ...number[]];
    flattened[name] = { data, dims: [B * N, ...rest] } as TensorLike;
  }
  return flattened;
}

/** The problem type that Hugging Face infers from the labels of `B` texts and `C` classes. */
function problemType(labels: TensorLike, B: number, C: number) {
  if (C === 1) return 'regression';
  return areClasses(labels, B) ? 'single_label_classification' : 'multi_label_classification';
}
