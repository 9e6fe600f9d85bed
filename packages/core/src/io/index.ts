/** @file Files in: tensors, pictures, preprocessing, labels. Works in Node and in the browser; files on disk are in node.ts. */
export { parsePreprocessorConfig } from './hugging-face.js'
export { type Labels, labelOf, labelsFromConfig, labelsFromMetadata, labelsFromText } from './labels.js'
export { UniqueNames } from './names.js'
export { readNpy, writeNpy } from './npy.js'
export { readNpz, writeNpz } from './npz.js'
export { centerCrop, type Pixels, toGrey, toRgb } from './pixels.js'
export { fitPicture, pictureToTensor, preprocess, resizedSize, tensorToPicture } from './preprocess.js'
export {
  type ChannelOrder,
  channelCount,
  type Layout,
  overridePreprocessing,
  type Preprocessing,
  type PreprocessingOverrides,
  plainPreprocessing,
  type ResizeRule,
} from './preprocessing.js'
export { type Resampling, resamplingCodes, resize, resizeMap, type Size } from './resample.js'
