/** The page's style: system fonts, dark and light by the reader's preference, one column on a phone. Texts have a contrast of 4.5 or more. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --back: light-dark(#f5f6f8, #0d1117);
  --card: light-dark(#ffffff, #161b22);
  --soft: light-dark(#f0f2f5, #1f262f);
  --line: light-dark(#dfe3e8, #2b333d);
  --text: light-dark(#15191f, #e8edf3);
  --dim: light-dark(#566070, #9aa5b3);
  --accent: light-dark(#1d5fd1, #70a7ff);
  --good: light-dark(#13703a, #4cc77a);
  --warn: light-dark(#8f5a00, #e5b13d);
  --bad: light-dark(#c0202b, #ff7d75);
  --amber: light-dark(#bf7700, #d9a02c);
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace;
}
* { box-sizing: border-box; margin: 0; }
[hidden] { display: none !important; }
body { background: var(--back); color: var(--text); font: 14px/1.45 system-ui, "Segoe UI", Roboto, Ubuntu, sans-serif; -webkit-text-size-adjust: 100%; }
ul, ol { list-style: none; padding: 0; }
button, input, select { font: inherit; color: inherit; }
h1 { font-size: 17px; font-weight: 650; overflow-wrap: anywhere; }
h2 { font-size: 14px; font-weight: 650; }
h3 { font-size: 13px; font-weight: 650; }
.mono, code { font-family: var(--mono); font-size: .93em; }
.hidden-text { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
a { color: inherit; }
.top, main, footer { max-width: 1320px; margin: 0 auto; padding: 0 20px; }
.top { display: flex; align-items: center; gap: 10px; flex-wrap: wrap; padding-top: 16px; padding-bottom: 12px; }
.pills { display: flex; gap: 6px; flex-wrap: wrap; }
.pill { --tone: var(--dim); display: inline-block; padding: 0 8px; border-radius: 99px; font-size: 12px; line-height: 20px; font-weight: 600; white-space: nowrap; color: var(--tone); background: color-mix(in srgb, var(--tone) 12%, transparent); }
.pill:empty { display: none; }
.live { margin-left: auto; color: var(--dim); font-size: 13px; font-variant-numeric: tabular-nums; }
.live::before { content: ""; display: inline-block; width: 8px; height: 8px; margin-right: 7px; border-radius: 50%; background: var(--good); }
/* Until all of it is there: what comes later would move what is read. */
.waiting .shown > :not(.verdict) { visibility: hidden; }
.gone .live::before, .waiting .live::before { background: var(--bad); }

.verdict { --tone: var(--dim); display: flex; gap: 14px; align-items: flex-start; padding: 14px 18px; margin-bottom: 12px; border-radius: 12px; background: color-mix(in srgb, var(--tone) 9%, var(--card)); border: 1px solid color-mix(in srgb, var(--tone) 35%, var(--line)); }
.good { --tone: var(--good); }
.warn { --tone: var(--warn); }
.bad { --tone: var(--bad); }
.info { --tone: var(--accent); }
.sign { flex: none; width: 30px; height: 30px; border-radius: 50%; display: grid; place-items: center; font: 700 16px/1 system-ui, sans-serif; color: var(--card); background: var(--tone); margin-top: 2px; }
.verdict .title { font-size: 22px; line-height: 1.3; font-weight: 680; letter-spacing: -.012em; overflow-wrap: anywhere; }
.verdict .text { color: var(--dim); margin-top: 1px; text-wrap: pretty; }
.verdict .text:empty { display: none; }
.notice { border-left: 3px solid var(--tone); background: color-mix(in srgb, var(--tone) 8%, var(--card)); border-radius: 4px 8px 8px 4px; padding: 8px 14px; margin-bottom: 8px; overflow-wrap: anywhere; }
.notice span { display: block; color: var(--dim); }
.notice span:empty { display: none; }
.notice .small { float: right; }
body:not(.acting) .acts { display: none; }
.gone .shown { filter: grayscale(1); opacity: .6; }

.panel { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 14px 18px 16px; min-width: 0; }
.panel > header, #times-panel > header { display: flex; align-items: baseline; gap: 4px 16px; flex-wrap: wrap; margin-bottom: 6px; }
.count, .note { color: var(--dim); font-size: 12.5px; font-variant-numeric: tabular-nums; }
.count { margin-left: auto; }
.empty { color: var(--dim); }

.keys { display: flex; flex-wrap: wrap; gap: 2px 14px; color: var(--dim); font-size: 12.5px; }
.keys li { display: flex; align-items: center; gap: 6px; }
.key { width: 12px; height: 10px; border-radius: 2px; background: currentColor; }
.key.traffic, .key.p50, .key.p95, .key.p99 { height: 2px; width: 14px; }
.key.traffic { color: var(--accent); }
.key.band { color: light-dark(#bfe3cc, #1f4b33); }
.key.refused { color: var(--amber); }
.key.failed { color: var(--bad); }
.key.bans { width: 4px; border-radius: 1px; color: var(--text); }
.key.p50 { color: var(--text); }
.key.p95 { color: var(--accent); }
.key.p99 { color: var(--amber); }
.ranges { display: flex; border: 1px solid var(--line); border-radius: 8px; padding: 2px; margin-left: auto; align-self: center; background: var(--soft); }
.ranges input { position: absolute; opacity: 0; pointer-events: none; }
.ranges span { display: block; padding: 3px 12px; border-radius: 6px; font-size: 13px; font-weight: 600; color: var(--dim); cursor: pointer; white-space: nowrap; }
.ranges :checked + span { background: var(--card); color: var(--text); box-shadow: 0 0 0 1px var(--line); }
.ranges :focus-visible + span { outline: 2px solid var(--accent); }
.readout { font-size: 13px; color: var(--dim); font-variant-numeric: tabular-nums; min-height: 19px; }
.plot { position: relative; }
svg { display: block; width: 100%; touch-action: pan-y; overflow: visible; }
#chart { height: 300px; border-radius: 6px; }
#times { height: 96px; }
#times-panel { border-top: 1px solid var(--line); margin-top: 10px; padding-top: 12px; }
#times-panel .readout { margin-left: auto; }
.plot-empty { position: absolute; inset: 0; display: grid; place-items: center; color: var(--dim); pointer-events: none; padding-bottom: 40px; }
svg text { fill: var(--dim); font-size: 11px; font-variant-numeric: tabular-nums; }
.grid { stroke: var(--line); }
.tick { stroke: var(--dim); }
.line { fill: none; stroke-width: 1.75; stroke-linejoin: round; stroke-linecap: round; }
.line.traffic, .line.p95 { stroke: var(--accent); }
.line.p50 { stroke: var(--text); }
.line.p99 { stroke: var(--amber); }
.band { fill: light-dark(#13703a26, #4cc77a2e); }
.refused { fill: color-mix(in srgb, var(--amber) 75%, transparent); }
.failed { fill: var(--bad); }
rect.bans { fill: var(--text); }
.incident { fill: color-mix(in srgb, var(--bad) 13%, transparent); }
.mark { stroke: var(--dim); stroke-dasharray: 3 3; }
.mark.annotation { stroke: var(--accent); stroke-dasharray: none; }
.mark.panic { stroke: var(--bad); }
svg text.label { font-weight: 600; }
svg text.incident, svg text.panic { fill: var(--bad); }
svg text.annotation { fill: var(--accent); }
.cursor { stroke: var(--text); opacity: 0; pointer-events: none; }
.cursor.shown { opacity: .55; }

.numbers { display: grid; grid-template-columns: repeat(5, minmax(0, 1fr)); margin: 12px 0; background: var(--card); border: 1px solid var(--line); border-radius: 12px; overflow: hidden; }
.numbers article { padding: 12px 18px; min-width: 0; border-left: 1px solid var(--line); }
.numbers article:first-child { border-left: 0; }
.numbers h2 { font-size: 12.5px; font-weight: 500; color: var(--dim); }
.value { font-size: 24px; font-weight: 660; line-height: 1.3; letter-spacing: -.015em; font-variant-numeric: tabular-nums; }
.numbers .note { overflow-wrap: anywhere; line-height: 1.35; }

.columns { display: grid; grid-template-columns: minmax(0, 1.75fr) minmax(0, 1fr); gap: 12px; margin-bottom: 12px; align-items: stretch; }
.stack { display: flex; flex-direction: column; gap: 12px; min-width: 0; }
.stack > :first-child { flex: 1; }
.tools { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 8px; margin-bottom: 8px; }
input[type=search], input[type=text], input[type=password], select { background: var(--back); border: 1px solid var(--line); border-radius: 8px; padding: 6px 10px; min-width: 0; height: 34px; }
input::placeholder { color: var(--dim); opacity: 1; }
.chips { grid-column: 1 / -1; display: flex; flex-wrap: wrap; gap: 6px; }
.chips:empty { display: none; }
.chip { border: 1px solid var(--line); background: none; border-radius: 99px; padding: 1px 10px; font-size: 12.5px; line-height: 22px; color: var(--dim); cursor: pointer; white-space: nowrap; }
.chip b { font-weight: 600; color: var(--text); font-variant-numeric: tabular-nums; }
.chip:hover { border-color: var(--dim); }
.chip[aria-pressed=true] { background: var(--accent); border-color: var(--accent); color: var(--card); }
.chip[aria-pressed=true] b { color: inherit; }
.list { --row: 46px; position: relative; height: 432px; overflow-y: auto; border-top: 1px solid var(--line); margin: 0 -18px -16px; scrollbar-gutter: stable; border-radius: 0 0 12px 12px; }
.list > div { position: relative; }
.row { display: grid; grid-template-columns: minmax(0, 1.25fr) minmax(0, 1.6fr) 34px 76px 84px; gap: 0 14px; align-items: center; height: var(--row, 30px); padding: 0 18px; border-bottom: 1px solid var(--line); cursor: pointer; font-variant-numeric: tabular-nums; }
.list .row { position: absolute; inset: 0 0 auto; }
.row.head { height: 26px; border: 0; padding-left: 0; color: var(--dim); font-size: 12px; cursor: default; }
.row:not(.head):hover { background: var(--soft); }
.list:focus-visible { outline-offset: -2px; }
.list:focus-visible .row.active { background: color-mix(in srgb, var(--accent) 14%, var(--card)); box-shadow: inset 3px 0 var(--accent); }
.row span { min-width: 0; }
.row b, .row small, .row .why span, .row.head span, .tier, .since, .left { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.row b { display: block; font-weight: 600; font-size: 13px; line-height: 1.35; }
.row small { display: block; font-size: 12px; line-height: 1.3; color: var(--dim); }
.row small:empty { display: none; }
.row .why small { color: var(--warn); }
.row .why span { display: block; font-size: 13px; }
.tier, .since, .left { font-size: 13px; color: var(--dim); text-align: right; }
.row.head .tier, .row.head .since, .row.head .left { font-size: 12px; }
.list .left { color: var(--text); }
.row.group { background: var(--soft); grid-template-columns: minmax(0, 1fr) 84px; }
.row.group .why, .row.group .tier, .row.group .since { display: none; }
.row.group b::before { content: "▸"; display: inline-block; width: 16px; color: var(--dim); }
.row.group[aria-expanded=true] b::before { content: "▾"; }
.row.group small { padding-left: 16px; }
.bans .empty { padding: 36px 12px; text-align: center; }
.bans .empty p:first-child { font-size: 15px; font-weight: 600; color: var(--text); }
.bans .empty.calm::before { content: "✓"; display: grid; place-items: center; width: 44px; height: 44px; border-radius: 50%; margin: 0 auto 12px; font: 700 22px/1 system-ui, sans-serif; color: var(--good); background: color-mix(in srgb, var(--good) 13%, transparent); }

.decisions li { display: grid; grid-template-columns: auto auto minmax(0, 1fr); gap: 1px 8px; align-items: center; padding: 8px 0; border-top: 1px solid var(--line); }
.decisions li:first-child { border-top: 0; }
.decisions time { color: var(--dim); font-size: 12.5px; font-variant-numeric: tabular-nums; }
.decisions .what { grid-column: 1 / -1; font-size: 13px; color: var(--dim); overflow-wrap: anywhere; }
.decisions .what:empty { display: none; }
.panel:has(> .scroll) { display: flex; flex-direction: column; }
.scroll { flex: 1 1 0; overflow-y: auto; min-height: 180px; margin: 0 -18px -16px; padding: 0 18px 8px; border-radius: 0 0 12px 12px; }
.scroll:empty { display: none; }
.scroll:focus-visible { outline-offset: -2px; }
.link { background: none; border: 0; padding: 0; text-align: left; cursor: pointer; font-size: 13px; font-weight: 600; overflow-wrap: anywhere; min-width: 0; }
.link:hover { color: var(--accent); text-decoration: underline; }
.shares li { display: grid; grid-template-columns: minmax(0, 1fr) 22% 92px; gap: 10px; align-items: center; padding: 4px 0; }
.shares .number { text-align: right; font-size: 12.5px; color: var(--dim); font-variant-numeric: tabular-nums; white-space: nowrap; }
.shares i { height: 6px; border-radius: 3px; background: linear-gradient(var(--accent), var(--accent)) 0 / var(--share, 0%) no-repeat, var(--soft); }
.logs li { display: flex; gap: 4px 10px; justify-content: space-between; align-items: baseline; flex-wrap: wrap; padding: 3px 0; }
.logs .mono { overflow-wrap: anywhere; min-width: 0; }
.logs .pill { white-space: normal; }

.wide { position: relative; overflow-x: auto; margin: 4px 0 6px; }
.week { border-collapse: separate; border-spacing: 2px; width: 100%; table-layout: fixed; }
.week th { font-weight: 400; font-size: 11px; color: var(--dim); text-align: left; padding: 0; overflow: visible; white-space: nowrap; }
.week tr > :first-child { width: 32px; }
.week tbody td { height: 20px; border-radius: 3px; background: var(--soft); }
.week td.known { background: color-mix(in srgb, var(--good) var(--heat, 0%), var(--soft)); }
.week td.now { outline: 2px solid var(--text); outline-offset: -1px; }
.learned { width: 100%; border-collapse: collapse; margin-top: 14px; font-variant-numeric: tabular-nums; }
.learned th, .learned td { white-space: nowrap; text-align: right; padding: 6px 0 6px 14px; border-top: 1px solid var(--line); font-weight: 400; }
.learned thead th, .learned thead td { border: 0; color: var(--dim); font-size: 12.5px; padding-bottom: 2px; }
.learned tbody th, .learned tr > :first-child { text-align: left; padding-left: 0; }
.learned tbody td:last-child { color: var(--dim); }
.learned td.raised::after { content: " " attr(data-mark); margin-left: 6px; padding: 0 7px; border-radius: 99px; font-size: 12px; background: var(--soft); }

#drawer { position: fixed; inset: 0 0 0 auto; width: min(620px, 100vw); max-width: none; height: 100dvh; max-height: none; border: 0; border-left: 1px solid var(--line); padding: 18px 22px 40px; background: var(--card); color: var(--text); overflow-y: auto; }
#drawer::backdrop { background: #0007; }
#drawer > header { display: flex; gap: 12px; justify-content: space-between; align-items: flex-start; }
#drawer h2 { font-size: 18px; overflow-wrap: anywhere; }
#drawer-close { flex: none; width: 34px; height: 34px; border-radius: 8px; border: 1px solid var(--line); background: none; cursor: pointer; }
.drawer-title { font-size: 15px; margin: 4px 0 14px; overflow-wrap: anywhere; }
#drawer dl { display: grid; grid-template-columns: 92px minmax(0, 1fr); gap: 10px 14px; font-size: 13.5px; }
#drawer dt { color: var(--dim); }
#drawer dd { overflow-wrap: anywhere; }
#drawer h3 { margin: 22px 0 4px; padding-top: 16px; border-top: 1px solid var(--line); }
code.line { display: block; font-size: 12px; line-height: 1.6; white-space: pre-wrap; }
.undo { display: flex; gap: 10px; align-items: center; justify-content: space-between; padding: 2px 0; }
.command { user-select: all; }
.actions, .actions form { display: flex; flex-wrap: wrap; gap: 8px; }
.actions:not(:empty) { background: var(--soft); border-radius: 10px; padding: 12px; margin-bottom: 16px; }
.actions form { flex: 1; }
.actions input { flex: 1 1 220px; }
.actions button, .small { border: 1px solid var(--line); background: var(--card); border-radius: 8px; padding: 0 14px; height: 34px; font-weight: 600; cursor: pointer; white-space: nowrap; }
.small { height: 26px; padding: 0 10px; font-size: 12.5px; font-weight: 500; }
.actions .primary { background: var(--accent); border-color: var(--accent); color: var(--card); }
.actions .danger { color: var(--bad); border-color: var(--bad); }
.actions button:hover, .small:hover { border-color: var(--dim); }
.said { flex-basis: 100%; font-size: 13px; overflow-wrap: anywhere; }
.said:empty { display: none; }
.said.bad { color: var(--bad); }
footer { color: var(--dim); font-size: 12.5px; padding-top: 4px; padding-bottom: 28px; display: flex; flex-wrap: wrap; gap: 2px 24px; }
footer p:last-child { margin-left: auto; }

@media (max-width: 900px) {
  .scroll { flex: none; max-height: 432px; }
  .columns { grid-template-columns: minmax(0, 1fr); }
  .numbers { grid-template-columns: repeat(6, minmax(0, 1fr)); }
  .numbers article { grid-column: span 2; }
  .numbers article:nth-child(n + 4) { grid-column: span 3; border-top: 1px solid var(--line); }
  .numbers article:nth-child(4) { border-left: 0; }
}
@media (max-width: 620px) {
  .top, main, footer { padding-left: 12px; padding-right: 12px; }
  h1 { flex: 1 1 calc(100% - 40px); }
  .panel { padding: 12px 14px 14px; }
  .verdict { padding: 12px 14px; gap: 12px; }
  .verdict .title { font-size: 19px; }
  .sign { width: 26px; height: 26px; font-size: 14px; }
  .ranges { order: 1; width: 100%; margin: 0; }
  .ranges label { flex: 1; }
  .ranges span { text-align: center; padding: 6px 4px; }
  .keys { order: 2; }
  #chart { height: 230px; }
  .readout { min-height: 38px; }
  #times-panel .readout { min-height: 0; margin-left: 0; }
  .numbers article, .numbers article:nth-child(n + 4) { grid-column: span 3; border-top: 1px solid var(--line); border-left: 1px solid var(--line); padding: 10px 14px; }
  .numbers article:nth-child(odd) { border-left: 0; }
  .numbers article:nth-child(-n + 2) { border-top: 0; }
  .numbers article:last-child { grid-column: span 6; }
  .value { font-size: 21px; }
  .list { --row: 62px; height: 62vh; margin: 0 -14px -14px; scrollbar-gutter: auto; }
  .row.head { display: none !important; }
  .row { grid-template-columns: minmax(0, 1fr) auto; gap: 0 10px; padding: 0 14px; align-content: center; }
  .row .tier, .row .since, .row .client small { display: none; }
  .row .why { grid-row: 2; grid-column: 1 / -1; }
  .row .why span, .row .why small { display: inline; font-size: 12.5px; color: var(--dim); }
  .row .why small:not(:empty)::before { content: " · "; white-space: pre; }
  .row .why { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .row.group .client small { display: block; }
  .chips { flex-wrap: nowrap; overflow-x: auto; margin: 0 -14px; padding: 2px 14px; }
  .scroll { flex: none; max-height: 62vh; margin: 0 -14px -14px; padding: 0 14px 8px; }
  .week tbody td { height: 16px; }
  .learned th, .learned td { padding-left: 8px; font-size: 13px; white-space: normal; }
  .learned td.raised::after { display: block; width: fit-content; margin: 2px 0 0 auto; }
  .week { border-spacing: 1px; }
  .week tr > :first-child { width: 28px; }
  input[type=search], input[type=text], input[type=password], select { font-size: 16px; height: 38px; }
  .shares li { grid-template-columns: minmax(0, 1fr) 92px; }
  .shares i { display: none; }
  #drawer { padding: 14px 14px 40px; border: 0; }
  #drawer dl { grid-template-columns: minmax(0, 1fr); gap: 2px; }
  #drawer dd { margin-bottom: 12px; }
  footer p:last-child { margin-left: 0; }
}
@media (prefers-reduced-motion: no-preference) { .gone .live::before { animation: blink 1.2s infinite; } }
@keyframes blink { 50% { opacity: .25; } }
`;
