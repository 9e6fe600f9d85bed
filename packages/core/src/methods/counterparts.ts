/** @file What other libraries call these methods, and the settings that give their values. */

export interface Counterpart {
  readonly library: string
  /** As it is called there. */
  readonly call: string
  readonly method: string
  /** Options that give the peer's defaults, where ours differ. */
  readonly options: Readonly<Record<string, unknown>>
  /** What still differs, or where it is wrong there. */
  readonly note?: string
}

type Row = readonly [call: string, method: string, options?: Readonly<Record<string, unknown>>, note?: string]

const of = (library: string, rows: readonly Row[]): Counterpart[] =>
  rows.map(([call, method, options = {}, note]) => ({ library, call, method, options, ...(note ? { note } : {}) }))

const layerNote = 'explained inside the model: name the tensor with at'
const neuronNote = 'name the tensor of the neuron with output, and the neuron as target'

export const counterparts: readonly Counterpart[] = [
  ...of('Captum', [
    ['Saliency', 'gradient', { absolute: true }],
    ['InputXGradient', 'input-x-gradient'],
    [
      'IntegratedGradients',
      'integrated-gradients',
      { variant: 'captum' },
      'its trapezoid rule sums to (n - 1) / n: rule=captum-trapezoid',
    ],
    ['GradientShap', 'expected-gradients', { variant: 'captum' }],
    ['NoiseTunnel', 'noise-tunnel', { variant: 'captum' }],
    ['DeepLift', 'deeplift', {}, 'misses f(x) - f(b) behind max pooling, and mixes the rows of a batch in softmax'],
    ['DeepLiftShap', 'deeplift-shap'],
    ['GuidedBackprop', 'guided-backprop', {}, 'sees ReLU modules only'],
    ['Deconvolution', 'deconvnet', {}, 'sees ReLU modules only'],
    ['GuidedGradCam', 'guided-grad-cam', { interpolation: 'nearest' }],
    ['LRP', 'lrp', { preset: 'epsilon', epsilon: 1e-9 }, 'alpha1-beta0 there ignores the sign of the input'],
    ['LayerGradCam', 'grad-cam', { relu: false }],
    ['LayerConductance', 'conductance'],
    ['InternalInfluence', 'internal-influence'],
    ['NeuronConductance', 'neuron-conductance', { rule: 'captum-trapezoid' }],
    ['LayerActivation', 'activation', {}, layerNote],
    ['LayerIntegratedGradients', 'integrated-gradients', { variant: 'captum' }, layerNote],
    ['LayerGradientXActivation', 'input-x-gradient', {}, layerNote],
    ['LayerDeepLift', 'deeplift', {}, layerNote],
    ['LayerLRP', 'lrp', { preset: 'epsilon', epsilon: 1e-9 }, layerNote],
    ['LayerFeatureAblation', 'feature-ablation', {}, layerNote],
    ['NeuronGradient', 'gradient', {}, neuronNote],
    ['NeuronIntegratedGradients', 'integrated-gradients', { variant: 'captum' }, neuronNote],
    ['FeatureAblation', 'feature-ablation', { segments: 'elements' }],
    ['FeaturePermutation', 'feature-permutation', {}, 'shuffles within the batch; here rows of a data set are named'],
    ['Occlusion', 'occlusion', { overlap: 'mean' }],
    ['ShapleyValues', 'exact-shapley', {}, 'goes through all orders; here through all coalitions'],
    ['ShapleyValueSampling', 'sampling-shapley', { samples: 25 }],
    ['KernelShap', 'kernel-shap', { samples: 25 }, 'samples even where all coalitions fit'],
    ['Lime', 'lime', { variant: 'captum' }],
  ]),
  ...of('PAIR saliency', [
    ['GradientSaliency', 'gradient'],
    ['IntegratedGradients', 'integrated-gradients', { variant: 'pair' }, 'counts both ends of the path in full'],
    ['GetSmoothedMask', 'noise-tunnel', { variant: 'pair' }],
    ['GuidedIG', 'guided-ig', { variant: 'pair' }],
    ['BlurIG', 'blur-ig', { variant: 'pair' }, 'with sqrt=True its values depend on the batch size'],
    ['XRAI', 'xrai', { size: 224 }],
    ['GradCam', 'grad-cam'],
    ['Occlusion', 'occlusion', { window: '15', stride: '1', overlap: 'sum' }],
  ]),
  ...of('pytorch-grad-cam', [
    ['GradCAM', 'grad-cam', {}, 'scales every map to [0, 1]: here values are raw'],
    ['GradCAMPlusPlus', 'grad-cam-plus-plus', { variant: 'pytorch-grad-cam' }],
    ['XGradCAM', 'xgrad-cam', { relu: true }],
    ['LayerCAM', 'layer-cam'],
    ['HiResCAM', 'hires-cam', { relu: true }],
    ['GradCAMElementWise', 'elementwise-grad-cam'],
    ['ScoreCAM', 'score-cam', {}, 'counts channels that are zero everywhere in its softmax'],
    ['AblationCAM', 'ablation-cam', { divide: 'value' }],
    ['EigenCAM', 'eigen-cam', { relu: true }],
    ['EigenGradCAM', 'eigen-grad-cam', { relu: true }],
    ['SegEigenCAM', 'seg-eigen-cam', { relu: true }],
    ['KPCA_CAM', 'kpca-cam', { relu: true }],
    ['FullGrad', 'full-grad'],
    ['FEM', 'fem', { variant: 'pytorch-grad-cam' }],
    ['ShapleyCAM', 'shapley-cam'],
    ['FinerCAM', 'finer-cam'],
    ['RefineCAM', 'refine-cam', {}, 'its normalisation has no effect there'],
    ['RandomCAM', 'random-cam'],
    ['aug_smooth=True', 'augmentation-smoothing'],
    ['eigen_smooth=True', 'grad-cam', { channels: 'principal' }],
  ]),
  ...of('zennit', [
    ['EpsilonPlus', 'lrp', { preset: 'epsilon-plus' }],
    ['EpsilonPlusFlat', 'lrp', { preset: 'epsilon-plus-flat' }],
    ['EpsilonGammaBox', 'lrp', { preset: 'epsilon-gamma-box' }],
    ['EpsilonAlpha2Beta1', 'lrp', { preset: 'epsilon-alpha2-beta1' }],
    ['EpsilonAlpha2Beta1Flat', 'lrp', { preset: 'epsilon-alpha2-beta1-flat' }],
    ['ExcitationBackprop', 'lrp', { preset: 'excitation-backprop' }],
    [
      'SpecialFirstLayerMapComposite',
      'lrp',
      { rules: 'first:flat;Gemm:epsilon;Conv:z-plus' },
      'maps of layers are written as rules',
    ],
    ['NameMapComposite', 'lrp', {}, 'names of nodes, as rules: rules=NODE:gamma=0.25'],
    ['BetaSmooth', 'beta-smooth'],
    ['GuidedBackprop', 'guided-backprop'],
    ['DeconvNet', 'deconvnet'],
  ]),
  ...of('iNNvestigate', [
    ['LRPSequentialPresetA', 'lrp', { preset: 'sequential-a' }],
    ['LRPSequentialPresetAFlat', 'lrp', { preset: 'sequential-a-flat' }],
    ['LRPSequentialPresetB', 'lrp', { preset: 'sequential-b' }],
    ['LRPSequentialPresetBFlat', 'lrp', { preset: 'sequential-b-flat' }],
  ]),
  ...of('LXT', [
    ['AttnLRP', 'lrp', { preset: 'attn-lrp' }],
    ['CP-LRP', 'lrp', { preset: 'cp-lrp' }],
  ]),
  ...of('shap', [
    ['TreeExplainer (no data)', 'tree-shap', { game: 'path-dependent' }],
    ['TreeExplainer (data)', 'tree-shap', { game: 'interventional' }],
    ['shap_interaction_values', 'tree-shap-interactions'],
    ['TreeExplainer (approximate=True)', 'saabas'],
    ['KernelExplainer', 'kernel-shap', {}, 'its l1_reg drops features silently where there are many'],
    ['ExactExplainer', 'exact-shapley'],
    ['PermutationExplainer', 'permutation-shapley', { orders: 10 }],
    ['PartitionExplainer', 'owen'],
    ['CoalitionExplainer', 'owen', {}, 'groups are given as hierarchy, as in ((0 1) (2 3))'],
    ['SamplingExplainer', 'sampling-shapley'],
    ['LinearExplainer', 'linear-shap'],
    ['AdditiveExplainer', 'additive-shap'],
    ['GradientExplainer', 'expected-gradients', { variant: 'shap' }],
    ['DeepExplainer', 'deeplift-shap'],
  ]),
  ...of('xplique', [
    ['Rise', 'rise', { normalise: 'coverage' }],
    ['SobolAttributionMethod', 'sobol', { segments: 'grid:8' }],
    ['HsicAttributionMethod', 'hsic', { segments: 'grid:8' }],
    ['GradCAMPP', 'grad-cam-plus-plus', { variant: 'xplique' }],
    ['VarGrad', 'smooth-grad', { samples: 50, noise: 0.2, scale: 'absolute', form: 'unbiased-variance' }],
    ['SquareGrad', 'smooth-grad', { samples: 50, noise: 0.2, scale: 'absolute', form: 'squared' }],
  ]),
  ...of('AIX360', [
    [
      'TSSaliencyExplainer',
      'ts-saliency',
      {},
      'its values are n / (n - 1) times too large for n points, and differences go to one side',
    ],
  ]),
  ...of('PyTorch Geometric', [['AttentionExplainer', 'graph-attention']]),
  ...of('TorchRay', [['extremal_perturbation', 'extremal-perturbation']]),
  ...of('inseq', [
    ['attention', 'attention-maps'],
    ['discretized_integrated_gradients', 'discretised-ig'],
    ['sequential_integrated_gradients', 'sequential-ig'],
    ['value_zeroing', 'value-zeroing'],
  ]),
  ...of('InterpretDL', [
    ['RolloutInterpreter', 'attention-rollout'],
    ['GAInterpreter', 'chefer-generic'],
    ['TAMInterpreter', 'transition-attention-maps'],
    ['BTInterpreter', 'bidirectional'],
    ['NormLIMEInterpreter', 'norm-lime'],
  ]),
]
