/** The page's markup: no script, no style, nothing from elsewhere; everything that changes is filled in by the scripts. */

export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<path d="M16 2 28 6v9c0 7.5-5 12.7-12 15C9 27.7 4 22.5 4 15V6z" fill="#2563eb"/>
<path d="M10.5 11h11l-8 10h8" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"/>
</svg>`;

const number = (id: string, title: string, note = ''): string => `
<article><h2 id="${id}-title">${title}</h2><p class="value" id="${id}">–</p><p class="note" id="${id}-note">${note}</p></article>`;

const learned = (name: string, label: string): string =>
  `<tr><th scope="row">${label}</th><td id="${name}-learned">–</td><td id="${name}-taken">–</td></tr>`;

const key = (name: string, label: string): string => `<li><i class="key ${name}"></i>${label}</li>`;

const PICTURE = `
<section class="panel picture" aria-labelledby="picture-title">
<header><h2 id="picture-title">Requests a second</h2>
<ul class="keys">${key('traffic', 'requests; static files only in profile classic')}${key('band', 'normal: mean ± 2 σ of a second, as learned')}${key('refused', 'refused (4xx)')}${key('failed', 'failed (5xx)')}${key('bans', 'bans')}</ul>
<fieldset class="ranges" id="ranges"><legend class="hidden-text">Span of time</legend></fieldset></header>
<p class="readout" id="readout"></p>
<div class="plot"><svg id="chart" role="slider" tabindex="0" aria-label="Traffic" aria-valuemin="0" aria-valuemax="0" aria-valuenow="0"></svg>
<p class="plot-empty" id="chart-empty">Traffic appears here minute by minute.</p></div>
<div id="times-panel" hidden><header><h2>Response time</h2><ul class="keys">${key('p50', 'median')}${key('p95', '95 %')}${key('p99', '99 % answered within')}</ul><p class="readout" id="times-now"></p></header>
<svg id="times" aria-hidden="true"></svg></div>
</section>`;

const BANS = `
<section class="panel bans" aria-labelledby="bans-title">
<header><h2 id="bans-title">Bans in force</h2><p class="count" id="bans-count" role="status"></p></header>
<div class="tools" id="ban-tools" hidden>
<input type="search" id="search" placeholder="Search bans" aria-label="Search bans by address, network, owner or reason; Enter looks the first one up" spellcheck="false" autocomplete="off">
<select id="group" aria-label="Group bans"><option value="">Newest first</option><option value="condition">By condition</option><option value="network">By network</option></select>
<div class="chips" id="conditions" role="group" aria-label="Only one condition"></div>
</div>
<div class="row head" id="ban-head" aria-hidden="true" hidden><span class="client">Client</span><span class="why">Why</span><span class="tier">Tier</span><span class="since">Since</span><span class="left">Left</span></div>
<div class="list" id="ban-list" role="grid" tabindex="0" aria-label="Bans: arrow keys move, Enter explains" aria-colcount="5" hidden><div role="rowgroup"></div></div>
<div class="empty" id="bans-empty"><p id="bans-empty-title">Nobody is banned.</p><p id="bans-empty-text"></p></div>
</section>`;

const DRAWER = `
<dialog id="drawer" aria-labelledby="drawer-client">
<header><h2 class="mono" id="drawer-client"></h2><button type="button" id="drawer-close" aria-label="Close">✕</button></header>
<p class="drawer-title" id="drawer-title" role="status"></p>
<div class="actions" id="drawer-actions"></div>
<dl id="drawer-facts"></dl>
<section id="drawer-history" hidden><h3>Everything recorded about it</h3><ol class="decisions" id="drawer-timeline"></ol></section>
</dialog>`;

export const MARKUP = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>zban</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/style.css">
<script type="module" src="/main.js"></script>
</head>
<body class="waiting">
<header class="top">
<img src="/icon.svg" alt="" width="28" height="28">
<h1 id="name">zban</h1>
<p class="pills"><span class="pill" id="state">connecting</span><span class="pill" id="mode"></span><span class="pill" id="backend"></span></p>
<p class="live" id="live"></p>
</header>
<main>
<div class="verdict bad" id="stale" role="alert" hidden><i class="sign" aria-hidden="true">✕</i><div><p class="title">zban does not answer</p><p class="text" id="stale-text"></p></div></div>
<noscript><p class="notice bad">This page needs JavaScript; the same is in <code>zban status</code> and <a href="/api/status">/api/status</a>.</p></noscript>
<div class="shown">
<div class="verdict" id="verdict"><i class="sign" id="verdict-sign" aria-hidden="true">…</i><div><p class="title" id="verdict-title" role="status">Connecting</p><p class="text" id="verdict-text"></p></div></div>
<ul class="notices" id="lanes"></ul>
<ul class="notices" id="notices"></ul>
${PICTURE}
<div class="numbers">${number('rate', 'Requests a second')}${number('clients', 'Clients', 'in the window')}${number('bans-now', 'Banned now')}${number('lag', 'Log lag')}${number('uptime', 'Uptime')}</div>
<div class="columns">
${BANS}
<section class="panel" aria-labelledby="recent-title"><header><h2 id="recent-title">Decisions</h2></header>
<ol class="decisions scroll" id="recent" tabindex="0" aria-labelledby="recent-title"></ol><p class="empty" id="recent-empty">Nothing has been decided yet.</p></section>
</div>
<div class="columns">
<section class="panel" aria-labelledby="normal-title"><header><h2 id="normal-title">What is normal</h2><p class="count">requests a second by hour of the week</p></header>
<div class="wide"><table class="week" id="week"><caption class="hidden-text">Usual requests a second by hour of the week</caption></table></div>
<p class="note" id="week-note"></p>
<table class="learned"><thead><tr><td id="origin"></td><th scope="col">Learned</th><th scope="col">Judged by</th></tr></thead><tbody>
${learned('site', 'Site, requests/s')}${learned('client', 'One client, requests/s')}${learned('error_ratio', 'Refused (4xx)')}
</tbody></table></section>
<div class="stack">
<section class="panel" aria-labelledby="top-title"><header><h2 id="top-title">Busiest clients</h2><p class="count">requests in the window</p></header>
<ol class="shares" id="top"></ol><p class="empty" id="top-empty">No requests in the window.</p></section>
<section class="panel" aria-labelledby="logs-title"><header><h2 id="logs-title">Logs</h2></header><ul class="logs" id="logs"></ul></section>
<section class="panel" id="fleet-panel" aria-labelledby="fleet-title" hidden><header><h2 id="fleet-title">Fleet</h2><p class="count" id="fleet-state"></p></header><ul class="logs" id="fleet-hosts"></ul></section>
</div>
</div>
</div>
</main>
<footer><p id="about"></p><p id="machine"></p><p><a href="/metrics">metrics</a> · <a href="/api/status">status</a> · <a href="/api/bans">bans as JSON</a></p></footer>
${DRAWER}
</body>
</html>
`;
