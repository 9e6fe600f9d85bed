/** @file `ascribe ensemble`: several methods as one map, and where they disagree; with --study, which ensembles are worth it. */
import { UsageError } from '@ascribe/core'
import type { Command } from '../command.js'
import { ensembleInputs, type InputOptions } from '../ensemble/inputs.js'
import { combineFlags } from '../ensemble/request.js'
import { ensembleStudy, type StudyFlags, studyFlags } from '../ensemble/study.js'
import { pictureFlags } from '../explain/pictures.js'
import { type CommonOptions, commonFlags, runtimeFlags, seedFlag, targetFlags, whole } from '../options.js'

interface Options extends CommonOptions, InputOptions, StudyFlags {
  readonly processes?: number
}

export const ensemble: Command = {
  name: 'ensemble',
  summary: 'combine several methods into one map, and show where they disagree',
  arguments: [
    ['<model>', 'ONNX file'],
    ['[input...]', 'pictures, folders of pictures, .npy (a batch row by row), .npz (arrays by input name)'],
  ],
  flags: [
    { flags: '-m, --method <spec>', describe: 'a member as NAME or NAME:key=value,...; two or more', repeat: true },
    ...combineFlags,
    ...studyFlags,
    ...targetFlags,
    { flags: '-o, --out <folder>', describe: 'where results go; files of the same names are replaced', default: 'ensemble' },
    { flags: '--limit <n>', describe: 'explain only the first n inputs', parse: whole('--limit', 1) },
    seedFlag,
    ...pictureFlags,
    ...runtimeFlags,
    ...commonFlags,
  ],
  examples: [
    [
      'ascribe ensemble model.onnx photo.jpg -m integrated-gradients -m grad-cam -m occlusion',
      'the mean of three, each scaled to 0..1',
    ],
    [
      'ascribe ensemble model.onnx photos/ -m gradient -m lime -m rise --normalize rank --scheme upper-confidence-bound:kappa=2',
      'what any of the methods points at',
    ],
    [
      'ascribe ensemble model.onnx photo.jpg -m lime -m grad-cam -m rise --scheme kemeny --segments slic:40',
      'one order of superpixels',
    ],
    [
      'ascribe ensemble model.onnx photo.jpg -m integrated-gradients -m grad-cam --normalize l2 --weights both --robust 0.3',
      'weights learned for this input',
    ],
    [
      'ascribe ensemble model.onnx --study --data photos/ -o study',
      'members and ensembles scored over a folder: which are worth it',
    ],
    [
      'ascribe ensemble examples/models/resnet-obj.onnx --study --data generated --twin resnet-obj-twin.onnx',
      'the same on 800 generated pictures, predicted by a twin that knows masked pictures',
    ],
    ['ascribe ensemble table.onnx rows.npy -m kernel-shap -m integrated-gradients --normalize l1', 'rows of a table'],
  ],
  run([path, inputs]: readonly [string, readonly string[]], options: Options, context) {
    if (!options.study && options.data !== undefined)
      throw new UsageError('--data names the pictures of a study; add --study, or name the folder as an input')
    if (!options.study && options.twin !== undefined) throw new UsageError('--twin predicts in a study; add --study')
    if (options.study && inputs.length > 0)
      throw new UsageError('a study takes its pictures from --data DIR; leave out the inputs')
    return options.study ? ensembleStudy(path, options, context) : ensembleInputs(path, inputs, options, context)
  },
}
