/** @file The models of a BAM study: found in a folder or named, checked against the data's classes. */
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError, type Model, type Runtime } from '@ascribe/core'
import { load } from '@ascribe/core/node'
import type { ModelRole } from '../metrics/index.js'
import type { BamSource } from '../source.js'

export interface StudyModel {
  readonly architecture: string
  readonly role: ModelRole
  readonly path: string
  readonly model: Model
}

/** Where the model of an architecture and a label set lies. */
export const modelPath = (folder: string, architecture: string, role: ModelRole): string =>
  join(folder, `${architecture}-${role}.onnx`)

/** Users' own models in place of ours, by `ARCHITECTURE/ROLE`. */
export type OwnModels = ReadonlyMap<string, string>

/**
 * Loads the models of one architecture.
 * @throws InputError where a file is missing, or a model's classes are not those of the data
 */
export async function openModels(
  source: BamSource,
  folder: string,
  architecture: string,
  roles: readonly ModelRole[],
  runtime: Runtime,
  own: OwnModels = new Map(),
): Promise<StudyModel[]> {
  const opened: StudyModel[] = []
  try {
    for (const role of roles) {
      const path = own.get(`${architecture}/${role}`) ?? modelPath(folder, architecture, role)
      if (!(await exists(path)))
        throw new InputError(`${path}: there is no such model; ascribe bam train makes it, or name yours with --model`)
      const model = await load(path, { runtime })
      opened.push({ architecture, role, path, model })
      checkClasses(source, role, path, model)
    }
    return opened
  } catch (error) {
    await closeModels(opened)
    throw error
  }
}

export const closeModels = async (models: readonly StudyModel[]): Promise<void> => {
  await Promise.all(models.map(({ model }) => model.dispose()))
}

/** Labels of the pictures that a model of this role answers. */
const classesOf = (source: BamSource, role: ModelRole): readonly string[] => (role === 'obj' ? source.objects : source.scenes)

function checkClasses(source: BamSource, role: ModelRole, path: string, model: Model): void {
  const wanted = classesOf(source, role)
  if (!model.preprocessing)
    throw new InputError(`${path}: no preprocessor_config.json is beside it, so how pictures become its input is not known`)
  const { shape } = model.graph.outputs[0]!.type
  const count = shape?.at(-1)
  if (typeof count === 'number' && count !== wanted.length)
    throw new InputError(`${path}: answers ${count} classes, the data have ${wanted.length} (${role}); train it on these data`)
  const wrong = model.labels?.findIndex((label, i) => label !== undefined && label !== wanted[i])
  if (wrong !== undefined && wrong >= 0)
    throw new InputError(
      `${path}: its class ${wrong} is "${model.labels![wrong]}", that of the data is "${wanted[wrong]}" (${role}); it was trained on other data`,
    )
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )
