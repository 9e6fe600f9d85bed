/** @file Every method as a function: the model, one row of input, and one options object with the method's options among the common ones. */
import type { Attribution } from './attribution.js'
import type { Baseline } from './baseline.js'
import { InputError } from './errors.js'
import { explain } from './explain.js'
import type { Model } from './model.js'
import type { PrepareOptions } from './prepare.js'
import type { Hierarchy } from './segments/hierarchy.js'
import type { Segments } from './segments/segments.js'
import type { TensorValue, TensorValues } from './tensor-value.js'

/** What every method takes: target, output, at, signal, onProgress, and the seed of its random choices (default 0). */
export interface MethodOptions extends PrepareOptions {
  readonly seed?: number
}

export interface GradientOptions extends MethodOptions {
  readonly absolute?: boolean
}

export interface IntegratedGradientsOptions extends MethodOptions {
  readonly points?: number
  readonly rule?: string
  readonly baseline?: Baseline
  readonly multiply?: boolean
  readonly tolerance?: number
  readonly maxPoints?: number
  readonly variant?: 'ascribe' | 'captum' | 'pair'
}

export interface ExpectedGradientsOptions extends MethodOptions {
  readonly samples?: number
  readonly baseline?: Baseline
  readonly sampling?: 'stratified' | 'independent'
  readonly noise?: number
  readonly scale?: 'range' | 'absolute'
  readonly multiply?: boolean
  readonly variant?: 'ascribe' | 'captum' | 'shap'
}

export interface BlurIgOptions extends MethodOptions {
  readonly points?: number
  readonly maxSigma?: number
  readonly rule?: string
  readonly edge?: 'zeros' | 'reflect'
  readonly variant?: 'ascribe' | 'pair' | 'pair-sqrt'
}

export interface GuidedIgOptions extends MethodOptions {
  readonly points?: number
  readonly fraction?: number
  readonly maxDistance?: number
  readonly baseline?: Baseline
  readonly variant?: 'ascribe' | 'pair'
}

export interface IdgOptions extends MethodOptions {
  readonly points?: number
  readonly rule?: string
  readonly baseline?: Baseline
}

/** Options of the method `of` are given as `'of.NAME'`. */
export interface XraiOptions extends MethodOptions {
  readonly of?: string
  readonly mode?: 'full' | 'fast'
  readonly segments?: Segments
  readonly scales?: string
  readonly sigma?: number
  readonly least?: number
  readonly dilation?: number
  readonly difference?: number
  readonly size?: number
  readonly [inner: `of.${string}`]: unknown
}

export interface TsSaliencyOptions extends MethodOptions {
  readonly points?: number
  readonly directions?: number
  readonly step?: number
  readonly baseline?: Baseline
}

export interface DiscretisedIgOptions extends MethodOptions {
  readonly points?: number
  readonly strategy?: 'greedy' | 'maxcount'
  readonly refine?: number
  readonly neighbours?: number
  readonly baseline?: Baseline
}

export interface SequentialIgOptions extends MethodOptions {
  readonly points?: number
  readonly rule?: string
  readonly baseline?: Baseline
}

export interface BetaSmoothOptions extends MethodOptions {
  readonly beta?: number
}

export interface DeepliftOptions extends MethodOptions {
  readonly baseline?: Baseline
  readonly rule?: 'rescale' | 'reveal-cancel'
  readonly multiply?: boolean
}

export interface DeepliftShapOptions extends MethodOptions {
  readonly samples?: number
  readonly baseline?: Baseline
  readonly rule?: 'rescale' | 'reveal-cancel'
  readonly multiply?: boolean
}

export interface SmoothGradOptions extends MethodOptions {
  readonly samples?: number
  readonly noise?: number
  readonly scale?: 'range' | 'absolute'
  readonly form?: 'mean' | 'squared' | 'variance' | 'unbiased-variance'
  readonly variant?: 'ascribe' | 'captum' | 'pair'
}

/** Options of the method `of` are given as `'of.NAME'`. */
export interface NoiseTunnelOptions extends MethodOptions {
  readonly of?: string
  readonly draw?: boolean
  readonly samples?: number
  readonly noise?: number
  readonly scale?: 'range' | 'absolute'
  readonly form?: 'mean' | 'squared' | 'variance' | 'unbiased-variance'
  readonly variant?: 'ascribe' | 'captum' | 'pair'
  readonly [inner: `of.${string}`]: unknown
}

export interface LrpOptions extends MethodOptions {
  readonly preset?: string
  readonly epsilon?: number
  /** `first:z-box;Conv:gamma=0.5`: before the rules of the preset. */
  readonly rules?: string
  readonly gamma?: number
  readonly bias?: boolean
  /** Bounds of the input's values, or one per channel with commas between. */
  readonly low?: number | string
  readonly high?: number | string
}

export interface ConductanceOptions extends MethodOptions {
  readonly layer?: string
  readonly points?: number
  readonly baseline?: Baseline
}

export interface InternalInfluenceOptions extends MethodOptions {
  readonly layer?: string
  readonly points?: number
  readonly baseline?: Baseline
  readonly rule?: string
}

export interface NeuronConductanceOptions extends MethodOptions {
  readonly layer?: string
  readonly neuron?: string
  readonly points?: number
  readonly baseline?: Baseline
  readonly rule?: string
}

export interface GradCamOptions extends MethodOptions {
  readonly layer?: string
  readonly relu?: boolean
  readonly channels?: 'sum' | 'principal' | 'each'
}

export interface GradCamPlusPlusOptions extends MethodOptions {
  readonly layer?: string
  readonly relu?: boolean
  readonly channels?: 'sum' | 'principal' | 'each'
  readonly variant?: 'ascribe' | 'pytorch-grad-cam' | 'xplique'
}

export interface ScoreCamOptions extends MethodOptions {
  readonly layer?: string
  readonly relu?: boolean
  readonly channels?: 'sum' | 'principal' | 'each'
  readonly baseline?: Baseline
}

export interface AblationCamOptions extends MethodOptions {
  readonly layer?: string
  readonly relu?: boolean
  readonly channels?: 'sum' | 'principal' | 'each'
  readonly divide?: 'magnitude' | 'value' | 'nothing'
}

export interface EigenCamOptions extends MethodOptions {
  readonly layer?: string
  readonly relu?: boolean
  readonly channels?: 'sum' | 'principal' | 'each'
  readonly centre?: boolean
}

export interface FullGradOptions extends MethodOptions {
  readonly absolute?: boolean
  readonly rescale?: boolean
}

export interface FemOptions extends MethodOptions {
  readonly layer?: string
  readonly relu?: boolean
  readonly channels?: 'sum' | 'principal' | 'each'
  readonly k?: number
  readonly variant?: 'ascribe' | 'pytorch-grad-cam'
}

export interface KpcaCamOptions extends MethodOptions {
  readonly layer?: string
  readonly relu?: boolean
  readonly kernel?: 'sigmoid' | 'rbf' | 'polynomial' | 'linear'
  readonly gamma?: number
}

/** Options of the method `of` are given as `'of.NAME'`. */
export interface FinerCamOptions extends MethodOptions {
  readonly of?: string
  readonly alpha?: number
  readonly references?: number
  readonly [inner: `of.${string}`]: unknown
}

/** Options of the method `of` are given as `'of.NAME'`. */
export interface RefineCamOptions extends MethodOptions {
  readonly of?: string
  readonly layers?: string
  readonly [inner: `of.${string}`]: unknown
}

/** Options of the method `of` are given as `'of.NAME'`. */
export interface AugmentationSmoothingOptions extends MethodOptions {
  readonly of?: string
  readonly [inner: `of.${string}`]: unknown
}

export interface AttentionMapsOptions extends MethodOptions {
  /** A layer from 0, or `last`. */
  readonly layer?: number | string
  /** `mean`, `max`, `min`, or one head from 0. */
  readonly heads?: number | string
  readonly query?: number | string
}

/** Of attentionRollout and gradientRollout. */
export interface RolloutOptions extends MethodOptions {
  readonly heads?: 'mean' | 'max' | 'min'
  readonly discard?: number
  readonly start?: number
  readonly query?: number | string
}

export interface CheferOptions extends MethodOptions {
  readonly preset?: string
  readonly start?: number
  readonly query?: number | string
}

export interface CheferGenericOptions extends MethodOptions {
  readonly start?: number
  readonly query?: number | string
}

export interface TransitionAttentionMapsOptions extends MethodOptions {
  readonly start?: number
  readonly points?: number
  readonly rule?: string
  readonly baseline?: Baseline
  readonly query?: number | string
}

export interface BidirectionalOptions extends MethodOptions {
  readonly perception?: 'head' | 'token'
  readonly start?: number
  readonly points?: number
  readonly rule?: string
  readonly baseline?: Baseline
  readonly query?: number | string
}

export interface ValueZeroingOptions extends MethodOptions {
  /** `all`, or one layer from 0. */
  readonly layer?: number | string
  readonly query?: number | string
}

export interface GuidedGradCamOptions extends MethodOptions {
  readonly layer?: string
  readonly interpolation?: 'bilinear' | 'nearest'
}

export interface OcclusionOptions extends MethodOptions {
  readonly window?: number | string
  readonly stride?: number | string
  readonly baseline?: Baseline
  readonly overlap?: 'mean' | 'sum'
  readonly incremental?: 'auto' | 'on' | 'off'
}

export interface RiseOptions extends MethodOptions {
  readonly masks?: number
  readonly cells?: number
  readonly probability?: number
  readonly baseline?: Baseline
  readonly normalise?: 'paper' | 'coverage'
}

export interface DRiseOptions extends MethodOptions {
  readonly boxes?: string
  readonly scores?: string
  readonly objectness?: string
  readonly format?: 'xyxy' | 'cxcywh' | 'yxyx'
  readonly order?: 'boxes-first' | 'numbers-first'
  readonly activation?: 'none' | 'sigmoid' | 'softmax'
  readonly detection?: number | string
  readonly class?: number | string
  /** Four numbers with commas between, in the model's format. */
  readonly box?: string
  readonly masks?: number
  readonly cells?: number
  readonly probability?: number
  readonly baseline?: Baseline
}

export interface SobolOptions extends MethodOptions {
  readonly segments?: Segments
  readonly baseline?: Baseline
  readonly samples?: number
  readonly estimator?: 'jansen' | 'janon' | 'homma' | 'glen' | 'saltelli'
  readonly sequence?: 'sobol' | 'halton' | 'latin-hypercube' | 'random'
}

export interface HsicOptions extends MethodOptions {
  readonly segments?: Segments
  readonly baseline?: Baseline
  readonly samples?: number
  readonly kernel?: 'binary' | 'rbf' | 'sobolev'
  readonly sequence?: 'sobol' | 'halton' | 'latin-hypercube' | 'random'
}

export interface MeaningfulPerturbationOptions extends MethodOptions {
  readonly iterations?: number
  readonly rate?: number
  readonly sparsity?: number
  readonly smoothness?: number
  readonly power?: number
  readonly sigma?: number
  readonly cell?: number
  readonly smooth?: number
  readonly jitter?: number
}

export interface ExtremalPerturbationOptions extends MethodOptions {
  /** Shares of the picture, with commas between. */
  readonly areas?: number | string
  readonly variant?: 'preserve' | 'delete' | 'dual'
  readonly iterations?: number
  readonly levels?: number
  readonly blur?: number
  readonly step?: number
  readonly sigma?: number
  readonly rate?: number
  readonly momentum?: number
  readonly penalty?: number
  readonly growth?: number
  readonly flip?: boolean
}

export interface FeatureAblationOptions extends MethodOptions {
  readonly segments?: Segments
  readonly baseline?: Baseline
}

export interface FeaturePermutationOptions extends MethodOptions {
  readonly segments?: Segments
  readonly data?: Baseline
  readonly samples?: number
}

export interface ExactShapleyOptions extends MethodOptions {
  readonly segments?: Segments
  readonly baseline?: Baseline
  readonly most?: number
}

export interface GraphAttentionOptions extends MethodOptions {
  readonly reduce?: 'max' | 'mean' | 'min'
}

/** Of kernelShap and samplingShapley. */
export interface SampledShapleyOptions extends MethodOptions {
  readonly segments?: Segments
  readonly baseline?: Baseline
  readonly samples?: number
}

export interface OwenOptions extends MethodOptions {
  readonly segments?: Segments
  readonly baseline?: Baseline
  readonly samples?: number
  readonly hierarchy?: Hierarchy
}

export interface PermutationShapleyOptions extends MethodOptions {
  readonly segments?: Segments
  readonly baseline?: Baseline
  readonly orders?: number
  readonly antithetic?: boolean
}

export interface LimeOptions extends MethodOptions {
  readonly segments?: Segments
  readonly baseline?: Baseline
  readonly samples?: number
  readonly probability?: number
  readonly distance?: 'cosine' | 'euclidean'
  readonly width?: number
  readonly penalty?: 'ridge' | 'lasso'
  readonly alpha?: number
  readonly variant?: 'ascribe' | 'lime' | 'captum'
}

export interface GlimeOptions extends MethodOptions {
  readonly segments?: Segments
  readonly baseline?: Baseline
  readonly samples?: number
  readonly width?: number
  readonly alpha?: number
}

export interface NormLimeOptions extends MethodOptions {
  readonly segments?: Segments
  readonly baseline?: Baseline
  readonly data?: Baseline
  readonly samples?: number
  readonly probability?: number
  readonly distance?: 'cosine' | 'euclidean'
  readonly width?: number
  readonly penalty?: 'ridge' | 'lasso'
  readonly alpha?: number
}

export interface LinearShapOptions extends MethodOptions {
  readonly baseline?: Baseline
  readonly correlated?: boolean
  readonly orders?: number
}

/** Of treeShap and treeShapInteractions. */
export interface GreedyPigOptions extends MethodOptions {
  /** The method that each round asks; its own options are given as `of.NAME`. */
  readonly of?: string
  readonly perRound?: number
  readonly rounds?: number
  readonly segments?: Segments
  readonly baseline?: Baseline
  readonly [inner: `of.${string}`]: unknown
}

export interface GreedyGainOptions extends MethodOptions {
  readonly perRound?: number
  readonly rounds?: number
  readonly segments?: Segments
  readonly baseline?: Baseline
}

export interface TreeShapOptions extends MethodOptions {
  readonly background?: Baseline
  readonly game?: 'auto' | 'interventional' | 'path-dependent'
}

export interface SaabasOptions extends MethodOptions {
  readonly background?: Baseline
}

/** Sigma as a share of height and width for `centre`, in pixels for `blurredCopy`. */
export interface SigmaOptions extends MethodOptions {
  readonly sigma?: number
}

/** A method to call; the options are those that `ascribe methods NAME` shows, beside the common ones. */
export type MethodFunction<O extends MethodOptions = MethodOptions> = (
  model: Model,
  input: TensorValue | TensorValues,
  options?: O,
) => Promise<Attribution>

const common: readonly (keyof MethodOptions)[] = ['target', 'output', 'at', 'signal', 'onProgress', 'seed']

const isValue = (input: TensorValue | TensorValues): input is TensorValue => ArrayBuffer.isView((input as TensorValue).data)

/** A row of inputs by name; a single tensor goes to the only input. */
function rowOf(model: Model, input: TensorValue | TensorValues): TensorValues {
  if (!isValue(input)) return input
  const names = model.graph.inputs.map(({ name }) => name)
  if (names.length !== 1)
    throw new InputError(`the model has ${names.length} inputs (${names.join(', ')}); give one tensor for each, by name`)
  return { [names[0]!]: input }
}

/**
 * The function that runs one method. Throws what `explain` throws, and InputError where a single tensor is given to a model of
 * several inputs.
 */
function methodFunction<O extends MethodOptions>(name: string): MethodFunction<O> {
  return async (model, input, options) => {
    const given = Object.entries(options ?? {}).filter(([, value]) => value !== undefined)
    const isCommon = ([key]: [string, unknown]): boolean => (common as readonly string[]).includes(key)
    return explain(model, rowOf(model, input), name, {
      ...(Object.fromEntries(given.filter(isCommon)) as MethodOptions),
      options: Object.fromEntries(given.filter(entry => !isCommon(entry))),
    })
  }
}

export const gradient = methodFunction<GradientOptions>('gradient')
export const inputXGradient = methodFunction('input-x-gradient')
export const integratedGradients = methodFunction<IntegratedGradientsOptions>('integrated-gradients')
export const expectedGradients = methodFunction<ExpectedGradientsOptions>('expected-gradients')
export const blurIg = methodFunction<BlurIgOptions>('blur-ig')
export const guidedIg = methodFunction<GuidedIgOptions>('guided-ig')
export const idg = methodFunction<IdgOptions>('idg')
export const xrai = methodFunction<XraiOptions>('xrai')
export const discretisedIg = methodFunction<DiscretisedIgOptions>('discretised-ig')
export const tsSaliency = methodFunction<TsSaliencyOptions>('ts-saliency')
export const sequentialIg = methodFunction<SequentialIgOptions>('sequential-ig')
export const smoothGrad = methodFunction<SmoothGradOptions>('smooth-grad')
export const noiseTunnel = methodFunction<NoiseTunnelOptions>('noise-tunnel')
export const guidedBackprop = methodFunction('guided-backprop')
export const betaSmooth = methodFunction<BetaSmoothOptions>('beta-smooth')
export const deconvnet = methodFunction('deconvnet')
export const lrp = methodFunction<LrpOptions>('lrp')
export const deeplift = methodFunction<DeepliftOptions>('deeplift')
export const deepliftShap = methodFunction<DeepliftShapOptions>('deeplift-shap')
export const conductance = methodFunction<ConductanceOptions>('conductance')
export const internalInfluence = methodFunction<InternalInfluenceOptions>('internal-influence')
export const neuronConductance = methodFunction<NeuronConductanceOptions>('neuron-conductance')
export const activation = methodFunction('activation')
export const gradCam = methodFunction<GradCamOptions>('grad-cam')
export const guidedGradCam = methodFunction<GuidedGradCamOptions>('guided-grad-cam')
export const gradCamPlusPlus = methodFunction<GradCamPlusPlusOptions>('grad-cam-plus-plus')
export const xgradCam = methodFunction<GradCamOptions>('xgrad-cam')
export const layerCam = methodFunction<GradCamOptions>('layer-cam')
export const hiresCam = methodFunction<GradCamOptions>('hires-cam')
export const elementwiseGradCam = methodFunction<GradCamOptions>('elementwise-grad-cam')
export const scoreCam = methodFunction<ScoreCamOptions>('score-cam')
export const ablationCam = methodFunction<AblationCamOptions>('ablation-cam')
export const eigenCam = methodFunction<EigenCamOptions>('eigen-cam')
export const eigenGradCam = methodFunction<EigenCamOptions>('eigen-grad-cam')
export const fullGrad = methodFunction<FullGradOptions>('full-grad')
export const fem = methodFunction<FemOptions>('fem')
export const attentionMaps = methodFunction<AttentionMapsOptions>('attention-maps')
export const attentionRollout = methodFunction<RolloutOptions>('attention-rollout')
export const gradientRollout = methodFunction<RolloutOptions>('gradient-rollout')
export const chefer = methodFunction<CheferOptions>('chefer')
export const cheferGeneric = methodFunction<CheferGenericOptions>('chefer-generic')
export const transitionAttentionMaps = methodFunction<TransitionAttentionMapsOptions>('transition-attention-maps')
export const bidirectional = methodFunction<BidirectionalOptions>('bidirectional')
export const graphAttention = methodFunction<GraphAttentionOptions>('graph-attention')
export const valueZeroing = methodFunction<ValueZeroingOptions>('value-zeroing')
export const segEigenCam = methodFunction<GradCamOptions>('seg-eigen-cam')
export const kpcaCam = methodFunction<KpcaCamOptions>('kpca-cam')
export const shapleyCam = methodFunction<GradCamOptions>('shapley-cam')
export const finerCam = methodFunction<FinerCamOptions>('finer-cam')
export const refineCam = methodFunction<RefineCamOptions>('refine-cam')
export const augmentationSmoothing = methodFunction<AugmentationSmoothingOptions>('augmentation-smoothing')
export const randomCam = methodFunction<GradCamOptions>('random-cam')
export const occlusion = methodFunction<OcclusionOptions>('occlusion')
export const rise = methodFunction<RiseOptions>('rise')
export const dRise = methodFunction<DRiseOptions>('d-rise')
export const sobol = methodFunction<SobolOptions>('sobol')
export const hsic = methodFunction<HsicOptions>('hsic')
export const meaningfulPerturbation = methodFunction<MeaningfulPerturbationOptions>('meaningful-perturbation')
export const extremalPerturbation = methodFunction<ExtremalPerturbationOptions>('extremal-perturbation')
export const featureAblation = methodFunction<FeatureAblationOptions>('feature-ablation')
export const featurePermutation = methodFunction<FeaturePermutationOptions>('feature-permutation')
export const kernelShap = methodFunction<SampledShapleyOptions>('kernel-shap')
export const exactShapley = methodFunction<ExactShapleyOptions>('exact-shapley')
export const permutationShapley = methodFunction<PermutationShapleyOptions>('permutation-shapley')
export const samplingShapley = methodFunction<SampledShapleyOptions>('sampling-shapley')
export const owen = methodFunction<OwenOptions>('owen')
export const lime = methodFunction<LimeOptions>('lime')
export const greedyPig = methodFunction<GreedyPigOptions>('greedy-pig')
export const greedyGain = methodFunction<GreedyGainOptions>('greedy-gain')
export const glime = methodFunction<GlimeOptions>('glime')
export const normLime = methodFunction<NormLimeOptions>('norm-lime')
export const linearShap = methodFunction<LinearShapOptions>('linear-shap')
export const additiveShap = methodFunction<FeatureAblationOptions>('additive-shap')
export const treeShap = methodFunction<TreeShapOptions>('tree-shap')
export const treeShapInteractions = methodFunction<TreeShapOptions>('tree-shap-interactions')
export const saabas = methodFunction<SaabasOptions>('saabas')
export const random = methodFunction('random')
export const uniform = methodFunction('uniform')
export const edges = methodFunction('edges')
export const centre = methodFunction<SigmaOptions>('centre')
export const blurredCopy = methodFunction<SigmaOptions>('blurred-copy')
