/** @file Every attribution method, listed once. The command, the docs and the test matrix read this list. */
import { UsageError } from '../errors.js'
import { suggestion } from '../suggest.js'
import { attentionMaps } from './attention/attention-maps.js'
import { attentionRollout } from './attention/attention-rollout.js'
import { bidirectional } from './attention/bidirectional.js'
import { chefer } from './attention/chefer.js'
import { cheferGeneric } from './attention/chefer-generic.js'
import { gradientRollout } from './attention/gradient-rollout.js'
import { graphAttention } from './attention/graph-attention.js'
import { transitionAttentionMaps } from './attention/transition-attention-maps.js'
import { valueZeroing } from './attention/value-zeroing.js'
import { ablationCam } from './cam/ablation-cam.js'
import { eigenCam, eigenGradCam } from './cam/eigen-cam.js'
import { elementwiseGradCam } from './cam/elementwise-grad-cam.js'
import { fem } from './cam/fem.js'
import { finerCam } from './cam/finer-cam.js'
import { fullGrad } from './cam/full-grad.js'
import { gradCam } from './cam/grad-cam.js'
import { gradCamPlusPlus } from './cam/grad-cam-plus-plus.js'
import { guidedGradCam } from './cam/guided-grad-cam.js'
import { hiresCam } from './cam/hires-cam.js'
import { kpcaCam } from './cam/kpca-cam.js'
import { layerCam } from './cam/layer-cam.js'
import { randomCam } from './cam/random-cam.js'
import { refineCam } from './cam/refine-cam.js'
import { scoreCam } from './cam/score-cam.js'
import { segEigenCam } from './cam/seg-eigen-cam.js'
import { shapleyCam } from './cam/shapley-cam.js'
import { xgradCam } from './cam/xgrad-cam.js'
import { blurredCopy } from './controls/blurred-copy.js'
import { centre } from './controls/centre.js'
import { edges } from './controls/edges.js'
import { random } from './controls/random.js'
import { uniform } from './controls/uniform.js'
import { formNamed, withForms } from './forms.js'
import { activation } from './gradient/activation.js'
import { augmentationSmoothing } from './gradient/augmentation-smoothing.js'
import { betaSmooth } from './gradient/beta-smooth.js'
import { deconvnet } from './gradient/deconvnet.js'
import { gradient } from './gradient/gradient.js'
import { guidedBackprop } from './gradient/guided-backprop.js'
import { inputXGradient } from './gradient/input-x-gradient.js'
import { noiseTunnel } from './gradient/noise-tunnel.js'
import { smoothGrad } from './gradient/smooth-grad.js'
import { greedyGain } from './greedy/greedy-gain.js'
import { greedyPig } from './greedy/greedy-pig.js'
import type { Method } from './method.js'
import { blurIg } from './path/blur-ig.js'
import { conductance } from './path/conductance.js'
import { discretisedIg } from './path/discretised-ig.js'
import { expectedGradients } from './path/expected-gradients.js'
import { guidedIg } from './path/guided-ig.js'
import { idg } from './path/idg.js'
import { integratedGradients } from './path/integrated-gradients.js'
import { internalInfluence } from './path/internal-influence.js'
import { neuronConductance } from './path/neuron-conductance.js'
import { sequentialIg } from './path/sequential-ig.js'
import { tsSaliency } from './path/ts-saliency.js'
import { xrai } from './path/xrai.js'
import { dRise } from './perturbation/d-rise.js'
import { extremalPerturbation } from './perturbation/extremal-perturbation.js'
import { featureAblation } from './perturbation/feature-ablation.js'
import { featurePermutation } from './perturbation/feature-permutation.js'
import { glime } from './perturbation/glime.js'
import { hsic } from './perturbation/hsic.js'
import { lime } from './perturbation/lime.js'
import { meaningfulPerturbation } from './perturbation/meaningful-perturbation.js'
import { normLime } from './perturbation/norm-lime.js'
import { occlusion } from './perturbation/occlusion.js'
import { rise } from './perturbation/rise.js'
import { sobol } from './perturbation/sobol.js'
import { deeplift } from './relevance/deeplift.js'
import { deepliftShap } from './relevance/deeplift-shap.js'
import { lrp } from './relevance/lrp.js'
import { additiveShap } from './shapley/additive-shap.js'
import { exactShapley } from './shapley/exact-shapley.js'
import { kernelShap } from './shapley/kernel-shap.js'
import { linearShap } from './shapley/linear-shap.js'
import { owen } from './shapley/owen.js'
import { permutationShapley } from './shapley/permutation-shapley.js'
import { samplingShapley } from './shapley/sampling-shapley.js'
import { saabas } from './trees/saabas.js'
import { treeShap } from './trees/tree-shap.js'
import { treeShapInteractions } from './trees/tree-shap-interactions.js'

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
