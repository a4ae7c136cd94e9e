/** The contestants: this package and its peers. */

/**
 * @typedef {object} Contestant
 * @property {string} id in --peers and in results
 * @property {string} label
 * @property {string} adapter file of adapters/
 * @property {'fp32' | 'q8' | 'q8-fast'} dtype
 * @property {'wasm' | 'native'} kind what its arithmetic is compiled to
 * @property {boolean} isPinned to one core with one thread; otherwise it uses all cores
 */

/** This package, in one of its dtypes. */
export const ours = [ourselves('fp32'), ourselves('q8'), ourselves('q8-fast')];

/** @type {readonly Contestant[]} */
export const peers = [
  {
    id: 'ort-web',
    label: 'onnxruntime-web fp32',
    adapter: 'onnxruntime-web.js',
    dtype: 'fp32',
    kind: 'wasm',
    isPinned: true,
  },
  {
    id: 'ort-web-q8',
    label: 'onnxruntime-web q8',
    adapter: 'onnxruntime-web.js',
    dtype: 'q8',
    kind: 'wasm',
    isPinned: true,
  },
  {
    id: 'tfjs',
    label: 'tfjs wasm fp32',
    adapter: 'tfjs.js',
    dtype: 'fp32',
    kind: 'wasm',
    isPinned: true,
  },
  {
    id: 'transformers.js',
    label: 'transformers.js fp32 (all cores)',
    adapter: 'transformers.js',
    dtype: 'fp32',
    kind: 'native',
    isPinned: false,
  },
  {
    id: 'ort-node',
    label: 'onnxruntime-node fp32',
    adapter: 'onnxruntime-node.js',
    dtype: 'fp32',
    kind: 'native',
    isPinned: true,
  },
  {
    id: 'pytorch',
    label: 'PyTorch fp32',
    adapter: 'pytorch.py',
    dtype: 'fp32',
    kind: 'native',
    isPinned: true,
  },
];

/**
 * @param {Contestant['dtype']} dtype
 * @returns {Contestant}
 */
function ourselves(dtype) {
  const label = `mobilebert-wasm ${dtype}`;
  return { id: 'ours', label, adapter: 'ours.js', dtype, kind: 'wasm', isPinned: true };
}
