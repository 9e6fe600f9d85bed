/** @file Text for people and for markup. */

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Any text as HTML or SVG content or a quoted attribute; control characters become a visible mark. */
export const escapeHtml = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach the markup
  text.replace(/[&<>"']/g, c => entities[c]!).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '\uFFFD')

/** Three significant digits, with a true minus sign; powers of ten outside 0.001 to 100,000. */
export function formatNumber(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return String(value).replace('-', '−')
  if (value === 0) return '0'
  const size = Math.abs(value)
  const text =
    size < 1e-3 || size >= 1e5
      ? value
          .toExponential(digits - 1)
          .replace(/\.?0*e/, 'e')
          .replace('e+', 'e')
      : size >= 10 ** (digits - 1)
        ? String(Math.round(value))
        : String(Number(value.toPrecision(digits)))
  return text.replaceAll('-', '−')
}

/** A share as per cent: 93.4%, 0.02%, below that `< 0.01%`. */
export function formatShare(share: number): string {
  if (!Number.isFinite(share)) return '—'
  const percent = share * 100
  if (percent > 0 && percent < 0.01) return '< 0.01%'
  return `${percent >= 99.95 || percent === 0 ? Math.round(percent) : percent >= 0.1 ? percent.toFixed(1) : percent.toFixed(2)}%`
}
