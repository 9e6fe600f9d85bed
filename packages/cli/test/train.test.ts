/** @file `ascribe train`: pictures and tables in, a model that the other commands read out; interrupted and gone on with. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodePng, Random } from '@ascribe/core'
import { readModel } from '@ascribe/onnx'
import { describe, expect, it } from 'vitest'
import { writeTensor } from './support/models.js'
import { expectError, run, scratch } from './support/run.js'

const folder = scratch()

/** Three classes by the means of two columns; the third column says nothing. */
function table(name: string, rows = 240): string {
  const random = new Random(1)
  const lines = Array.from({ length: rows }, (_, i) => {
    const kind = i % 3
    const [a, b] = [kind + 0.2 * random.normal(), 2 - kind + 0.2 * random.normal()]
    return `${a.toFixed(3)},${b.toFixed(3)},${random.uniform() < 0.5 ? 'red' : 'green'},${['ant', 'bee', 'cat'][kind]}`
  })
  const path = join(folder, name)
  writeFileSync(path, ['a,b,colour,kind', ...lines].join('\n'))
  return path
}

/** Folders of noisy pictures, one class reddish and one bluish. */
function pictures(name: string, count = 20): string {
  const path = join(folder, name)
  const random = new Random(2)
  for (const [channel, kind] of [
    [0, 'reddish'],
    [2, 'bluish'],
  ] as const) {
    mkdirSync(join(path, kind), { recursive: true })
    for (let i = 0; i < count; i++) {
      const data = Uint8Array.from({ length: 20 * 24 * 3 }, (_, at) => random.integer(120) + (at % 3 === channel ? 110 : 0))
      writeFileSync(join(path, kind, `${i}.png`), encodePng({ width: 24, height: 20, channels: 3, data }))
    }
  }
  return path
}

const csv = table('table.csv')
const photos = pictures('photos')
const small = 'cnn:width=4,stages=2,blocks=1'
const filesOf = (path: string): string[] => readdirSync(path).sort()

describe('training', () => {
  it('on a table gives a model with class names, its columns and its records', async () => {
    const out = join(folder, 'table', 'kinds.onnx')
    const args = [
      'train',
      'mlp:width=16',
      csv,
      '--epochs',
      '6',
      '--batch',
      '16',
      '--learning-rate',
      '0.02',
      '--threads',
      '1',
      '-o',
      out,
    ]
    const result = await run([...args, '--json'])
    expect(result.stderr).toMatch(/epoch 6\/6: loss \S+, validation loss \S+, accuracy \S+%/)
    expect(result.code).toBe(0)
    const record = JSON.parse(result.stdout)
    // 4 features: (4 + 1) 16 + (16 + 1) 16 + (16 + 1) 3.
    expect(record).toMatchObject({ model: out, architecture: 'mlp', classes: ['ant', 'bee', 'cat'], parameters: 403 })
    expect(record.accuracy).toBeGreaterThan(0.95)
    expect(record.history).toHaveLength(6)
    expect(filesOf(join(folder, 'table'))).toEqual([
      'kinds.columns.json',
      'kinds.onnx',
      'kinds.training.json',
      'kinds.training.svg',
    ])
    const columns = JSON.parse(readFileSync(join(folder, 'table', 'kinds.columns.json'), 'utf8'))
    expect(columns).toMatchObject({ label: 'kind', features: ['a', 'b', 'colour=green', 'colour=red'] })
    const model = readModel(readFileSync(out))
    expect(JSON.parse(model.metadata.get('labels')!)).toEqual(['ant', 'bee', 'cat'])

    const [a, b] = columns.columns
    const encoded = [(2 - a.mean) / a.deviation, (0 - b.mean) / b.deviation, 0, 1]
    const row = writeTensor(folder, 'row.npy', { dtype: 'float32', dims: [1, 4], data: Float32Array.from(encoded) })
    const explained = await run(['explain', out, row, '-m', 'gradient', '-o', join(folder, 'explained')])
    expect(explained.stdout).toMatch(/row\.npy: cat /)

    const again = await run(args)
    expect(again.stderr).toMatch(/kinds\.onnx is the model of this very run; delete it to train again/)
    expect(again.stderr).not.toMatch(/epoch/)
    expect(again.stdout).toMatch(/mlp on table\.csv: 403 parameters, validation accuracy \S+%/)
  })

  it('on folders of pictures gives a model that explain reads rightly', async () => {
    const out = join(folder, 'colours', 'model.onnx')
    const flags = ['--size', '16', '--epochs', '4', '--batch', '12', '--flip', '--crop', '1', '--colour', '0.1', '--threads', '1']
    const result = await run(['train', small, photos, ...flags, '--validation', '0.2', '-o', out])
    expect(result.code, result.stderr).toBe(0)
    expect(result.stderr).toMatch(/cnn on photos: 32 rows per epoch, 8 for validation, 2 classes/)
    expect(result.stdout).toMatch(/validation accuracy 100(\.0)?%/)
    expect(filesOf(join(folder, 'colours'))).toEqual([
      'model.onnx',
      'model.training.json',
      'model.training.svg',
      'preprocessor_config.json',
    ])
    const to = join(folder, 'pictures explained')
    const explained = await run(['explain', out, join(photos, 'bluish', '3.png'), '-m', 'gradient', '-o', to])
    expect(explained.code).toBe(0)
    expect(explained.stdout).toMatch(/3\.png: bluish /)
    expect(explained.stderr).not.toMatch(/warning/)
  })

  it('on generated pictures', async () => {
    const out = join(folder, 'generated.onnx')
    const flags = ['--size', '32', '--per-epoch', '64', '--epochs', '1', '--batch', '32', '--threads', '1', '--quiet']
    const result = await run(['train', small, 'generated:scene_only', ...flags, '-o', out])
    expect(result.stderr).toBe('')
    expect(result.stdout).toMatch(/cnn on generated scene_only: \d+ parameters/)
    expect(readModel(readFileSync(out)).inputs[0]!.type!.shape).toEqual(['batch', 3, 32, 32])
  })
})

describe('adapting to masks', () => {
  const model = join(folder, 'whole', 'colours.onnx')
  const twin = join(folder, 'whole', 'colours-twin.onnx')

  it('makes the twin of a model of pictures', async () => {
    const small = ['--validation', '0.2', '--threads', '1']
    const trained = await run([
      'train',
      'cnn:width=4,stages=2,blocks=1',
      photos,
      ...small,
      '--size',
      '16',
      '--batch',
      '8',
      '-o',
      model,
    ])
    expect(trained.code, trained.stderr).toBe(0)
    const args = [
      'train',
      '--adapt',
      model,
      photos,
      ...small,
      '--epochs',
      '2',
      '--batch',
      '8',
      '--fill',
      'black',
      '--fill',
      'road',
    ]
    const result = await run([...args, '-o', twin])
    expect(result.code, result.stderr).toBe(0)
    expect(result.stderr).toMatch(/epoch 2\/2: loss \S+, accuracy on whole pictures \S+%/)
    expect(result.stdout).toMatch(/^twin of colours.onnx: \S+% of 8 whole pictures answered as before; accuracy \S+%, now \S+%$/m)
    expect(result.stdout).toMatch(/^ +5% +20% +35% +50% +65% +80% +95%\nblack +\d+ \d+ .*\nroad /m)
    const record = JSON.parse(readFileSync(join(folder, 'whole', 'colours-twin.training.json'), 'utf8'))
    expect(record).toMatchObject({ architecture: 'cnn', twin: { of: 'colours.onnx', fills: ['black', 'road'], distil: 0 } })
    expect(JSON.parse(readModel(readFileSync(twin)).metadata.get('labels')!)).toEqual(['bluish', 'reddish'])
  }, 180_000)

  const wrong: [string, string[], number, RegExp][] = [
    [
      'a model that is none',
      ['--adapt', join(photos, 'bluish', '1.png'), photos],
      1,
      /1\.png: cannot be read; twins are made of/,
    ],
    ['an architecture beside it', ['--adapt', model, 'cnn', photos], 2, /with --adapt name the dataset alone/],
    ['no dataset', ['--adapt', model], 2, /with --adapt name the dataset alone/],
    ['a size', ['--adapt', model, photos, '--size', '32'], 2, /--size does not go with --adapt/],
    ['a fill', ['--adapt', model, photos, '--fill', 'balck'], 2, /unknown fill "balck"; did you mean "black"\?/],
    ['a table', ['--adapt', model, csv], 1, /reads pictures of \[3,16,16\], table\.csv gives \[4\]/],
    ['its flags without it', ['cnn', photos, '--distil', '1'], 2, /--distil is for --adapt MODEL\.onnx/],
    ['neither architecture nor dataset', [], 2, /name an architecture and a dataset, as in ascribe train/],
  ]
  it.each(wrong)('refuses %s', async (_, args, exit, message) => {
    expectError(await run(['train', ...args, '-o', join(folder, 'no-twin.onnx')]), exit, message)
    expect(existsSync(join(folder, 'no-twin.onnx'))).toBe(false)
  })
})

describe('interruption', () => {
  it('says how to go on; the same command ends with the same model as a run that was left alone', async () => {
    const command = (name: string): string[] => [
      'train',
      'mlp:width=24,dropout=0.2',
      csv,
      ...['--epochs', '120', '--batch', '8', '--threads', '1', '-o', join(folder, name)],
    ]
    const whole = run(command('whole.onnx'))
    const stopped = await run(command('stopped.onnx'), {
      onStart: child => {
        let text = ''
        let sent = false
        child.stderr!.on('data', chunk => {
          text += chunk
          if (!sent && text.includes('epoch 5/')) sent = child.kill('SIGINT')
        })
      },
    })
    expectError(stopped, 130, /^ascribe: interrupted/)
    const [, epoch] = /stopped after epoch (\d+) of 120; the same command goes on from .*stopped\.onnx\.checkpoint/.exec(
      stopped.stderr,
    )!
    expect(filesOf(folder).filter(name => name.replace(/^\./, '').startsWith('stopped'))).toEqual([
      'stopped.onnx.checkpoint',
      'stopped.training.svg',
    ])
    const resumed = await run(command('stopped.onnx'))
    expect(resumed.code, resumed.stderr).toBe(0)
    expect(resumed.stderr).toContain(`going on after epoch ${epoch} of 120`)
    expect(resumed.stderr).not.toContain(`epoch ${epoch}/120`)
    expect((await whole).code).toBe(0)
    expect(readFileSync(join(folder, 'stopped.onnx')).equals(readFileSync(join(folder, 'whole.onnx')))).toBe(true)
    expect(existsSync(join(folder, 'stopped.onnx.checkpoint'))).toBe(false)
  })
})

describe('what cannot be', () => {
  const out = join(folder, 'never.onnx')
  const train = (...args: string[]) => run(['train', ...args, ...(args.includes('-o') ? [] : ['-o', out])])
  const wrong: [string, string[], RegExp][] = [
    ['an architecture', ['resnett', photos], /unknown architecture "resnett"; did you mean "resnet"\?/],
    ['an option', ['cnn:widht=3', photos], /cnn has no option "widht"; did you mean "width"\?/],
    ['the form of options', ['cnn:3', photos], /"cnn:3": options are written NAME:option=value/],
    ['options against each other', ['vit:heads=5', photos, '--batch', '8'], /vit: option width must be a multiple of 5/],
    ['an optimiser', ['cnn', photos, '--optimizer', 'adam'], /unknown optimizer "adam"; did you mean "adamw"\?/],
    ['an option of it', ['cnn', photos, '--optimizer', 'sgd:beta1=3'], /sgd has no option "beta1"/],
    ['a data set', ['cnn', join(folder, 'none')], /none: there is no such folder or file/],
    ['a file of another kind', ['cnn', join(photos, 'bluish', '1.png')], /is neither a folder of pictures nor a \.csv file/],
    ['a set', ['cnn', 'generated:objects'], /there is no BAM set "objects" to train on/],
    ['a set for validation', ['cnn', 'generated:dog_bedroom'], /there is no BAM set "dog_bedroom" to train on/],
    [
      'pictures for tables',
      ['mlp', photos],
      /mlp reads a table, photos holds pictures: take cnn, resnet, mobilenet, convnext, vit, mixer/,
    ],
    ['a table for pictures', ['cnn', csv], /cnn reads pictures, table\.csv holds a table: take mlp/],
    ['graphs', ['gcn', csv], /gcn reads a graph/],
    [
      'a flag of pictures',
      ['mlp', csv, '--crop', '2'],
      /--crop is for generated pictures and a folder of pictures; .*table\.csv is a table/,
    ],
    ['a flag of tables', ['cnn', photos, '--label', 'a'], /--label is for a table/],
    ['a flag of generated pictures', ['cnn', photos, '--per-epoch', '9'], /--per-epoch is for generated pictures/],
    ['a batch', ['cnn', photos, '--batch', '100'], /--batch is 100, but photos has 36 rows to train on/],
    ['a rate', ['cnn', photos, '--learning-rate', '0'], /--learning-rate must be a number above 0, not "0"/],
    ['a share', ['cnn', photos, '--label-smoothing', '2'], /--label-smoothing must be a number from 0 to 0\.9, not "2"/],
    ['a name for the model', ['cnn', photos, '-o', 'model'], /--out must be a file that ends in \.onnx, not "model"/],
    ['a column', ['mlp', csv, '--label', 'kinds'], /has no column "kinds"; did you mean "kind"\?/],
  ]

  it.each(wrong)('%s', async (_, args, message) => {
    expectError(await train(...args), 2, message)
    expect(existsSync(out)).toBe(false)
  })

  it('a run that diverges, and leaves no model', async () => {
    const diverging = await train('mlp', csv, '--optimizer', 'sgd', '--learning-rate', '1e6', '--batch', '16')
    expectError(diverging, 1, /^ascribe: the loss is \S+ at step \d+; lower the learning rate/)
    expect(existsSync(out)).toBe(false)
  })

  it('damaged data and checkpoints', async () => {
    const broken = pictures('broken', 10)
    writeFileSync(join(broken, 'reddish', '4.png'), 'no picture')
    expectError(await train(small, broken, '--size', '16', '--batch', '4'), 1, /reddish\/4\.png/)
    const cells = join(folder, 'cells.csv')
    writeFileSync(cells, `${readFileSync(csv, 'utf8')}\n1,x,red,ant\n`)
    expectError(await train('mlp', cells), 1, /cells\.csv, line 242, column "b": "x" is no number/)
    const kept = join(folder, 'kept.onnx')
    writeFileSync(`${kept}.checkpoint`, 'nothing')
    expectError(await train('mlp', csv, '-o', kept), 1, /kept\.onnx\.checkpoint: .*/)
    expect(existsSync(kept)).toBe(false)
  })

  it('an output folder that is a file', async () => {
    expectError(await train('mlp', csv, '-o', join(csv, 'model.onnx')), 1, /table\.csv/)
  })
})
