/** @file Flags of training, and what they become. */
import { UsageError } from '@ascribe/core'
import { maskFills } from '@ascribe/lab'
import type { Flag } from '../command.js'
import { type CommonOptions, commonFlags, seedFlag, whole } from '../options.js'

export interface TrainFlags extends CommonOptions {
  readonly out: string
  /** Default 10; 3 with `adapt`. */
  readonly epochs?: number
  /** Default 64; 32 with `adapt`. */
  readonly batch?: number
  readonly optimizer?: string
  readonly learningRate?: number
  readonly weightDecay?: number
  readonly warmUp?: number
  readonly labelSmoothing?: number
  /** Default 0; 1 with `adapt`. */
  readonly clip?: number
  readonly flip?: boolean
  readonly crop?: number
  readonly colour?: number
  readonly size?: number
  readonly perEpoch?: number
  readonly label?: string
  readonly drop?: readonly string[]
  readonly validation?: number
  readonly seed: number
  readonly threads?: number
  readonly adapt?: string
  readonly fill?: readonly string[]
  readonly clean?: number
  readonly distil?: number
  readonly agreement?: number
  readonly retreat?: number
}

interface Range {
  readonly from: number
  readonly to?: number
  /** The bounds themselves are refused. */
  readonly open?: true
}

/** A number in a range. */
const real =
  (what: string, { from, to = Number.POSITIVE_INFINITY, open }: Range) =>
  (text: string): number => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    const inside = open ? value > from && value < to : value >= from && value <= to
    if (Number.isFinite(value) && inside) return value
    const range =
      to === Number.POSITIVE_INFINITY
        ? `${open ? 'above' : 'of at least'} ${from}`
        : `${open ? 'between' : 'from'} ${from} ${open ? 'and' : 'to'} ${to}`
    throw new UsageError(`${what} must be a number ${range}, not "${text}"`)
  }

export const trainFlags: readonly Flag[] = [
  { flags: '-o, --out <file>', describe: 'the model to write; its records lie beside it', default: 'model.onnx' },
  { flags: '--epochs <n>', describe: 'how often all rows are seen (default: 10, with --adapt 3)', parse: whole('--epochs', 1) },
  { flags: '--batch <n>', describe: 'rows per step (default: 64, with --adapt 32)', parse: whole('--batch', 1) },
  { flags: '--optimizer <spec>', describe: "sgd or adamw, with options as sgd:nesterov=true (default: the architecture's)" },
  {
    flags: '--learning-rate <x>',
    describe: "highest rate; it rises first and then falls along a cosine (default: the architecture's)",
    parse: real('--learning-rate', { from: 0, open: true }),
  },
  {
    flags: '--weight-decay <x>',
    describe: "pull of the weights towards zero (default: the architecture's)",
    parse: real('--weight-decay', { from: 0 }),
  },
  {
    flags: '--warm-up <share>',
    describe: "share of all steps over which the rate rises (default: the architecture's)",
    parse: real('--warm-up', { from: 0, to: 0.9 }),
  },
  {
    flags: '--label-smoothing <share>',
    describe: 'share of each target spread over all classes (default: 0)',
    parse: real('--label-smoothing', { from: 0, to: 0.9 }),
  },
  {
    flags: '--clip <norm>',
    describe: 'largest norm of the gradient; 0 does not clip (default: 0, with --adapt 1)',
    parse: real('--clip', { from: 0 }),
  },
  { flags: '--flip', describe: 'pictures: mirror half of them' },
  { flags: '--crop <pixels>', describe: 'pictures: move by up to so many pixels', parse: whole('--crop', 0) },
  {
    flags: '--colour <share>',
    describe: 'pictures: change brightness and contrast of each channel by up to this share',
    parse: real('--colour', { from: 0, to: 1 }),
  },
  { flags: '--size <pixels>', describe: 'pictures: side of the square they become (default: 64)', parse: whole('--size', 8) },
  {
    flags: '--per-epoch <n>',
    describe: 'generated pictures per epoch, other ones in each (default: 5000)',
    parse: whole('--per-epoch', 1),
  },
  { flags: '--label <column>', describe: 'tables: the column to predict (default: the last)' },
  { flags: '--drop <column>', describe: 'tables: a column to leave out; may repeat', repeat: true },
  {
    flags: '--validation <share>',
    describe: 'share kept for validation where the data is not divided already (default: 0.1 of pictures, 0.2 of tables)',
    parse: real('--validation', { from: 0, to: 1, open: true }),
  },
  {
    flags: '--adapt <model>',
    describe:
      'fine-tune this model, which ascribe trained on the same pictures, on pictures with random blobs of 0 to 95% of the area removed: its twin, which is not surprised by masks. Batch norm stays as it is in the file',
  },
  {
    flags: '--fill <name>',
    describe: `with --adapt: what removed pixels show, drawn for each picture: ${maskFills.map(({ name }) => name).join(', ')}; may repeat (default: all)`,
    repeat: true,
  },
  {
    flags: '--clean <share>',
    describe: 'with --adapt: share of pictures left whole (default: 0.25)',
    parse: real('--clean', { from: 0, to: 1 }),
  },
  {
    flags: '--distil <share>',
    describe:
      "with --adapt: share of the target that is the model's own answer to the whole picture; the rest is the label (default: 0)",
    parse: real('--distil', { from: 0, to: 1 }),
  },
  {
    flags: '--agreement <share>',
    describe:
      'with --adapt: least share of whole validation pictures answered as before; a twin below is kept as NAME.refused.onnx (default: 0.98)',
    parse: real('--agreement', { from: 0, to: 1 }),
  },
  {
    flags: '--retreat <share>',
    describe:
      'with --adapt: where the twin agrees too seldom, its weights go back towards the model, but keep this share of the way at least; 1 never goes back (default: 0.5)',
    parse: real('--retreat', { from: 0, to: 1 }),
  },
  seedFlag,
  { flags: '--threads <n>', describe: 'threads (default: the cores, at most 8)', parse: whole('--threads', 1) },
  ...commonFlags,
]
