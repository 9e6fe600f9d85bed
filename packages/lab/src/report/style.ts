/** @file The page's style sheet, in the colours of the explain report: system fonts, light and dark, phone and print. */
export const style = `
:root { color-scheme: light dark; --ink: #1c1f23; --soft: #5d656e; --line: #dfe3e7; --paper: #fff; --card: #f7f8fa; --link: #2a6496;
  --ok: #1d7a46; --ok-back: #e5f4eb; --warn: #8a5200; --warn-back: #fdf1dc; --bad: #a62b22; --bad-back: #fcebe9; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --soft: #9aa3ad; --line: #31373e; --paper: #14171a; --card: #1c2024; --link: #86b8e6;
  --ok: #6fcf97; --ok-back: #173324; --warn: #f0b95c; --warn-back: #35290f; --bad: #f28b82; --bad-back: #3a1c1a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; overflow-x: clip; }
main { max-width: 1120px; margin: 0 auto; padding: 40px 28px 64px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 8px; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { font-size: 19px; margin: 0 0 12px; overflow-wrap: anywhere; }
h3 { font-size: 15px; line-height: 1.35; margin: 0; overflow-wrap: anywhere; }
p { margin: 0; }
a { color: var(--link); }
code { font-family: ui-monospace, "Cascadia Mono", Menlo, monospace; font-size: 0.9em; overflow-wrap: anywhere; }
.number { font-variant-numeric: tabular-nums; }
.soft { color: var(--soft); }
.small { font-size: 13px; }
.facts { list-style: none; margin: 0; padding: 0; font-size: 14px; color: var(--soft); overflow-wrap: anywhere; }
nav { margin-top: 18px; font-size: 14px; display: flex; flex-wrap: wrap; gap: 4px 18px; }
section { margin-top: 44px; padding-top: 24px; border-top: 1px solid var(--line); }
.intro { max-width: 820px; margin-bottom: 16px; }
.empty { color: var(--soft); }
.summary { margin: 0 0 18px; padding: 0; list-style: none; }
.findings { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 480px), 1fr)); gap: 16px; }
.finding { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 16px 18px; break-inside: avoid; }
.finding .label { font-size: 12.5px; color: var(--soft); }
.outcome { margin-top: 12px; padding-top: 10px; border-top: 1px solid var(--line); font-size: 14px; }
.outcome ul { margin: 4px 0 0; padding: 0; list-style: none; }
.verdict { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 10px; }
.who { font-weight: 600; }
.badge { font-size: 12.5px; font-weight: 600; padding: 1px 9px; border-radius: 10px; white-space: nowrap; background: var(--line); color: var(--ink); }
.badge.ok { background: var(--ok-back); color: var(--ok); }
.badge.warn { background: var(--warn-back); color: var(--warn); }
.badge.bad { background: var(--bad-back); color: var(--bad); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 20px 28px; margin-bottom: 12px; }
figure { margin: 0; min-width: 0; break-inside: avoid; }
figcaption { margin-top: 6px; font-size: 13px; color: var(--soft); }
svg.chart { display: block; width: 100%; max-width: 600px; height: auto; }
.scroll { overflow-x: auto; margin-top: 20px; }
.scroll:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
table { border-collapse: collapse; font-size: 13.5px; width: 100%; }
caption { caption-side: top; text-align: left; font-size: 13.5px; color: var(--soft); padding-bottom: 8px; }
caption strong { color: var(--ink); }
th, td { text-align: left; padding: 5px 12px 5px 0; vertical-align: baseline; border-bottom: 1px solid var(--line); font-variant-numeric: tabular-nums; }
th { font-weight: 400; }
thead th { font-weight: 600; vertical-align: bottom; border-bottom: 1.5px solid var(--soft); }
thead td { border-bottom: 0; }
th.group { text-align: center; border-bottom: 1px solid var(--line); padding-right: 0; }
tbody th { min-width: 150px; }
.n { text-align: right; white-space: nowrap; }
th.n, td.n { padding-left: 6px; padding-right: 16px; }
th button { all: unset; cursor: pointer; }
th button:focus-visible { outline: 2px solid var(--link); }
th[aria-sort] button::after { content: ' ↑'; }
th[aria-sort="descending"] button::after { content: ' ↓'; }
tr.muted { color: var(--soft); }
.tag { font-size: 11.5px; color: var(--soft); border: 1px solid var(--line); border-radius: 4px; padding: 0 5px; margin-left: 3px; }
td code { white-space: nowrap; }
.spec { white-space: normal; }
caption > span { display: block; max-width: min(100%, calc(100vw - 32px)); position: sticky; left: 0; }
td:last-child:not(.n) { min-width: 110px; }
td:has(.number), td:has(.pairs) { min-width: 240px; }
.spec, td small { display: block; font-size: 12px; color: var(--soft); }
.pairs { margin: 0; padding: 0; list-style: none; }
.wide { width: min(100vw - 56px, 1640px); margin-left: 50%; transform: translateX(-50%); }
.example { margin-top: 18px; break-inside: avoid; }
.example h3 { margin-bottom: 6px; }
.maps { display: grid; grid-template-columns: repeat(var(--columns), minmax(72px, 128px)); gap: 8px; }
.maps img { display: block; width: 100%; height: auto; aspect-ratio: 1; border-radius: 3px; background: var(--card); }
.maps figcaption { margin-top: 3px; font-size: 11.5px; line-height: 1.25; overflow-wrap: anywhere; }
.explain { font-size: 14.5px; }
.explain dl { max-width: 820px; margin: 0; }
.explain dt { font-weight: 600; margin-top: 14px; }
.explain dd { margin: 2px 0 0; color: var(--soft); }
footer { margin-top: 36px; font-size: 13px; color: var(--soft); }
@media (max-width: 760px) {
  main { padding: 24px 16px 40px; }
  .wide { width: auto; margin-left: 0; transform: none; }
  .maps { grid-template-columns: repeat(auto-fill, minmax(84px, 1fr)); }
  .sortable tbody th, .sortable thead tr:last-child th:first-child { position: sticky; left: 0; background: var(--paper); min-width: 118px; max-width: 140px; overflow-wrap: anywhere; padding-right: 8px; }
}
@media print {
  :root { color-scheme: light; --ink: #000; --soft: #444; --line: #ccc; --paper: #fff; --card: #fff; }
  main { max-width: none; padding: 0; }
  body { font-size: 12px; }
  nav { display: none; }
  table { font-size: 10.5px; }
  .scroll { overflow: visible; }
  tr { break-inside: avoid; }
  .wide { width: auto; margin-left: 0; transform: none; }
  .maps { grid-template-columns: repeat(auto-fill, minmax(84px, 1fr)); }
  .badge, .maps img { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`.trim()
