/**
 * The label maps of a configuration, id2label and label2id. As in Hugging Face's PreTrainedConfig,
 * num_labels is the size of id2label, and setting another number replaces both maps.
 */

import { ConfigError } from '../errors.ts';
import { fieldError } from './fields.ts';

/** Labels by class index; the keys are integers. */
export type IdToLabel = Record<number, string>;
/** Class indices by label. */
export type LabelToId = Record<string, number>;

/** Both maps of one configuration. */
export interface Labels {
  id2label: IdToLabel;
  label2id: LabelToId;
}

/** The most labels a head may have; each is an entry of two maps. */
const MAX_LABELS = 2 ** 15;

/** Maps for the labels LABEL_0, LABEL_1, ... @throws ConfigError for an absurd count */
export function defaultLabels(count: unknown): Labels {
  if (!Number.isInteger(count) || (count as number) < 1 || (count as number) > MAX_LABELS) {
    throw fieldError('num_labels', count, `an integer from 1 to ${MAX_LABELS}`);
  }
  const names = Array.from({ length: count as number }, (_, i) => `LABEL_${i}`);
  return { id2label: { ...names }, label2id: invert({ ...names }) };
}

/**
 * Makes both maps from options. `num_labels` replaces an `id2label` of another size. `label2id`
 * alone is ignored, as in Python; where it is missing, `id2label` is inverted (Python leaves None).
 *
 * @throws ConfigError for maps that are none
 */
export function labelsFrom(num_labels: unknown, id2label: unknown, label2id: unknown): Labels {
  if (id2label === undefined || id2label === null) return defaultLabels(num_labels ?? 2);
  const labels = readIdToLabel(id2label);
  const count = num_labels ?? Object.keys(labels).length;
  if (count !== Object.keys(labels).length) return defaultLabels(count);
  const given = label2id !== undefined && label2id !== null;
  return { id2label: labels, label2id: given ? readLabelToId(label2id) : invert(labels) };
}

function readIdToLabel(value: unknown): IdToLabel {
  const labels = entries('id2label', value).map(([key, label]): [number, string] => {
    if (!/^\d{1,7}$/.test(key)) throw fieldError('id2label', key, 'class indices as keys');
    if (typeof label !== 'string' && typeof label !== 'number') {
      throw fieldError(`id2label[${key}]`, label, 'a label');
    }
    return [Number(key), String(label)];
  });
  const unique = new Set(labels.map(([id]) => id));
  if (unique.size !== labels.length) {
    throw new ConfigError('Cannot use config: "id2label" names an index twice, expected it once');
  }
  return Object.fromEntries(labels);
}

function readLabelToId(value: unknown): LabelToId {
  return Object.fromEntries(
    entries('label2id', value).map(([label, id]): [string, number] => {
      const index = typeof id === 'string' && /^\d{1,7}$/.test(id) ? Number(id) : id;
      if (Number.isInteger(index) && (index as number) >= 0) return [label, index as number];
      throw fieldError(`label2id[${JSON.stringify(label)}]`, id, 'a class index');
    }),
  );
}

/** The entries of a map or array. @throws ConfigError when it is empty or absurdly large */
function entries(name: string, value: unknown): [string, unknown][] {
  const found = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  if (found.length >= 1 && found.length <= MAX_LABELS) return found;
  if (found.length === 0) throw fieldError(name, value, `an object of 1 to ${MAX_LABELS} labels`);
  throw new ConfigError(
    `Cannot use config: "${name}" has ${found.length} labels, expected 1 to ${MAX_LABELS}`,
  );
}

/** Swaps keys and values. Object.fromEntries makes even `__proto__` a plain property. */
function invert(labels: IdToLabel): LabelToId {
  return Object.fromEntries(Object.entries(labels).map(([id, label]) => [label, Number(id)]));
}
