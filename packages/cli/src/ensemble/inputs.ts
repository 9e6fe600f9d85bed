/** @file `ascribe ensemble` on inputs: every one explained by all members, combined, and reported. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AbortedError, type ReportEntry, renderReport, resolveOptions, UsageError } from '@ascribe/core'
import { ensureFolder, writeFileAtomic } from '@ascribe/core/node'
import type { Context } from '../command.js'
import { costText } from '../cost-text.js'
import { collect } from '../explain/inputs.js'
import { type PictureFlags, type PicturePlan, pictureInput, picturePlan } from '../explain/pictures.js'
import { type FailureRecord, modelRecord, versionsOf } from '../explain/record.js'
import { isExpected, messageOf, ReportedFailure } from '../failures.js'
import { methodRequests } from '../methods.js'
import { type ModelFlags, withModel } from '../open.js'
import type { TargetFlags } from '../options.js'
import { readTarget, shownTarget } from '../target.js'
import { version } from '../version.js'
import { type EnsembleJob, type EnsembleOutcome, ensembleItem, optionsOf } from './item.js'
import { type CombineFlags, combineRequest } from './request.js'

export interface InputOptions extends CombineFlags, TargetFlags, ModelFlags, PictureFlags {
  readonly method?: readonly string[]
  readonly out: string
  readonly limit?: number
  readonly seed: number
}

export async function ensembleInputs(
  path: string,
  inputs: readonly string[],
  options: InputOptions,
  context: Context,
): Promise<void> {
  const { terminal, signal } = context
  if (inputs.length === 0) throw new UsageError('there is nothing to explain; name pictures or tensors, or a folder with --study')
  const specs = options.method ?? []
  if (specs.length < 2)
    throw new UsageError(
      `an ensemble needs two methods or more, as in -m integrated-gradients -m grad-cam; ${specs.length} given`,
    )
  const requests = await methodRequests(specs)
  const combine = combineRequest(options, options.seed)
  const target = await readTarget(options.target)
  await withModel(path, options, terminal, async model => {
    let plan: PicturePlan | undefined
    const planned = (): PicturePlan => {
      if (plan) return plan
      plan = picturePlan(model, options)
      for (const warning of plan.warnings) terminal.warn(warning)
      return plan
    }
    for (const name of options.at ?? model.defaultAt()) model.checkTensor(name)
    model.outputName(options.output)
    const items = await collect(inputs, model, planned, options.limit)
    for (const { label, method, options: given } of requests)
      terminal.note(
        `${label}: ${costText(method.cost(resolveOptions(method, given)))}${items.length > 1 ? ` for each of ${items.length} inputs` : ''}`,
      )
    await ensureFolder(options.out)
    for (const name of ['explanation.json', 'report.html']) await rm(join(options.out, name), { force: true })
    const job: EnsembleJob = {
      model,
      requests,
      combine,
      folder: options.out,
      target,
      seed: options.seed,
      layout: options.layout ?? pictureInput(model.graph.inputs)?.layout ?? 'NCHW',
      preprocessing: () => plan?.preprocessing ?? model.preprocessing,
      context,
      step: what => terminal.bar(what),
      ...(options.output === undefined ? {} : { output: options.output }),
      ...(options.at === undefined ? {} : { at: options.at }),
    }
    const [outcomes, failures]: [EnsembleOutcome[], FailureRecord[]] = [[], []]
    for (const item of items) {
      try {
        const outcome = await ensembleItem(job, item)
        outcomes.push(outcome)
        const { record, entry } = outcome
        terminal.print(`${entry.name}: ${entry.target}`)
        for (const { label, maps } of record.results) terminal.print(`  ${label}: ${maps[0]!.picture ?? maps[0]!.values}`)
      } catch (error) {
        if (signal.aborted) throw new AbortedError('interrupted')
        if (!isExpected(error) || error instanceof UsageError) throw error
        const message = messageOf(error)
        failures.push({ name: item.name, file: item.file, message })
        terminal.error(message.startsWith(item.file) ? message : `${item.file}: ${message}`)
      }
    }
    terminal.bar('')
    const record = {
      versions: versionsOf(model),
      model: modelRecord(model),
      settings: {
        target: shownTarget(options.target),
        ...(options.output === undefined ? {} : { output: options.output }),
        ...(options.at === undefined ? {} : { at: options.at }),
        ...optionsOf(combine),
        seed: options.seed,
        device: options.device,
        memory: model.memory,
      },
      preprocessing: plan?.preprocessing ?? null,
      warnings: [...(plan?.warnings ?? []), ...model.notices],
      inputs: outcomes.map(outcome => outcome.record),
      failures,
    }
    if (outcomes.length > 0) {
      await writeFileAtomic(join(options.out, 'explanation.json'), `${JSON.stringify(record, undefined, 2)}\n`)
      const entries: ReportEntry[] = outcomes.map(({ entry }) => entry)
      const facts = Object.fromEntries(Object.entries(optionsOf(combine)).map(([name, value]) => [name, String(value)]))
      const page = renderReport({
        title: `Where ${requests.length} methods agree on ${model.name}`,
        version,
        model: { ...record.model, digest: `sha256:${record.model.sha256}`, facts: { ...facts, seed: options.seed } },
        warnings: record.warnings,
        failures: failures.map(({ name, message }) => ({ name, message })),
        entries,
      })
      await writeFileAtomic(join(options.out, 'report.html'), page)
      terminal.print(`report: ${join(options.out, 'report.html')}`)
    }
    terminal.json(record)
    if (failures.length > 0) throw new ReportedFailure('some inputs were not explained')
  })
}
