/** @file Bad input: one line that says what was wrong and what to do, the right exit code, no stack trace, nothing left behind. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  noise,
  opaqueModel,
  pairModel,
  pictureModel,
  tokenModel,
  writeModel,
  writePicture,
  writeTensor,
} from './support/models.js'
import { expectError, run, scratch } from './support/run.js'

const folder = scratch()
const model = writeModel(folder, 'model.onnx', pictureModel())
const photo = writePicture(folder, 'photo.png', 1)
const out = join(folder, 'out')
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

interface Case {
  readonly title: string
  readonly args: readonly string[]
  readonly exit: number
  readonly message: RegExp
}

const explain = (...args: string[]): string[] => ['explain', ...args, '-o', out, '-q']
const tokens = writeModel(folder, 'tokens.onnx', tokenModel())
const ids = writeTensor(folder, 'ids.npy', { dtype: 'int64', dims: [1, 4], data: BigInt64Array.of(1n, 2n, 3n, 4n) })
const flags = ['--mean', '0.5,0.5,0.5']

const cases: readonly Case[] = [
  {
    title: 'no model file',
    args: explain(join(folder, 'none.onnx'), photo),
    exit: 1,
    message: /none\.onnx"?: there is no such file/,
  },
  {
    title: 'not an ONNX file',
    args: explain(file('text.onnx', 'hello, this is text'), photo),
    exit: 1,
    message: /text\.onnx|not an ONNX|ONNX/,
  },
  { title: 'an empty model file', args: explain(file('empty.onnx', ''), photo), exit: 1, message: /empty/ },
  {
    title: 'a truncated model',
    args: explain(file('cut.onnx', readFileSync(model).subarray(0, 300)), photo),
    exit: 1,
    message: /cut\.onnx|truncated|ends|cut short|damaged/i,
  },
  {
    title: 'no input file',
    args: explain(model, join(folder, 'none.png'), ...flags),
    exit: 1,
    message: /none\.png: there is no such file/,
  },
  {
    title: 'a wrong image format',
    args: explain(model, file('page.bmp', 'BM------------------'), ...flags),
    exit: 1,
    message: /page\.bmp: not a JPEG, PNG/,
  },
  {
    title: 'a damaged picture',
    args: explain(model, file('damaged.png', readFileSync(photo).subarray(0, 120)), ...flags),
    exit: 1,
    message: /damaged\.png: the picture is damaged/,
  },
  {
    title: 'a damaged tensor file',
    args: explain(
      model,
      file('damaged.npy', readFileSync(writeTensor(folder, 'whole.npy', noise(1, [1, 3, 12, 12]))).subarray(0, 200)),
    ),
    exit: 1,
    message: /damaged\.npy: shape \[1,3,12,12\] needs 1728 bytes/,
  },
  {
    title: 'an empty folder',
    args: explain(model, join(folder, 'nothing')),
    exit: 1,
    message: /nothing: the folder holds no pictures/,
  },
  {
    title: 'a wrong shape',
    args: explain(model, writeTensor(folder, 'wide.npy', noise(1, [1, 3, 12, 14]))),
    exit: 1,
    message: /input "image" must have shape \[batch, 3, 12, 12\], the given tensor has \[1, 3, 12, 14\]/,
  },
  {
    title: 'a wrong dtype',
    args: explain(
      model,
      writeTensor(folder, 'double.npy', { dtype: 'float64', dims: [1, 3, 12, 12], data: new Float64Array(432) }),
    ),
    exit: 1,
    message: /input "image" must hold float32, the given tensor holds float64/,
  },
  {
    title: 'an unknown method',
    args: explain(model, photo, '-m', 'grad-cm'),
    exit: 2,
    message: /unknown method "grad-cm"; did you mean "grad-cam"\?/,
  },
  {
    title: 'an unknown option of a method',
    args: explain(model, photo, '-m', 'integrated-gradients:point=3'),
    exit: 2,
    message: /integrated-gradients has no option "point"; did you mean "points"\?/,
  },
  {
    title: 'an option out of range',
    args: explain(model, photo, '-m', 'rise:probability=2'),
    exit: 2,
    message: /option probability must be at most 1/,
  },
  {
    title: 'an option without a value',
    args: explain(model, photo, '-m', 'rise:fast'),
    exit: 2,
    message: /options are written name=value/,
  },
  {
    title: 'an unknown baseline',
    args: explain(model, photo, ...flags, '-m', 'integrated-gradients:baseline=blurr'),
    exit: 2,
    message: /unknown baseline "blurr"; did you mean "blur"\?/,
  },
  {
    title: 'a class out of range',
    args: explain(model, photo, ...flags, '-t', '4'),
    exit: 2,
    message: /class 4 is out of range: .* 4 classes \(0 to 3\)/,
  },
  { title: 'an unknown label', args: explain(model, photo, ...flags, '-t', 'label:tench'), exit: 2, message: /pass --labels/ },
  {
    title: 'a target of another form',
    args: explain(model, photo, ...flags, '-t', 'best'),
    exit: 2,
    message: /target "best" is not understood/,
  },
  { title: 'an unknown output', args: explain(model, photo, '--output', 'logits'), exit: 2, message: /no output "logits"/ },
  {
    title: 'an unknown tensor',
    args: explain(model, photo, '--at', 'Relu_ou'),
    exit: 2,
    message: /no tensor "Relu_ou"; did you mean "Relu_out"\?/,
  },
  { title: 'a model without a float input', args: explain(tokens, ids), exit: 2, message: /no float input.*--at "Gather_out"/ },
  {
    title: 'a picture for a model of two inputs',
    args: explain(writeModel(folder, 'pair.onnx', pairModel()), photo),
    exit: 1,
    message: /takes no picture: its input is left/,
  },
  {
    title: 'one .npy for a model of two inputs',
    args: explain(join(folder, 'pair.onnx'), writeTensor(folder, 'left.npy', noise(1, [1, 4]))),
    exit: 1,
    message: /the model has 2 inputs \(left, right\); give one \.npz/,
  },
  {
    title: 'an operator without a rule',
    args: explain(
      writeModel(folder, 'opaque.onnx', opaqueModel()),
      writeTensor(folder, 'flat.npy', noise(1, [1, 6])),
      '-m',
      'gradient',
    ),
    exit: 1,
    message: /ai\.onnx\.ml:Scaler \(node "scaling"\).*methods that need no gradient still work: .*occlusion, rise/,
  },
  {
    title: 'one row over the memory budget',
    args: explain(model, photo, ...flags, '--memory', '2K'),
    exit: 1,
    message: /one row needs about .* over the budget.*--memory/,
  },
  {
    title: 'a memory budget that is none',
    args: explain(model, photo, '--memory', 'much'),
    exit: 2,
    message: /--memory must be a size such as 512M/,
  },
  { title: 'no size', args: explain(model, photo, '--size', 'large'), exit: 2, message: /--size must be HEIGHTxWIDTH/ },
  {
    title: 'means of another number',
    args: explain(model, photo, '--mean', '0.5'),
    exit: 2,
    message: /--mean must have 3 numbers/,
  },
  {
    title: 'an unknown colormap',
    args: explain(model, photo, '--colormap', 'jet'),
    exit: 2,
    message: /no colormap 'jet'; choose one of viridis/,
  },
  {
    title: 'an unknown device',
    args: explain(model, photo, '--device', 'tpu'),
    exit: 2,
    message: /argument 'tpu' is invalid.*cpu, webgpu, cuda/,
  },
  {
    title: 'an unknown flag',
    args: explain(model, photo, '--metod', 'rise'),
    exit: 2,
    message: /unknown option '--metod'.*--method/,
  },
  { title: 'an unknown command', args: ['explian', model, photo], exit: 2, message: /unknown command 'explian'.*explain/ },
  { title: 'no input', args: ['explain', model], exit: 2, message: /there is nothing to explain; name pictures or tensors/ },
  { title: 'an unknown method to show', args: ['methods', 'oclusion'], exit: 2, message: /did you mean "occlusion"/ },
  {
    title: 'a method that is no graph',
    args: ['compile', model, '-m', 'rise', '-o', join(folder, 'x.onnx')],
    exit: 2,
    message: /rise cannot be compiled/,
  },
]

mkdirSync(join(folder, 'nothing'))

describe('bad input', () => {
  for (const { title, args, exit, message } of cases)
    it(title, async () => {
      expectError(await run(args), exit, message)
      if (existsSync(out)) expect(readdirSync(out)).toEqual([])
      expect(readdirSync(folder).filter(name => name.endsWith('.part'))).toEqual([])
    })

  it('an output folder that is a file', async () => {
    const blocked = file('blocked', '')
    expectError(await run(['explain', model, photo, '-o', blocked, '-q']), 1, /the folder .*blocked cannot be written to/)
  })

  it.skipIf(process.getuid?.() === 0)('an output folder that may not be written', async () => {
    const locked = join(folder, 'locked')
    mkdirSync(locked)
    chmodSync(locked, 0o500)
    expectError(await run(['explain', model, photo, '-o', locked, '-q']), 1, /locked cannot be written to: permission denied/)
  })

  it('explains a model without a gradient by what needs none', async () => {
    const args = [
      'explain',
      join(folder, 'opaque.onnx'),
      join(folder, 'flat.npy'),
      '-m',
      'occlusion',
      '-o',
      join(folder, 'opaque'),
      '-q',
    ]
    const { code, stderr } = await run(args)
    expect(stderr).toBe('')
    expect(code).toBe(0)
  })

  it('prints a stack trace only under --debug', async () => {
    const { stderr, code } = await run(['explain', model, join(folder, 'none.onnx'), '-m', 'nothing', '--debug'])
    expect(stderr).toMatch(/^ascribe: unknown method/)
    expect(stderr).toMatch(/^\s+at /m)
    expect(code).toBe(2)
  })
})

describe('help', () => {
  it('lists the commands, and each has examples', async () => {
    const { stdout, code } = await run(['--help'])
    expect(code).toBe(0)
    for (const name of ['explain', 'methods', 'doctor', 'compile']) {
      expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'))
      const help = await run([name, '--help'])
      expect(help.code).toBe(0)
      expect(help.stdout).toMatch(/Examples:\n {2}ascribe /)
    }
  })

  it('is what a bare `ascribe` gives, as wrong usage', async () => {
    const { stdout, stderr, code } = await run([])
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/^Usage: ascribe/)
  })
})
