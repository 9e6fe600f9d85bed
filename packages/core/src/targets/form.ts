/** @file The shape of a form that a target's text can have. */
import type { TensorValue } from '../tensor-value.js'
import type { Link } from './links.js'
import type { TargetContext, WeightedClass } from './request.js'

/** What a form is read with. */
export interface FormContext extends TargetContext {
  /** The whole text, for messages. */
  readonly text: string
  readonly dims: readonly number[]
  readonly mask?: TensorValue
  /** Numbers after the text: `,axis=1`, `,first=4`. */
  readonly settings: Readonly<Record<string, number>>
  /** The message for a text that has no form at all. */
  readonly notUnderstood: () => string
}

/** Elements of the output whose links are summed. */
export interface Elements {
  readonly classes: readonly WeightedClass[]
  /** Where the link is over one row of classes, and not over all; 1 for a number that is no class of several. */
  readonly rowClasses?: number
  readonly rowStep?: number
  /** After `logit of`. */
  readonly words: string
}

/** One way to write a target: `NAME:...`. */
export interface TargetForm {
  /** As it is written, with what the user fills in as capitals. */
  readonly syntax: string
  readonly summary: string
  readonly example: string
  /** Numbers that may follow. */
  readonly settings: readonly string[]
  /** The link that stands where none is written; default `logit`. */
  readonly link?: Link
  /** @throws UsageError for what the output does not have */
  readonly resolve: (body: string, context: FormContext) => Elements
}
