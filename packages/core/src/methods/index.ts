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
import { uniform } from './uniform.js'
import { xrai } from './xrai.js'

const listed: readonly Method[] = [
  gradient,
  inputXGradient,
  integratedGradients,
  expectedGradients,
  blurIg,
  guidedIg,
  idg,
  discretisedIg,
  sequentialIg,
  xrai(methodNamed),
  smoothGrad,
  noiseTunnel(methodNamed),
  guidedBackprop,
  deconvnet,
  betaSmooth,
  deeplift,
  deepliftShap,
  lrp,
  conductance,
  internalInfluence,
  neuronConductance,
  activation,
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
  fullGrad,
  fem,
  attentionMaps,
  attentionRollout,
  gradientRollout,
  chefer,
  cheferGeneric,
  transitionAttentionMaps,
  bidirectional,
  valueZeroing,
  segEigenCam,
  kpcaCam,
  shapleyCam,
  finerCam(methodNamed),
  refineCam(methodNamed),
  augmentationSmoothing(methodNamed),
  occlusion,
  rise,
  dRise,
  sobol,
  hsic,
  meaningfulPerturbation,
  extremalPerturbation,
  featureAblation,
  featurePermutation,
  kernelShap,
  exactShapley,
  permutationShapley,
  samplingShapley,
  owen,
  lime,
  glime,
  normLime,
  linearShap,
  additiveShap,
  greedyPig(methodNamed),
  greedyGain,
  treeShap,
  treeShapInteractions,
  saabas,
  random,
  uniform,
  randomCam,
  edges,
  centre,
  blurredCopy,
]

export const methods: readonly Method[] = listed.map(withForms)

/** The method of this name or alias. Throws UsageError with a suggestion where there is none. */
export function methodNamed(name: string): Method {
  const found = formNamed(name, methods) ?? methods.find(method => method.name === name || method.aliases?.includes(name))
  if (found) return found
  const names = methods.flatMap(method => [method.name, ...(method.aliases ?? [])])
  throw new UsageError(`unknown method "${name}"${suggestion(name, names)} (ascribe methods lists them)`)
}
