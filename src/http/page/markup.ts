/** The page's markup: no script, no style, nothing from elsewhere; everything that changes is filled in by view.js. */

export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<path d="M16 2 28 6v9c0 7.5-5 12.7-12 15C9 27.7 4 22.5 4 15V6z" fill="#2563eb"/>
<path d="M10.5 11h11l-8 10h8" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"/>
</svg>`;

const tile = (id: string, title: string, className = ''): string => `
<article class="tile ${className}" id="tile-${id}">
<h2 id="${id}-title">${title}</h2><p class="value" id="${id}">–</p><p class="note" id="${id}-note"></p>
</article>`;

const table = (id: string, title: string, columns: readonly string[], empty: string, className = ''): string => `
<section class="panel ${className}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
<table id="${id}-table"><thead><tr>${columns.map((column) => `<th scope="col">${column}</th>`).join('')}</tr></thead>
<tbody id="${id}"></tbody></table>
<p class="empty" id="${id}-empty">${empty}</p>
</section>`;

const CHART = `
<article class="tile wide" id="tile-rate">
<h2>Requests a second</h2>
<div class="split">
<div><p class="value" id="rate">–</p><p class="note" id="rate-note"></p></div>
<figure>
<svg id="chart" viewBox="0 0 300 60" preserveAspectRatio="none" role="img" aria-label="Requests a second, last five minutes">
<rect id="chart-band" x="0" width="300" y="60" height="0"/><path id="chart-mean"/><path id="chart-area"/><path id="chart-line"/>
</svg>
<figcaption><span>5 min ago</span><span id="chart-top"></span><span>now</span></figcaption>
</figure>
</div>
</article>`;

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
<header>
<img src="/icon.svg" alt="" width="32" height="32">
<h1><span id="name">zban</span></h1>
<p class="pills"><span class="pill" id="state">connecting</span><span class="pill plain" id="mode"></span><span class="pill plain" id="backend"></span></p>
<p class="live" id="live" aria-live="off"></p>
</header>
<main>
<p class="notice bad" id="stale" role="alert" hidden></p>
<p class="summary" id="summary">Waiting for the daemon …</p>
<ul class="notices" id="notices"></ul>
<noscript><p class="notice bad">This page needs JavaScript; the same is in <code>zban status</code> and <a href="/api/status">/api/status</a>.</p></noscript>
<div class="tiles">
${tile('bans', 'Active bans', 'lead')}${CHART}${tile('lag', 'Log lag')}${tile('uptime', 'Uptime')}${tile('site', 'Site baseline')}${tile('client', 'Client baseline')}${tile('errors', 'Error ratio')}${tile('lines', 'Log lines')}${tile('load', 'CPU and memory', 'double')}
</div>
${table('ban-rows', 'Active bans', ['Client', 'Why', 'Tier', 'Since', 'Remaining', 'Undo'], 'Nobody is banned.')}
<div class="columns">
${table('top-rows', 'Top clients', ['Client', 'Requests', 'Share of the last minute'], 'No requests in the last minute.')}
${table('log-rows', 'Logs', ['File', 'State', 'Behind'], 'No log is followed.')}
</div>
${table('recent-rows', 'Recent decisions', ['Time', 'What', 'Client', 'Detail', 'By'], 'Nothing was decided yet.')}
</main>
<footer><span id="version"></span><span><a href="/metrics">metrics</a> · <a href="/api/status">status as JSON</a> · <a href="/api/bans">bans as JSON</a></span></footer>
</body>
</html>
`;
