/** @file ONNX Runtime's error messages cut to the one line that helps. */

const noise: readonly (readonly [RegExp, string])[] = [
  [/^Non-zero status code returned while running (\S+) node\. Name:'([^']*)' Status Message: /, '$1 "$2": '],
  // Source file, line and C++ signature.
  [/\S*\/onnxruntime\/\S+\.(?:cc|h|cpp):\d+ [^()]*\([^()]*\)(?:::<lambda[^>]*>)?(?: const)?(?: \[.*?\])? /g, ''],
  [/^(?:Error: )?(?:Exception during initialization|Load model from .*? failed|Failed to load model(?: because)?): ?/i, ''],
  [/^(?:INVALID_ARGUMENT|FAIL|INVALID_GRAPH|NOT_IMPLEMENTED|RUNTIME_EXCEPTION|INVALID_PROTOBUF) ?: ?/, ''],
  [/ ?Please fix either the inputs\/outputs or the model\./, ''],
]

/** The engine's message as one line without source positions, at most 300 characters. */
export function engineMessage(message: string): string {
  const flat = message.replace(/\s+/g, ' ')
  const line = noise.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), flat).trim()
  const useful = line || message.trim()
  return `ONNX Runtime: ${useful.length > 300 ? `${useful.slice(0, 299)}…` : useful}`
}
