import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { renderMetrics } from '../../src/http/metrics.ts';
import { status } from '../support/status.ts';
import { fleetStatus } from './examples.ts';

/** Samples by name and labels, from Prometheus' text format. */
function parse(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  for (const line of text.split('\n')) {
    const match = /^([a-z_]+(?:\{.*\})?) (\S+)$/.exec(line);
    if (match?.[1]) samples.set(match[1], Number(match[2]));
  }
  return samples;
}

test('a scrape shows the status under the documented names', async () => {
  const samples = parse(await renderMetrics(status({ global_anomaly: true })));
  for (const [name, value] of [
    ['zban_lines_total', 4_812_233],
    ['zban_skipped_lines_total{reason="not_json"}', 12],
    ['zban_discarded_total{limit="late"}', 40],
    ['zban_active_bans', 3],
    ['zban_bans_total', 41],
    ['zban_unbans_total', 38],
    ['zban_refused_total', 2],
    ['zban_requests_per_second', 38.4],
    ['zban_baseline_mean{scope="site"}', 36.2],
    ['zban_baseline_stddev{scope="client"}', 0.12],
    ['zban_error_ratio', 0.031],
    ['zban_log_lag_seconds', 0.4],
    ['zban_log_following{path="/var/log/nginx/access.log"}', 1],
    ['zban_log_following{path="/var/log/nginx/shop.access.log"}', 0],
    ['zban_uptime_seconds', 273_845],
    ['zban_global_anomaly', 1],
    ['zban_fuse_tripped', 0],
    ['zban_outbox_size', 0],
    ['zban_host_memory_ratio', 0.47],
    ['zban_build_info{version="0.2.0",mode="enforce",backend="ipset",profile="balanced",sensitivity="normal"}', 1],
  ] as const)
    assert.equal(samples.get(name), value, name);
  assert.ok((samples.get('process_resident_memory_bytes') ?? 0) > 1_000_000);
  assert.ok((samples.get('process_cpu_seconds_total') ?? 0) > 0);
});

test('every metric has a help text and its type', async () => {
  const text = await renderMetrics(status());
  const names = new Set([...text.matchAll(/^([a-z_]+)(?:\{| )/gm)].map((match) => match[1]));
  for (const name of names) {
    assert.match(text, new RegExp(`^# HELP ${name} \\S`, 'm'));
    assert.match(text, new RegExp(`^# TYPE ${name} ${name?.endsWith('_total') ? 'counter' : 'gauge'}$`, 'm'));
  }
  assert.ok(names.size > 20);
});

test('scraping twice does not add up, and what is unknown is left out', async () => {
  await renderMetrics(status());
  const samples = parse(
    await renderMetrics(status({ log_lag_seconds: null, baseline: null, lines_total: 5, skipped: {} })),
  );
  assert.equal(samples.get('zban_lines_total'), 5);
  for (const name of samples.keys()) assert.doesNotMatch(name, /lag|baseline_mean|error_ratio|skipped/);
});

test('a floor is not scraped as if it had been learned', async () => {
  const { baseline } = status();
  assert.ok(baseline);
  const learned = { site: null, client: null, error_ratio: null };
  const samples = parse(await renderMetrics(status({ baseline: { ...baseline, learned } })));
  for (const name of samples.keys()) assert.doesNotMatch(name, /baseline_mean|baseline_stddev|error_ratio/);
});

test('the end of a fuse that has tripped is a time', async () => {
  const fuse = { fuse_tripped: true, fuse_until: '2026-11-20T10:21:12.000Z' };
  const samples = parse(await renderMetrics(status(fuse)));
  assert.equal(samples.get('zban_fuse_until_timestamp_seconds'), Date.UTC(2026, 10, 20, 10, 21, 12) / 1000);
  const whole = parse(await renderMetrics(status()));
  assert.equal(whole.has('zban_fuse_until_timestamp_seconds'), false);
});

test('two scrapes at once both see their own status', async () => {
  const [one, two] = await Promise.all([
    renderMetrics(status({ lines_total: 7 })),
    renderMetrics(status({ lines_total: 7 })),
  ]);
  assert.equal(parse(one).get('zban_lines_total'), 7);
  assert.equal(parse(two).get('zban_lines_total'), 7);
});

test('names from a log stay inside their quotes', async () => {
  const text = await renderMetrics(status({ skipped: { 'a"} 1\nzban_fake 1': 3 } }));
  assert.doesNotMatch(text, /^zban_fake/m);
});

test('a scrape shows the fleet, and nothing of it where there is none', async () => {
  const fleet = fleetStatus();
  const shown = [...parse(await renderMetrics(status({ fleet })))].filter(([name]) => name.startsWith('zban_fleet_'));
  assert.deepEqual(Object.fromEntries(shown), {
    zban_fleet_up: 1,
    zban_fleet_hosts: 2,
    zban_fleet_waiting: 3,
    zban_fleet_watched_clients: 7,
    zban_fleet_clock_ahead_seconds: -0.2,
    zban_fleet_bytes_total: 4096,
    'zban_fleet_counts_total{outcome="sent"}': 50,
    'zban_fleet_counts_total{outcome="left_out"}': 4,
    'zban_fleet_counts_total{outcome="dropped"}': 2,
    'zban_fleet_skipped_entries_total{reason="unknown"}': 5,
    'zban_fleet_skipped_entries_total{reason="not_accepted"}': 6,
  });
  const docs = readFileSync(new URL('../../docs/fleet.md', import.meta.url), 'utf8');
  for (const [name] of shown) assert.ok(docs.includes(`\`${name.replace(/\{.*/, '')}\``), `docs/fleet.md has ${name}`);
  const away = parse(await renderMetrics(status({ fleet: fleetStatus({ state: 'away' }) })));
  assert.equal(away.get('zban_fleet_up'), 0);
  assert.deepEqual(
    [...parse(await renderMetrics(status())).keys()].filter((name) => name.startsWith('zban_fleet_')),
    [],
  );
});
