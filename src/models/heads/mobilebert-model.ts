/** The encoder without a head: MobileBertModel of Hugging Face's modeling_mobilebert.py. */

import type { MobileBertConfig, MobileBertConfigOptions } from '../../config/config.ts';
import type { OutputName } from '../../engine/engine.ts';
import type { HeadParts } from '../../weights/names.ts';
import type { Batch, EncoderInputs } from '../call/inputs.ts';
import type { BaseModelOutputWithPooling } from '../call/outputs.ts';
import { tensor } from '../call/tensor-like.ts';
import type { EngineOptions } from '../options.ts';
import { type Buffers, PreTrainedModel } from '../pretrained-model.ts';

/** Options of `new MobileBertModel`. */
export interface MobileBertModelOptions extends EngineOptions {
  /** Whether the model has a pooling layer, and with it `pooler_output`; default true. */
  add_pooling_layer?: boolean | undefined;
}

/**
 * Encodes tokens: ids [B,S] -> hidden states [B,S,H] and the first token's, pooled [B,H]. H is
 * `hidden_size`.
 */
export class MobileBertModel extends PreTrainedModel<EncoderInputs, BaseModelOutputWithPooling> {
  readonly #hasPooler: boolean;

  constructor(
    config: MobileBertConfig | MobileBertConfigOptions = {},
    options: MobileBertModelOptions = {},
  ) {
    super(config, options);
    this.#hasPooler = options.add_pooling_layer ?? true;
  }

  protected override architecture() {
    return 'MobileBertModel';
  }

  protected override parts(): HeadParts {
    return { pooler: this.#hasPooler };
  }

  protected override outputs(): OutputName[] {
    return this.#hasPooler ? ['LastHiddenState', 'Pooled'] : ['LastHiddenState'];
  }

  protected override reader(_: EncoderInputs, { B, S }: Batch) {
    const H = this.config.hidden_size;
    return ({ LastHiddenState, Pooled }: Buffers) => ({
      last_hidden_state: tensor(LastHiddenState!, [B, S, H]),
      ...(Pooled && { pooler_output: tensor(Pooled, [B, H]) }),
    });
  }
}
