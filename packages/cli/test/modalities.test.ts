/** @file `ascribe explain` on texts, time series and graphs, and on targets and segments from files. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { explain, float32, readNpy, type TensorValue, writeNpz } from '@ascribe/core'
import { load } from '@ascribe/core/node'
import { GraphBuilder, Tensor } from '@ascribe/onnx'
import { describe, expect, it } from 'vitest'
import { readable, spellingOf } from '../src/explain/spelling.js'
import { noise, pictureModel, tokenModel, writeModel, writePicture, writeTensor } from './support/models.js'
import { expectError, run, scratch } from './support/run.js'

const folder = scratch()
const record = (out: string) => JSON.parse(readFileSync(join(out, 'explanation.json'), 'utf8'))
const report = (out: string) => readFileSync(join(out, 'report.html'), 'utf8')
const array = (path: string) => readNpy(readFileSync(path))

/** A word-piece tokenizer of these words, with [CLS] and [SEP] around every text. */
function writeTokenizer(into: string): void {
  const words = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'a', 'fine', 'film', '##s', '.']
  const special = (id: number) => ({
    id,
    content: words[id],
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  })
  const tokenizer = {
    version: '1.0',
    added_tokens: [0, 1, 2, 3].map(special),
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [
        { SpecialToken: { id: '[CLS]', type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { SpecialToken: { id: '[SEP]', type_id: 0 } },
      ],
      pair: [],
      special_tokens: {
        '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] },
        '[SEP]': { id: '[SEP]', ids: [3], tokens: ['[SEP]'] },
      },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(words.map((word, id) => [word, id])),
    },
  }
  writeFileSync(join(into, 'tokenizer.json'), JSON.stringify(tokenizer))
  writeFileSync(join(into, 'tokenizer_config.json'), JSON.stringify({ tokenizer_class: 'BertTokenizer', pad_token: '[PAD]' }))
}

/** Ids and a mask, both [batch, 8]: the mean of the vectors that the mask lets through. */
function maskedModel() {
  const builder = new GraphBuilder()
  const ids = builder.input('input_ids', 'int64', ['batch', 8])
  const mask = builder.input('attention_mask', 'int64', ['batch', 8])
  const table = Tensor.float32([20, 2], [...noise(3, [20, 2]).data])
  const vectors = builder.emit('Gather', [builder.constant(table), ids], { axis: 0 })
  const shown = builder.emit('Unsqueeze', [builder.emit('Cast', [mask], { to: 1 }), builder.ints([2])])
  builder.output(
    builder.emit('ReduceSum', [builder.emit('Mul', [vectors, shown]), builder.ints([1])], { keepdims: 0 }),
    'float32',
    ['batch', 2],
  )
  return { graph: builder.build(), table }
}

describe('texts', () => {
  const texts = join(folder, 'texts')
  mkdirSync(texts)
  const model = writeModel(texts, 'model.onnx', tokenModel())
  writeTokenizer(texts)

  it('are explained at the embedding, which is said, with the tokens and one value each', async () => {
    const out = join(texts, 'out')
    const { code, stderr, stdout } = await run([
      'explain',
      model,
      '--text',
      'A fine films.',
      '-m',
      'input-x-gradient',
      '-t',
      '1',
      '-o',
      out,
    ])
    expect(code, stderr).toBe(0)
    expect(stderr).toMatch(/note: explained at ".+", the output of the embedding/)
    expect(stdout).toMatch(/^A fine films\.: /m)
    const [input] = record(out).inputs
    const ids = [2, 4, 5, 6, 7, 8, 3]
    expect(input.tokens.map(({ id }: { id: number }) => id)).toEqual(ids)
    expect(input.tokens.map(({ token }: { token: string }) => token)).toEqual(['[CLS]', 'a', 'fine', 'film', '##s', '.', '[SEP]'])
    const library = await load(model)
    const input_ids: TensorValue = { dtype: 'int64', dims: [1, 7], data: BigInt64Array.from(ids.map(BigInt)) }
    const expected = await explain(library, { input_ids }, 'input-x-gradient', { target: 1, at: [library.embedding!] })
    await library.dispose()
    expect(array(join(out, 'text.input-x-gradient.npy')).data).toEqual(expected.values)
    const [map] = input.results[0].maps
    expect(map.tokens).toHaveLength(7)
    map.tokens.forEach((value: number, i: number) => {
      expect(value).toBeCloseTo(
        [...expected.values.slice(i * 5, (i + 1) * 5)].reduce((a, b) => a + b),
        5,
      )
    })
    expect(report(out)).toMatch(
      /<p class="tokens"><span[^>]*>\[CLS\]<\/span> <span[^>]*>a<\/span> <span[^>]*>fine<\/span> <span[^>]*>film<\/span><span[^>]*>s<\/span>/,
    )
  })

  it('are shown in words, without special tokens, and in spans, where asked; both are recorded', async () => {
    const shown = async (name: string, ...flags: string[]) => {
      const out = join(texts, name)
      const args = ['explain', model, '--text', 'A fine films.', '-m', 'input-x-gradient', '-t', '1', '-o', out, ...flags]
      const { code, stderr } = await run(args)
      expect(code, stderr).toBe(0)
      const [input] = record(out).inputs
      const [{ tokens, words }] = input.results[0].maps
      const spans = [.../<p class="tokens">(.*?)<\/p>/.exec(report(out))![1]!.matchAll(/<span[^>]*>([^<]*)<\/span>/g)]
      return {
        tokens,
        words,
        texts: input.words.map(({ text }: { text: string }) => text),
        drawn: spans.map(([, text]) => text),
        input,
      }
    }
    const plain = await shown('plain')
    expect(plain.texts).toEqual(['[CLS]', 'a', 'fine', 'films', '.', '[SEP]'])
    expect(plain.drawn).toEqual(['[CLS]', 'a', 'fine', 'film', 's', '.', '[SEP]'])
    expect(plain.words).toHaveLength(6)
    expect(plain.words[3]).toBeCloseTo(plain.tokens[3] + plain.tokens[4], 6)
    expect(plain.input.words[3]).toEqual({ text: 'films', start: 3, end: 5 })
    expect(plain.input.tokens.map(({ special }: { special: boolean }) => special)).toEqual([true, ...Array(5).fill(false), true])
    const words = await shown('words', '--unit', 'words', '--special', 'skip')
    expect(words.drawn).toEqual(['a', 'fine', 'films', '.'])
    expect(words.words).toEqual(plain.words.slice(1, 5))
    expect(words.tokens).toEqual(plain.tokens)
    expect((await shown('tokens', '--special', 'skip')).drawn).toEqual(['a', 'fine', 'film', 's', '.'])
    const spans = await shown('spans', '--unit', 'words', '--special', 'skip', '--spans', '0-0,1-2')
    expect(spans.drawn).toEqual(['a', 'fine films', '.'])
    expect(spans.words[1]).toBeCloseTo(plain.words[2] + plain.words[3], 6)
    const refused = async (spans: string, code: number, message: RegExp) =>
      expectError(
        await run(['explain', model, '--text', 'a fine film', '-t', '1', '-o', join(texts, 'refused'), '--spans', spans]),
        code,
        message,
      )
    await refused('2-1', 2, /--spans must be ranges of words/)
    await refused('1-2,2-3', 2, /one behind the other/)
    await refused('1-9', 1, /span 1-9 reaches beyond the 5 words of the text \(0 to 4\)/)
  })

  it('fill up to the length that a model takes, behind its mask', async () => {
    const { graph, table } = maskedModel()
    const fixed = writeModel(texts, 'fixed.onnx', graph)
    const out = join(texts, 'fixed')
    const { code, stderr } = await run([
      'explain',
      fixed,
      '--text',
      'film',
      '--tokenizer',
      join(texts, 'tokenizer.json'),
      '-m',
      'input-x-gradient',
      '-t',
      '0',
      '-o',
      out,
    ])
    expect(code, stderr).toBe(0)
    const [input] = record(out).inputs
    expect(input.tokens.map(({ id }: { id: number }) => id)).toEqual([2, 6, 3, 0, 0, 0, 0, 0])
    const values = table.numbers()
    expect(input.results[0].value).toBeCloseTo(values[4]! + values[12]! + values[6]!, 5)
    expect(input.results[0].maps[0].tokens.slice(3)).toEqual([0, 0, 0, 0, 0])
    expect(input.results[0].maps[0].tokens[1]).toBeCloseTo(values[12]!, 5)
    const long = await run(['explain', fixed, '--text', 'a fine film a fine film a fine film', '-m', 'gradient', '-o', out])
    expectError(long, 1, /the text has 11 tokens, and the model takes 8/)
  })

  it('without a tokenizer are an error that says what to do, and nothing to explain is one', async () => {
    const bare = join(folder, 'bare')
    mkdirSync(bare)
    const alone = writeModel(bare, 'model.onnx', tokenModel())
    expectError(
      await run(['explain', alone, '--text', 'a']),
      1,
      /tokenizer\.json: there is no such file; put the model's tokenizer\.json/,
    )
    expectError(await run(['explain', alone]), 2, /there is nothing to explain/)
  })
})

describe('language models', () => {
  it('the next token is explained, and what else was likely is told in words', async () => {
    const place = join(folder, 'language')
    mkdirSync(place)
    writeTokenizer(place)
    const builder = new GraphBuilder()
    const ids = builder.input('input_ids', 'int64', ['batch', 'length'])
    const table = builder.constant(Tensor.float32([9, 4], [...noise(11, [9, 4]).data]))
    const vectors = builder.emit('Gather', [table, ids], { axis: 0 })
    const summed = builder.emit('Tanh', [vectors])
    const head = builder.constant(Tensor.float32([4, 9], [...noise(12, [4, 9]).data]))
    builder.output(builder.emit('MatMul', [summed, head]), 'float32', ['batch', 'length', 9])
    const model = writeModel(place, 'model.onnx', builder.build())
    const out = join(place, 'out')
    const target = ['-t', 'log-softmax:token:-1/6']
    const { code, stderr } = await run(['explain', model, '--text', 'a fine', ...target, '-m', 'integrated-gradients', '-o', out])
    expect(code, stderr).toBe(0)
    const [input] = record(out).inputs
    expect(input.target.description).toBe('log probability of class 6 at position 3')
    const labels = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'a', 'fine', 'film', 's', '.']
    expect(input.prediction).toHaveLength(5)
    for (const { index, label } of input.prediction) expect(label).toBe(labels[index])
    expect(input.results[0].maps[0].tokens.slice(0, 3)).toEqual([0, 0, 0])
    expect(Math.abs(input.results[0].relativeResidual)).toBeLessThan(1e-3)
  })
})

describe('tokens as people read them', () => {
  it.each([
    ['Ġcat', 'bytes', true, 'cat', true],
    ['ing', 'bytes', true, 'ing', false],
    ['cafÃ©', 'bytes', true, 'café', false],
    ['Ċ', 'bytes', true, 'Ċ', true],
    ['▁dog', 'pieces', true, 'dog', true],
    ['s', 'pieces', true, 's', false],
    ['##s', 'pieces', false, 's', false],
    ['film', 'pieces', false, 'film', true],
  ] as const)('%s', (token, spelling, marked, text, spaced) => {
    expect(readable(token, spelling, marked)).toEqual({ text, spaced })
  })

  it('a byte-level tokenizer is seen in its file', () => {
    expect(spellingOf({ pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'ByteLevel' }] } })).toBe('bytes')
    expect(spellingOf({ pre_tokenizer: { type: 'BertPreTokenizer' }, decoder: null })).toBe('pieces')
  })
})

describe('targets and segments from files', () => {
  const model = writeModel(folder, 'picture.onnx', pictureModel())
  const photo = writePicture(folder, 'photo.png', 1)

  it('a label map partitions the picture, and another kind of file is an error', async () => {
    const labels = Float32Array.from({ length: 144 }, (_, i) => Math.floor(i / 72))
    const path = writeTensor(folder, 'labels.npy', { dtype: 'float32', dims: [12, 12], data: labels })
    const out = join(folder, 'labels-out')
    const flags = ['-t', '2', '-o', out, '--size', '12']
    const { code, stderr } = await run(['explain', model, photo, '-m', `exact-shapley:segments=@${path}`, ...flags])
    expect(code, stderr).toBe(0)
    const found = array(join(out, 'photo.exact-shapley.npy')).data as Float32Array
    expect(new Set(found).size).toBe(2)
    const [result] = record(out).inputs[0].results
    expect(result.options.segments).toBe('labels.npy')
    expect(result.value - result.baselineValue).toBeCloseTo(found[0]! + found[143]!, 5)
  })

  it('a mask weighs the places of a segmentation', async () => {
    const builder = new GraphBuilder()
    const image = builder.input('image', 'float32', ['batch', 3, 4, 4])
    const kernel = builder.constant(Tensor.float32([2, 3, 1, 1], [1, 2, 3, -1, 0, 1]))
    builder.output(builder.emit('Conv', [image, kernel], { kernel_shape: [1, 1] }), 'float32', ['batch', 2, 4, 4])
    const segmenter = writeModel(folder, 'segmenter.onnx', builder.build())
    const input = writeTensor(folder, 'image.npy', noise(5, [1, 3, 4, 4]))
    const mask = Float32Array.from({ length: 16 }, (_, i) => Number(i === 3 || i === 9))
    const path = writeTensor(folder, 'mask.npy', { dtype: 'float32', dims: [4, 4], data: mask })
    const out = join(folder, 'mask-out')
    const { code, stderr, stdout } = await run(['explain', segmenter, input, '-m', 'gradient', '-t', `mean:0@${path}`, '-o', out])
    expect(code, stderr).toBe(0)
    expect(stdout).toMatch(/explained: logit of class 0, mean over the 2 places of the mask/)
    const found = array(join(out, 'image.gradient.npy')).data as Float32Array
    expect([...found]).toEqual(Array.from({ length: 48 }, (_, i) => (mask[i % 16]! * (Math.floor(i / 16) + 1)) / 2))
    expect(record(out).settings.target).toBe('mean:0@mask.npy')
    expect(JSON.stringify(record(out))).not.toContain(folder)
  })

  it('a graph of the outputs is a target', async () => {
    const builder = new GraphBuilder()
    const name = pictureModel().outputs[0]!.name
    const scores = builder.input(name, 'float32', ['batch', 4])
    builder.output(
      builder.emit('ReduceSum', [builder.emit('Mul', [scores, scores]), builder.ints([1])], { keepdims: 0 }),
      'float32',
      ['batch'],
    )
    const target = writeModel(folder, 'energy.onnx', builder.build({ name: 'energy' }))
    const out = join(folder, 'graph-out')
    const { code, stderr, stdout } = await run([
      'explain',
      model,
      photo,
      '-m',
      'integrated-gradients',
      '-t',
      target,
      '-o',
      out,
      '--size',
      '12',
    ])
    expect(code, stderr).toBe(0)
    expect(stdout).toMatch(/explained: energy\.onnx/)
    const [input] = record(out).inputs
    const energy = input.prediction.reduce((sum: number, { score }: { score: number }) => sum + score * score, 0)
    expect(input.results[0].value).toBeCloseTo(energy, 4)
    expect(input.target.classes).toEqual([])
    expect(Math.abs(input.results[0].relativeResidual)).toBeLessThan(0.05)
  })

  it('help lists every form of a target', async () => {
    const { stdout } = await run(['explain', '--help'])
    for (const form of ['mean:CLASS@REGION', 'box:I/CLASS', 'token:POSITION/CLASS', 'index:I,J,K', 'FILE.onnx'])
      expect(stdout).toContain(form)
  })
})

describe('series and graphs', () => {
  it('a series is drawn as lines over bars', async () => {
    const builder = new GraphBuilder()
    const signal = builder.input('signal', 'float32', ['batch', 2, 20])
    builder.output(
      builder.emit('ReduceSum', [builder.emit('Mul', [signal, signal]), builder.ints([1, 2])], { keepdims: 0 }),
      'float32',
      ['batch'],
    )
    const model = writeModel(folder, 'series.onnx', builder.build())
    const input = writeTensor(folder, 'signal.npy', noise(8, [1, 2, 20]))
    const out = join(folder, 'series-out')
    const { code, stderr } = await run(['explain', model, input, '-m', 'feature-ablation:segments=time:5', '-o', out])
    expect(code, stderr).toBe(0)
    const svg = readFileSync(join(out, 'signal.feature-ablation.svg'), 'utf8')
    expect(svg.match(/<polyline/g)).toHaveLength(2)
    expect(svg.match(/<rect/g)).toHaveLength(40)
    expect(report(out)).toContain('channel 1')
    await run(['explain', model, input, '-m', 'gradient', '-o', out, '--time-axis', '0'])
    expect(readFileSync(join(out, 'signal.gradient.svg'), 'utf8')).not.toContain('<polyline')
  })

  it('edges of a graph by their weights', async () => {
    const builder = new GraphBuilder()
    const x = builder.input('x', 'float32', ['nodes', 1])
    const list = builder.input('edge_index', 'int64', [2, 'edges'])
    const weights = builder.input('edge_weight', 'float32', ['edges'])
    const [from, to] = [0, 1].map(i =>
      builder.emit('Gather', [list, builder.constant(Tensor.from('int64', [], [i]))], { axis: 0 }),
    )
    const messages = builder.emit('Mul', [
      builder.emit('Gather', [x, from!], { axis: 0 }),
      builder.emit('Unsqueeze', [weights, builder.ints([1])]),
    ])
    const index = builder.emit('Unsqueeze', [to!, builder.ints([1])])
    const empty = builder.emit('Mul', [x, builder.float(0)])
    builder.output(builder.emit('ScatterElements', [empty, index, messages], { axis: 0, reduction: 'add' }), 'float32', [
      'nodes',
      1,
    ])
    const model = writeModel(folder, 'graph.onnx', builder.build())
    const path = join(folder, 'nodes.npz')
    const edge_index: TensorValue = { dtype: 'int64', dims: [2, 3], data: BigInt64Array.from([0, 1, 2, 1, 0, 1].map(BigInt)) }
    writeFileSync(path, writeNpz({ x: float32([3, 1], [2, 3, 5]), edge_index, edge_weight: float32([3], [1, 1, 1]) }))
    const out = join(folder, 'graph-edges')
    const { code, stderr } = await run([
      'explain',
      model,
      path,
      '--at',
      'edge_weight',
      '-t',
      '1/0',
      '-m',
      'exact-shapley:segments=edges',
      '-o',
      out,
    ])
    expect(code, stderr).toBe(0)
    expect([...(array(join(out, 'nodes.exact-shapley.npy')).data as Float32Array)]).toEqual([2, 2, 5])
  })
})
