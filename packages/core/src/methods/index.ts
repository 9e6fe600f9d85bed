/** @file Every attribution method, listed once. The command, the docs and the test matrix read this list. */
import { UsageError } from '../errors.js'
import { suggestion } from '../suggest.js'
import { activation } from './activation.js'
import { attentionMaps } from './attention/attention-maps.js'
import { attentionRollout } from './attention/attention-rollout.js'
import { bidirectional } from './attention/bidirectional.js'
import { chefer } from './attention/chefer.js'
import { cheferGeneric } from './attention/chefer-generic.js'
import { gradientRollout } from './attention/gradient-rollout.js'
import { graphAttention } from './attention/graph-attention.js'
import { transitionAttentionMaps } from './attention/transition-attention-maps.js'
import { valueZeroing } from './attention/value-zeroing.js'
import { augmentationSmoothing } from './augmentation-smoothing.js'
import { betaSmooth } from './beta-smooth.js'
import { blurIg } from './blur-ig.js'
import { blurredCopy } from './blurred-copy.js'
import { ablationCam } from './cam/ablation-cam.js'
import { eigenCam, eigenGradCam } from './cam/eigen-cam.js'
import { elementwiseGradCam } from './cam/elementwise-grad-cam.js'
import { fem } from './cam/fem.js'
import { finerCam } from './cam/finer-cam.js'
import { fullGrad } from './cam/full-grad.js'
import { gradCamPlusPlus } from './cam/grad-cam-plus-plus.js'
import { hiresCam } from './cam/hires-cam.js'
import { kpcaCam } from './cam/kpca-cam.js'
import { layerCam } from './cam/layer-cam.js'
import { randomCam } from './cam/random-cam.js'
import { refineCam } from './cam/refine-cam.js'
import { scoreCam } from './cam/score-cam.js'
import { segEigenCam } from './cam/seg-eigen-cam.js'
import { shapleyCam } from './cam/shapley-cam.js'
import { xgradCam } from './cam/xgrad-cam.js'
import { centre } from './centre.js'
import { conductance } from './conductance.js'
import { deconvnet } from './deconvnet.js'
import { deeplift } from './deeplift.js'
import { deepliftShap } from './deeplift-shap.js'
import { discretisedIg } from './discretised-ig.js'
import { edges } from './edges.js'
import { exactShapley } from './exact-shapley.js'
import { expectedGradients } from './expected-gradients.js'
import { featureAblation } from './feature-ablation.js'
import { formNamed, withForms } from './forms.js'
import { gradCam } from './grad-cam.js'
import { gradient } from './gradient.js'
import { greedyGain } from './greedy/greedy-gain.js'
import { greedyPig } from './greedy/greedy-pig.js'
import { guidedBackprop } from './guided-backprop.js'
import { guidedGradCam } from './guided-grad-cam.js'
import { guidedIg } from './guided-ig.js'
import { idg } from './idg.js'
import { inputXGradient } from './input-x-gradient.js'
import { integratedGradients } from './integrated-gradients.js'
import { internalInfluence } from './internal-influence.js'
import { kernelShap } from './kernel-shap.js'
import { lime } from './lime.js'
import { lrp } from './lrp.js'
import type { Method } from './method.js'
import { neuronConductance } from './neuron-conductance.js'
import { noiseTunnel } from './noise-tunnel.js'
import { occlusion } from './occlusion.js'
import { owen } from './owen.js'
import { permutationShapley } from './permutation-shapley.js'
import { additiveShap } from './perturbation/additive-shap.js'
import { dRise } from './perturbation/d-rise.js'
import { extremalPerturbation } from './perturbation/extremal-perturbation.js'
import { featurePermutation } from './perturbation/feature-permutation.js'
import { glime } from './perturbation/glime.js'
import { hsic } from './perturbation/hsic.js'
import { linearShap } from './perturbation/linear-shap.js'
import { meaningfulPerturbation } from './perturbation/meaningful-perturbation.js'
import { normLime } from './perturbation/norm-lime.js'
import { sobol } from './perturbation/sobol.js'
import { random } from './random.js'
import { rise } from './rise.js'
import { saabas } from './saabas.js'
import { samplingShapley } from './sampling-shapley.js'
import { sequentialIg } from './sequential-ig.js'
import { smoothGrad } from './smooth-grad.js'
import { treeShap } from './tree-shap.js'
import { treeShapInteractions } from './tree-shap-interactions.js'
import { tsSaliency } from './ts-saliency.js'
import { uniform } from './uniform.js'
import { xrai } from './xrai.js'

/** Methods that work alike. */
interface Family {
  readonly name: string
  readonly summary: string
  readonly methods: readonly Method[]
}

const listed: readonly Family[] = [
  {
    name: 'Gradients',
    summary: 'What changes with each input value at the input itself, or near it; also with other rules at rectifiers.',
    methods: [
      gradient,
      inputXGradient,
      smoothGrad,
      noiseTunnel(methodNamed),
      guidedBackprop,
      deconvnet,
      betaSmooth,
      activation,
      augmentationSmoothing(methodNamed),
    ],
  },
  {
    name: 'Paths',
    summary: 'Gradients along a path from a baseline to the input: most add up to the change of the target.',
    methods: [
      integratedGradients,
      expectedGradients,
      blurIg,
      guidedIg,
      idg,
      discretisedIg,
      sequentialIg,
      tsSaliency,
      xrai(methodNamed),
      conductance,
      internalInfluence,
      neuronConductance,
    ],
  },
  {
    name: 'Relevance',
    summary: 'The prediction handed back from layer to layer, by a rule for every operator. Patents may apply: see above.',
    methods: [deeplift, deepliftShap, lrp],
  },
  {
    name: 'Class activation maps',
    summary:
      'A layer of channels at places, weighted: on convolutional networks and on token models. The layer is found, or named.',
    methods: [
      gradCam,
      guidedGradCam,
      gradCamPlusPlus,
      xgradCam,
      layerCam,
      hiresCam,
      elementwiseGradCam,
      scoreCam,
      ablationCam,
      eigenCam,
      eigenGradCam,
      segEigenCam,
      kpcaCam,
      shapleyCam,
      finerCam(methodNamed),
      refineCam(methodNamed),
      fullGrad,
      fem,
    ],
  },
  {
    name: 'Attention',
    summary: 'What transformers attend to, followed through the layers. Attention is found in the graph, fused or taken apart.',
    methods: [
      attentionMaps,
      attentionRollout,
      gradientRollout,
      chefer,
      cheferGeneric,
      transitionAttentionMaps,
      bidirectional,
      valueZeroing,
      graphAttention,
    ],
  },
  {
    name: 'Perturbation',
    summary:
      'What happens when parts of the input are covered, replaced or blurred: forward passes only, but for the two optimised masks.',
    methods: [
      occlusion,
      rise,
      dRise,
      sobol,
      hsic,
      featureAblation,
      featurePermutation,
      lime,
      glime,
      normLime,
      meaningfulPerturbation,
      extremalPerturbation,
    ],
  },
  {
    name: 'Shapley values',
    summary: 'The target shared out fairly among features: exact where it fits, sampled or by regression where it does not.',
    methods: [kernelShap, exactShapley, permutationShapley, samplingShapley, owen, linearShap, additiveShap],
  },
  {
    name: 'Greedy selection',
    summary: 'Features in the order in which they serve the target best, each round given what is selected.',
    methods: [greedyPig(methodNamed), greedyGain],
  },
  {
    name: 'Trees',
    summary: 'Exact values of tree ensembles (TreeEnsembleClassifier, TreeEnsembleRegressor, TreeEnsemble).',
    methods: [treeShap, treeShapInteractions, saabas],
  },
  {
    name: 'Controls',
    summary: 'Maps that explain nothing, for every benchmark.',
    methods: [random, uniform, randomCam, edges, centre, blurredCopy],
  },
]

/** Every method by family, listed once. */
export const families: readonly Family[] = listed.map(family => ({ ...family, methods: family.methods.map(withForms) }))

export const methods: readonly Method[] = families.flatMap(family => family.methods)

/** The method of this name or alias. Throws UsageError with a suggestion where there is none. */
export function methodNamed(name: string): Method {
  const found = formNamed(name, methods) ?? methods.find(method => method.name === name || method.aliases?.includes(name))
  if (found) return found
  const names = methods.flatMap(method => [method.name, ...(method.aliases ?? [])])
  throw new UsageError(`unknown method "${name}"${suggestion(name, names)} (ascribe methods lists them)`)
}
