/** Programs that nobody told zban about. */
import { address, word } from '../draw.ts';
import { HOUR } from '../script.ts';
import type { Family } from '../trial.ts';
import { honest, program } from './honest.ts';

const should = honest('should');
const HOURS = 2 * HOUR;

export const PROGRAMS: Family = {
  name: 'programs',
  trials: [
    should(
      'monitor: GET / each second',
      program(
        'Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)',
        1,
        HOURS,
        (_r, _n, { site }) => site.home,
      ),
    ),
    should(
      'monitor: GET /health each second, curl',
      program('curl/8.5.0', 1, HOURS, () => ({ path: '/health', bytes: 2 })),
    ),
    should(
      'monitor: HEAD /health each second, no name',
      program('', 1, HOURS, () => ({ method: 'HEAD', path: '/health', bytes: 0 })),
    ),
    should(
      'monitor: 6 URLs each 10 s',
      program('Blackbox Exporter/0.24.0', 10, HOURS, () =>
        [...'abcdef'].map((name) => ({ path: `/probe/${name}`, bytes: 20 })),
      ),
    ),
    should(
      'monitor: /health 503 each 5 s, the service is down',
      program('curl/8.5.0', 5, HOUR, () => ({ path: '/health', status: 503, bytes: 20 })),
    ),
    should(
      'monitor: /health 404 each 5 s, nobody told it',
      program('curl/8.5.0', 5, HOUR, () => ({ path: '/health', status: 404, bytes: 150 })),
    ),
    should(
      "the site's own cron: POST 200 each 10 s",
      program('WordPress/6.4.2; https://www.example.com/blog', 10, HOURS, (random) => ({
        method: 'POST',
        path: `/wp-cron.php?doing_wp_cron=${random.hex(8)}`,
        bytes: 0,
      })),
    ),
    should(
      'feed reader: 50 feeds each 10 min, 304',
      program('Feedly/1.0 (+http://www.feedly.com/fetcher.html; 12 subscribers)', 600, HOURS, () =>
        Array.from({ length: 50 }, (_, feed) => ({ path: `/feed/${feed}.xml`, status: 304, bytes: 0 })),
      ),
    ),
    should('feed readers: 100 addresses each 5 min', (script) => {
      const network = Array.from({ length: 100 }, () => address(script.random));
      for (const [n, ip] of network.entries()) {
        const who = { ip, agent: 'NetNewsWire (RSS Reader; https://netnewswire.com/)' };
        script.every(300, HOURS, (atS) => script.send(atS + n, who, { path: '/feed/', status: 304, bytes: 0 }));
      }
    }),
    should(
      'WebDAV sync: 300 files, PROPFIND 207, PUT 201',
      program('Mozilla/5.0 (Linux) mirall/3.13.0 (Nextcloud)', 0.5, 150, (random) => {
        const path = `/remote.php/dav/files/${word(random)}/${word(random)}.odt`;
        return [
          { method: 'PROPFIND', path, status: 207, bytes: 900 },
          { method: 'PUT', path, status: 201, bytes: 0 },
        ];
      }),
    ),
    should(
      'WebDAV in the Finder: PROPFIND 207 and ._name 404, 3/s',
      program('WebDAVFS/3.0.0 (03008000) Darwin/23.5.0', 0.33, 60, (random) => {
        const name = word(random);
        return [
          { method: 'PROPFIND', path: `/dav/${name}`, status: 207 },
          { method: 'PROPFIND', path: `/dav/._${name}`, status: 404, bytes: 150 },
        ];
      }),
    ),
    should(
      'backup: PUT 201, 50/s',
      program('restic/0.16.4', 0.02, 120, (random) => ({
        method: 'PUT',
        path: `/backup/data/${random.hex(2)}/${random.hex(32)}`,
        status: 201,
        bytes: 0,
      })),
    ),
    should(
      'backup: HEAD 404, then PUT 201, 5/s',
      program('restic/0.16.4', 0.2, 120, (random) => {
        const path = `/backup/data/${random.hex(2)}/${random.hex(32)}`;
        return [
          { method: 'HEAD', path, status: 404, bytes: 0 },
          { method: 'PUT', path, status: 201, bytes: 0 },
        ];
      }),
    ),
    should(
      'git: 30 repositories cloned in a minute',
      program('git/2.43.0', 2, 60, (random) => {
        const name = word(random);
        return [
          { path: `/g/${name}.git/info/refs?service=git-upload-pack`, bytes: 900 },
          { method: 'POST', path: `/g/${name}.git/git-upload-pack`, bytes: 90_000 },
        ];
      }),
    ),
    should(
      'docker pull: 20 layers, 401 then 200',
      program('docker/24.0.7 go/go1.20.10', 1, 20, (random) => {
        const path = `/v2/app/blobs/sha256:${random.hex(64)}`;
        return [
          { path, status: 401, bytes: 150 },
          { path, bytes: 3_000_000 },
        ];
      }),
    ),
    should(
      'npm: 200 packages in 20 s',
      program('npm/10.2.4 node/v20.11.0 linux x64', 0.1, 20, (random) => ({
        path: `/${word(random)}`,
        bytes: random.int(2000, 200_000),
      })),
    ),
    should(
      'apt: 300 packages in a minute',
      program('Debian APT-HTTP/1.3 (2.6.1)', 0.2, 60, (random) => ({
        path: `/pool/main/${word(random)}_${random.int(1, 9)}.${random.int(0, 9)}_amd64.deb`,
        bytes: random.int(9000, 900_000),
      })),
    ),
    should(
      'pip: 40 packages in 10 s',
      program('pip/24.0', 0.25, 10, (random) => ({ path: `/simple/${word(random)}/`, bytes: random.int(900, 90_000) })),
    ),
    should(
      'webhooks: 60 payments in 10 s, POST 200',
      program('Stripe/1.0 (+https://stripe.com/docs/webhooks)', 0.17, 10, () => ({
        method: 'POST',
        path: '/hooks/pay',
        bytes: 2,
      })),
    ),
    should(
      'webhooks: 120 builds in a minute, POST 200',
      program('GitHub-Hookshot/8a3f1c2', 0.5, 60, () => ({ method: 'POST', path: '/hooks/ci', bytes: 2 })),
    ),
    should(
      'metrics pushed each 2 s, POST 200',
      program('telegraf/1.29.1', 2, HOURS, () => ({ method: 'POST', path: '/metrics/push', bytes: 2 })),
    ),
    should(
      'metrics pushed each 2 s, POST 204',
      program('telegraf/1.29.1', 2, HOURS, () => ({ method: 'POST', path: '/metrics/push', status: 204, bytes: 0 })),
    ),
    should(
      'API client: POST /graphql each second',
      program('axios/1.6.8', 1, HOUR, () => ({ method: 'POST', path: '/graphql', bytes: 900 })),
    ),
  ],
};
