/** The page's style: system fonts, dark and light by the reader's preference, one column on a phone. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --back: light-dark(#f4f5f7, #0f1216);
  --card: light-dark(#ffffff, #171b21);
  --line: light-dark(#e1e4e9, #272d36);
  --text: light-dark(#1a1f27, #e6e9ee);
  --dim: light-dark(#5c6675, #97a1b0);
  --accent: light-dark(#2563eb, #6ea0ff);
  --fill: light-dark(#2563eb1f, #6ea0ff26);
  --good: light-dark(#15803d, #4ade80);
  --warn: light-dark(#a15c00, #fbbf24);
  --bad: light-dark(#c81e1e, #ff7b72);
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace;
}
* { box-sizing: border-box; margin: 0; }
[hidden] { display: none !important; }
body { background: var(--back); color: var(--text); font: 14px/1.45 system-ui, "Segoe UI", Roboto, Ubuntu, sans-serif; }
header, main, footer { max-width: 1240px; margin: 0 auto; padding: 0 16px; }
header { display: flex; align-items: center; gap: 10px; flex-wrap: wrap; padding-top: 16px; padding-bottom: 4px; }
h1 { font-size: 20px; font-weight: 650; overflow-wrap: anywhere; }
h2 { font-size: 12px; font-weight: 600; color: var(--dim); }
.pills { display: flex; gap: 6px; flex-wrap: wrap; }
.pill { --tone: var(--dim); padding: 1px 9px; border-radius: 99px; font-size: 12px; font-weight: 600; white-space: nowrap;
  color: var(--tone); border: 1px solid color-mix(in srgb, var(--tone) 45%, transparent);
  background: color-mix(in srgb, var(--tone) 11%, transparent); }
.pill:empty { display: none; }
.good { --tone: var(--good); }
.warn { --tone: var(--warn); }
.bad { --tone: var(--bad); }
.info { --tone: var(--accent); }
.live { margin-left: auto; color: var(--dim); font-size: 12px; font-variant-numeric: tabular-nums; }
.live::before { content: ""; display: inline-block; width: 8px; height: 8px; margin-right: 6px; border-radius: 50%; background: var(--good); }
.gone .live::before, .waiting .live::before { background: var(--bad); }
.summary { color: var(--dim); margin: 2px 0 12px; }
.notices { list-style: none; padding: 0; }
.notice { --tone: var(--bad); border: 1px solid color-mix(in srgb, var(--tone) 50%, transparent); border-left-width: 4px;
  background: color-mix(in srgb, var(--tone) 9%, var(--card)); border-radius: 8px; padding: 8px 12px; margin-bottom: 8px; overflow-wrap: anywhere; }
.notice.warn { --tone: var(--warn); }
.tiles { display: grid; gap: 12px; grid-template-columns: repeat(6, minmax(0, 1fr)); }
.tile, .panel { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 12px 14px; min-width: 0; }
.wide { grid-column: span 3; }
.double { grid-column: span 2; }
.value { font-size: 24px; font-weight: 650; line-height: 1.25; font-variant-numeric: tabular-nums; letter-spacing: -.01em; overflow-wrap: anywhere; }
.lead .value, .wide .value { font-size: 34px; }
.note { color: var(--dim); font-size: 12px; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.note:empty { display: none; }
.tile.alarm { border-color: color-mix(in srgb, var(--bad) 60%, transparent); }
.tile.alarm .value { color: var(--bad); }
.split { display: grid; grid-template-columns: 150px minmax(0, 1fr); gap: 12px; }
figure { min-width: 0; }
#chart { display: block; width: 100%; height: 62px; }
#chart-band { fill: light-dark(#15803d1a, #4ade801f); }
#chart-mean { stroke: var(--good); stroke-width: 1; stroke-dasharray: 3 3; }
#chart-area { fill: var(--fill); stroke: none; }
#chart-line { stroke: var(--accent); stroke-width: 1.5; stroke-linejoin: round; }
#chart path { fill: none; vector-effect: non-scaling-stroke; }
#chart #chart-area { fill: var(--fill); }
figcaption { display: flex; justify-content: space-between; gap: 8px; color: var(--dim); font-size: 11px; font-variant-numeric: tabular-nums; }
.panel { margin-top: 12px; padding-bottom: 8px; }
.panel > h2 { font-size: 14px; color: var(--text); margin-bottom: 6px; }
.columns { display: grid; gap: 12px; grid-template-columns: repeat(2, minmax(0, 1fr)); align-items: start; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th { text-align: left; font-size: 12px; font-weight: 600; color: var(--dim); padding: 4px 12px 4px 0; white-space: nowrap; }
td { padding: 6px 12px 6px 0; border-top: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
th:last-child, td:last-child { padding-right: 0; }
td.tight { white-space: nowrap; }
.mono { font-family: var(--mono); font-size: 13px; }
.sub { display: block; color: var(--dim); font-size: 12px; }
.empty { color: var(--dim); padding: 4px 0 6px; }
.undo { display: flex; gap: 8px; align-items: center; justify-content: space-between; }
code { font-family: var(--mono); font-size: 12.5px; user-select: all; }
button { font: inherit; font-size: 12px; color: var(--accent); background: none; border: 1px solid var(--line); border-radius: 6px; padding: 1px 8px; cursor: pointer; white-space: nowrap; flex: none; }
button:hover { border-color: var(--accent); }
button:focus-visible, a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.share { display: flex; align-items: center; gap: 8px; }
.share i { flex: 1; height: 6px; border-radius: 3px; background: linear-gradient(var(--accent), var(--accent)) 0 / var(--share, 0%) no-repeat, var(--fill); }
.share span { min-width: 44px; text-align: right; }
footer { display: flex; justify-content: space-between; gap: 12px; flex-wrap: wrap; color: var(--dim); font-size: 12px; padding-top: 14px; padding-bottom: 24px; }
a { color: inherit; }
.gone .pills, .gone .tiles, .gone .panel, .gone .notices, .gone .summary { opacity: .45; }
@media (max-width: 1000px) { .tiles { grid-template-columns: repeat(4, minmax(0, 1fr)); } }
@media (max-width: 760px) {
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 8px; }
  .wide, .lead { grid-column: span 2; }
  .split { grid-template-columns: minmax(0, 1fr); gap: 4px; }
  .columns { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .value { font-size: 20px; }
  header, main, footer { padding-left: 10px; padding-right: 10px; }
  .live { margin-left: 0; width: 100%; }
  thead { display: none; }
  tr { display: block; border-top: 1px solid var(--line); padding: 8px 0; }
  td { display: grid; grid-template-columns: 92px minmax(0, 1fr); gap: 8px; border: 0; padding: 2px 0; }
  td.tight { white-space: normal; }
  #recent-rows tr { display: flex; flex-wrap: wrap; gap: 2px 10px; align-items: baseline; }
  #recent-rows td { display: block; }
  #recent-rows td::before, #recent-rows td:last-child { display: none; }
  #recent-rows td:nth-child(4) { flex-basis: 100%; color: var(--dim); }
  td::before { content: attr(data-label); color: var(--dim); font-size: 12px; }
}
@media (prefers-reduced-motion: no-preference) { .gone .live::before { animation: blink 1.2s infinite; } }
@keyframes blink { 50% { opacity: .25; } }
`;
