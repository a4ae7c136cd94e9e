/**
 * openWeights(): recognises the format of a file by its first bytes, not by its name. The readers
 * of all formats but safetensors are imported when they are first needed.
 */

import { ByteReader } from '../byte-reader.ts';
import type { WeightsFile } from '../tensor-info.ts';
import { foreignKind, HEAD_BYTES, refuseKind } from './foreign.ts';
import type { OnnxSource } from './onnx.ts';
import { SafetensorsReader } from './safetensors.ts';

/** The pickle of PyTorch's legacy magic number, after the PROTO opcode and its argument. */
const LEGACY_MAGIC = '\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20';

/**
 * ModelProto: ir_version (field 1), then the tag of a string (2 to 4, 6), a number (5) or the graph
 * (7).
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: tags are such bytes
const ONNX_START = /^\x08[\x01-\x7f][\x12\x1a\x22\x28\x32\x3a]/;

/**
 * Opens a file of weights: safetensors, PyTorch (ZIP, and the format before torch 1.6), ONNX, or
 * Keras weights in HDF5.
 *
 * @throws WeightsError for a broken file and for an unknown format
 */
export async function openWeights(source: OnnxSource): Promise<WeightsFile> {
  const reader = new ByteReader(source.stream());
  try {
    const bytes = await reader.peek(HEAD_BYTES);
    const head = String.fromCharCode(...bytes.subarray(0, 32));
    const isLegacy = head[0] === '\x80' && head.startsWith(LEGACY_MAGIC, 2);
    if (!isLegacy) refuseKind(foreignKind(bytes), source.name);
    // First, because the length that a safetensors file begins with can have any bytes.
    if (head[8] === '{') return await SafetensorsReader.open(source, reader);
    if (head.startsWith('PK\x03\x04')) {
      const { openTorchZip } = await import('./torch-zip.ts');
      return await openTorchZip(source, reader);
    }
    if (isLegacy) {
      const { openTorchLegacy } = await import('./torch-legacy.ts');
      return await openTorchLegacy(source, reader);
    }
    if (head.startsWith('\x89HDF\r\n\x1a\n')) {
      const { openKeras } = await import('./keras.ts');
      return await openKeras(source, reader);
    }
    if (ONNX_START.test(head)) {
      const { openOnnx } = await import('./onnx.ts');
      return openOnnx(source, reader);
    }
    return await SafetensorsReader.open(source, reader);
  } catch (error) {
    await reader.close();
    throw error;
  }
}
