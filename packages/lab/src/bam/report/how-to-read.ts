/** @file What the report's words and numbers mean, in plain words. */

const entries: readonly (readonly [term: string, words: string])[] = [
  [
    'The idea',
    'Every picture is an object pasted on a scene. One model was trained to name the object, another to name the scene, from the same pictures. So the object must matter to the first and should not matter to the second. A method that explains a model, and not merely the picture, has to give the object more in the first than in the second.',
  ],
  [
    'From a map to a number',
    'A map keeps its positive values, sums them over the colour channels, is scaled from its own minimum to its 99th percentile, and is averaged inside the object’s outline. The result, g, lies between 0 and 1: how bright the object is in that map. Each map is scaled by itself, so only relative brightness counts.',
  ],
  [
    'Model contrast score (MCS)',
    'g in the object model minus g in the scene model, averaged over pictures that both models name correctly. Higher is better; 0 means that the method does not tell the two models apart.',
  ],
  [
    'Input dependence rate (IDR)',
    'In the scene model: how often the region is brighter when the scene shows there than when the object covers it. Higher is better. A method that gives unrelated values is at about 0.5, one that does not look at the picture at 0. One minus IDR is the share of false positives: the object drawn as important though it is not.',
  ],
  [
    'Input independence rate (IIR)',
    'A patch is optimised so that one sees it and the model’s output stays as it was. IIR is how often the map of its region also stays as it was (within 10% of g). Higher is better, but a map that never changes is perfect here: read it beside the change on functional patches, which do move the model and have to move the map.',
  ],
  [
    'Relative MCS',
    'The contrast between a model for which the dog appears in few scene classes and one for which it appears in all ten. It should fall as the dog tells the model less: compare it with the measured dependence on the dog, not with the design alone.',
  ],
  [
    'Placebo contrast',
    'The object’s silhouette filled with the scene’s own texture. It shows how much of a score comes from the outline alone.',
  ],
  [
    'Intervals, “detectable” and “not resolved”',
    'Square brackets hold 95% intervals from resampling pictures; pictures made of the same parts are drawn together. The detectable difference is 2.8 standard deviations over the square root of the number of pictures: a true effect of that size would be found four times out of five. An effect that is smaller than it, or whose interval holds zero, reads “not resolved”: this run cannot tell, which is not the same as no effect.',
  ],
  [
    'Ranks and ties',
    'Places are by score. In brackets after a place stand all the places that the method could have, because some differences from its neighbours are not resolved. Two methods with overlapping brackets are best read as equal.',
  ],
  [
    'Controls',
    'Rows in grey explain nothing: random values, a uniform map, the picture’s edges, a blob in the centre. Objects stand out by edges and place, so a control can score above zero on some metric. A method is worth its distance from the best control, not from zero.',
  ],
  [
    'What these numbers do not say',
    'Positive evidence only: a method that marks what speaks against a class loses that part here (the other forms of the map show how much). The ranking holds for these models and this data. A high score says that the method told these models apart, not that each of its maps can be trusted.',
  ],
  [
    'The example maps',
    'Red speaks for the predicted class, blue against it; maps without a sign run from dark (weak) to bright (strong). Every map has colours of its own, up to its 99th percentile, so colours of two maps do not compare.',
  ],
]

export const howToRead = `<section id="reading" class="explain"><h2>How to read this page</h2>
<dl>${entries.map(([term, words]) => `<dt>${term}</dt><dd>${words}</dd>`).join('\n')}</dl></section>`
