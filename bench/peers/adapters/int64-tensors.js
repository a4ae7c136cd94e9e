/**
 * Inputs as tensors [1, length] of a library whose constructor is (type, data, dims):
 * onnxruntime's, transformers.js' and ours.
 *
 * @param {new (type: 'int64', data: BigInt64Array, dims: number[]) => any} Tensor
 * @returns {import('../child.js').Model['prepare']}
 */
export function int64Tensors(Tensor) {
  return (inputs, length) =>
    Object.fromEntries(
      Object.entries(inputs).map(([name, data]) => [name, new Tensor('int64', data, [1, length])]),
    );
}
