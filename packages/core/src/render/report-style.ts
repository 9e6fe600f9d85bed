/** @file The report's style sheet: system fonts, light and dark, phone and print. */
export const reportStyle = `
:root { color-scheme: light dark; --ink: #1c1f23; --soft: #5d656e; --line: #dfe3e7; --paper: #fff; --card: #f7f8fa; --bar: #4a7fb5;
  --ok: #1d7a46; --ok-back: #e5f4eb; --warn: #8a5200; --warn-back: #fdf1dc; --bad: #a62b22; --bad-back: #fcebe9; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --soft: #9aa3ad; --line: #31373e; --paper: #14171a; --card: #1c2024;
  --bar: #5b93cc; --ok: #6fcf97; --ok-back: #173324; --warn: #f0b95c; --warn-back: #35290f; --bad: #f28b82; --bad-back: #3a1c1a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 40px 28px 64px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { font-size: 19px; margin: 0; overflow-wrap: anywhere; }
h3 { font-size: 16px; margin: 0; overflow-wrap: anywhere; }
p { margin: 0; }
code, .number { font-variant-numeric: tabular-nums; }
code { font-family: ui-monospace, "Cascadia Mono", Menlo, monospace; font-size: 0.9em; overflow-wrap: anywhere; }
.soft { color: var(--soft); }
.small { font-size: 13px; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: 3px 20px; margin: 20px 0 0; font-size: 14px; }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
.note { margin: 16px 0 0; padding: 10px 14px; border-radius: 6px; background: var(--warn-back); color: var(--warn); font-size: 14px; overflow-wrap: anywhere; }
.note.bad { background: var(--bad-back); color: var(--bad); }
.note + .note { margin-top: 8px; }
.note strong { font-weight: 600; }
section.entry { margin-top: 40px; padding-top: 24px; border-top: 1px solid var(--line); }
.target { margin-top: 2px; color: var(--soft); }
.seen { display: grid; grid-template-columns: 240px minmax(0, 460px); gap: 28px; margin-top: 18px; align-items: start; }
.seen.bare { grid-template-columns: minmax(0, 460px); }
img { display: block; width: 100%; height: auto; border-radius: 4px; background: var(--card); }
figure { margin: 0; min-width: 0; }
figcaption { margin-top: 5px; font-size: 12.5px; color: var(--soft); }
.caption { font-size: 13px; color: var(--soft); margin-bottom: 8px; }
.prediction { display: grid; grid-template-columns: minmax(0, 1fr) 64px; gap: 0 12px; margin-bottom: 9px; font-size: 14px; }
.prediction .label { overflow-wrap: anywhere; }
.prediction .number { text-align: right; }
.track { grid-column: 1 / -1; height: 5px; border-radius: 3px; background: var(--line); margin-top: 3px; overflow: hidden; }
.track i { display: block; height: 100%; border-radius: 3px; background: var(--bar); }
.results { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 480px), 1fr)); gap: 20px; margin-top: 24px; }
.result { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 18px; min-width: 0; display: flex; flex-direction: column; gap: 14px; break-inside: avoid; }
.heading { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: baseline; gap: 4px 12px; }
.options { font-size: 13px; color: var(--soft); overflow-wrap: anywhere; margin-top: 2px; }
.badge { font-size: 12.5px; font-weight: 600; padding: 2px 9px; border-radius: 10px; white-space: nowrap; background: var(--ok-back); color: var(--ok); }
.badge.warn { background: var(--warn-back); color: var(--warn); }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 12px; }
.pair > :only-child { grid-column: 1 / -1; max-width: 320px; }
.scale { height: 10px; border-radius: 3px; border: 1px solid var(--line); print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.ends { display: grid; grid-template-columns: 1fr auto 1fr; gap: 8px; font-size: 12.5px; margin-top: 3px; }
.ends > :last-child { text-align: right; }
.stats { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 8px; margin: 0; font-size: 14px; }
.stats dt { font-size: 12.5px; color: var(--soft); }
.stats dd { margin: 0; font-variant-numeric: tabular-nums; }
.residual { font-size: 14px; }
.result .note { margin: 0; }
.foot { margin-top: auto; font-size: 12.5px; color: var(--soft); overflow-wrap: anywhere; }
svg.bars { display: block; width: 100%; height: auto; }
.tokens { line-height: 2; }
.tokens span { padding: 0.15em 0.2em; border-radius: 3px; }
.explain { margin-top: 44px; padding-top: 20px; border-top: 1px solid var(--line); font-size: 14px; max-width: 720px; }
.explain p { margin-top: 8px; color: var(--soft); }
footer { margin-top: 32px; font-size: 13px; color: var(--soft); }
@media (max-width: 640px) {
  main { padding: 24px 16px 40px; }
  .seen { grid-template-columns: minmax(0, 1fr); gap: 18px; }
  .facts { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .facts dd { margin-bottom: 8px; }
  .result { padding: 14px; }
  .stats { grid-template-columns: repeat(2, minmax(0, 1fr)); }
}
@media print {
  :root { --ink: #000; --soft: #444; --line: #ccc; --paper: #fff; --card: #fff; }
  main { max-width: none; padding: 0; }
  body { font-size: 12px; }
  section.entry { break-inside: auto; }
  .results { grid-template-columns: 1fr 1fr; }
  .track i, .track, .badge, .note { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`.trim()
