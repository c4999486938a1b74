/** What people's devices, and servers that talk to each other, do beside what others here do. */
import { ipv4, word } from '../draw.ts';
import { HOUR, MINUTE, type Script } from '../script.ts';
import type { Family } from '../trial.ts';
import { arrivals, honest, program } from './honest.ts';

const [must, should] = [honest('must'), honest('should')];
const APP = 'Chat/4.2 (iPhone; iOS 18.0)';

/** Windows signs in anew for each connection: twice 401, then what was asked for (MS-NTHT). */
function negotiates(script: Script): void {
  const { random } = script;
  const who = script.person();
  const paths = Array.from({ length: 12 }, () => `/intranet/${word(random, 3)}`);
  script.every(20, 10 * MINUTE, (atS) => {
    for (let connection = 0; connection < 6; connection++) {
      const path = random.pick(paths);
      for (const status of [401, 401, 200]) script.call(atS + connection / 10, who, { path, status, bytes: 900 });
    }
  });
}

/** Results of a search engine that are all gone, one after the other; the page that says so is a page of the site. */
function oldLinks(script: Script): void {
  const { random } = script;
  const who = script.person();
  script.every(15, 5 * MINUTE, (atS, count) => {
    const page = { path: `/${word(random)}/${word(random)}.html`, status: 404, bytes: 8000 };
    script.load(atS, who, { ...page, referer: 'https://www.google.com/' }, count === 0 ? 12 : 1);
  });
}

/** Faces of everybody in a list, most of whom have none. */
function faces(script: Script): void {
  arrivals(script, 30, 20 * MINUTE, (atS) => {
    const who = script.program(APP);
    script.send(atS, who, { path: '/api/contacts', bytes: 9000 });
    for (let n = 0; n < 40; n++) {
      const status = script.random.chance(0.7) ? 404 : 200;
      const path = `/api/people/${script.random.int(100_000, 999_999)}/face`;
      script.send(atS + 1 + n / 20, who, { path, status, bytes: status === 404 ? 40 : 9000 });
    }
  });
}

/** A page of another host of the same owner, whose calls a browser announces first (CORS). */
function otherOrigin(script: Script): void {
  const who = script.person();
  const referer = 'https://app.example.org/';
  script.every(4, HOUR, (atS) => {
    for (const name of ['messages', 'presence', 'unread']) {
      script.send(atS, who, { method: 'OPTIONS', path: `/api/${name}`, status: 204, bytes: 0, referer });
      script.send(atS + 0.1, who, { path: `/api/${name}`, bytes: 120, referer });
    }
    script.send(atS + 0.3, who, { method: 'POST', path: '/api/seen', bytes: script.random.int(60, 70), referer });
  });
}

/** Links in sight are fetched before anybody clicks. */
function prefetches(script: Script): void {
  const who = script.person();
  script.every(25, 4 * MINUTE, (atS) => {
    script.load(atS, who);
    for (let n = 0; n < 20; n++) script.call(atS + 1 + n / 20, who, script.rarePage());
  });
}

/** Whoever gets a post fetches what it links to, at once. */
function previews(script: Script): void {
  arrivals(script, 300, MINUTE, (atS) => {
    const who = script.program(`http.rb/5.1.1 (Mastodon/4.2.1; +https://${word(script.random)}.example/)`);
    for (const path of ['/robots.txt', '/viral-story', '/img/viral.jpg'])
      script.send(atS, who, { path, bytes: 20_000 });
  });
}

/** A household's address: several people and things, each with a little that goes wrong. */
function household(script: Script): void {
  const { random, site, startS } = script;
  const ip = ipv4(random);
  for (let n = 0; n < 4; n++) script.browse(script.person(ip), 30 * MINUTE, startS + n * MINUTE);
  const tv = { ip, agent: 'Roku/DVP-12.0' };
  script.every(30, 30 * MINUTE, (atS) => script.send(atS, tv, { path: '/channel/feed.json', status: 404 }));
  const child = script.person(ip);
  for (let tries = 0; tries < 5; tries++)
    script.call(startS + 200 + 9 * tries, child, { method: 'POST', path: site.login, bytes: 3100 });
}

export const INVENTED_HONEST: Family = {
  name: 'devices and servers',
  trials: [
    must('intranet of Windows: 401, 401, 200 on six connections each 20 s', negotiates, 'files'),
    must('twenty results of a search engine that are gone in 5 min', oldLinks, 'files'),
    should('app asks for 40 faces, most of them 404, 30 people', faces),
    must('app of another origin: OPTIONS first, four calls each 4 s', otherOrigin),
    must('20 links in sight are fetched in advance, ten pages', prefetches, 'files', 'pages'),
    must('household of four, and a thing that asks for what is gone', household, 'files', 'pages'),
    must(
      'calendar: 8 collections each 5 min, 401 twice, then 207',
      program('macOS/15.0 (24A335) dataaccessd/1.0', 300, 2 * HOUR, (random) =>
        Array.from({ length: 8 }, (_, n) => {
          const asked = { method: 'PROPFIND', path: `/dav/calendars/eva/k${n}/` };
          return [
            { ...asked, status: 401, bytes: 90 },
            { ...asked, status: 401, bytes: 90 },
            { ...asked, status: 207, bytes: random.int(900, 4000) },
          ];
        }).flat(),
      ),
    ),
    must(
      'file sync: 60 folders that there are, MKCOL 405',
      program('Mozilla/5.0 (Windows) mirall/3.13.0 (Nextcloud)', 0.5, 30, (random) => {
        const path = `/remote.php/dav/files/eva/${word(random)}`;
        return [
          { method: 'MKCOL', path, status: 405, bytes: 250 },
          { method: 'PROPFIND', path, status: 207, bytes: 900 },
        ];
      }),
    ),
    must(
      'telephone sends 80 changes, PUT 200 with as many bytes each',
      program(APP, 0.5, 40, (random) => ({
        ...{ method: 'PUT', path: `/api/notes/${random.int(100_000, 999_999)}`, bytes: random.int(300, 304) },
      })),
    ),
    should('preview of a link by 300 servers in a minute', previews),
    should(
      'chat federation: a transaction each second, PUT 200',
      program('Synapse/1.98.0', 1, HOUR, (random, count) => ({
        ...{ method: 'PUT', path: `/_matrix/federation/v1/send/${1_767_600_000 + count}` },
        ...{ bytes: 20 + 46 * random.int(1, 3) },
      })),
    ),
    should(
      'social federation: 100 posts in a minute, 202, a tenth 401',
      program('http.rb/5.1.1 (Mastodon/4.2.1; +https://social.example/)', 0.6, MINUTE, (random) => ({
        ...{ method: 'POST', path: '/inbox', status: random.chance(0.1) ? 401 : 202, bytes: 0 },
      })),
    ),
    should(
      'mirror of a repository: 1,500 files, 304, 5/s',
      program('Wget/1.21.4', 0.2, 5 * MINUTE, (random) => ({
        ...{ path: `/pool/${word(random)}/${word(random)}.rpm`, status: 304, bytes: 0 },
      })),
    ),
    should(
      'podcasts: 30 episodes asked for by HEAD, then in pieces',
      program('AntennaPod/3.4.0', 2, MINUTE, (random) => {
        const path = `/podcast/${word(random)}-${random.int(1, 99)}.mp3`;
        return [
          { method: 'HEAD', path, bytes: 0 },
          { path, status: 206, bytes: 1_000_000 },
          { path, status: 206, bytes: 1_000_000 },
        ];
      }),
    ),
    should(
      'mail program looks for its settings: 10 paths 404, 12 accounts',
      program('Thunderbird/128.0', 40, 8 * MINUTE, () =>
        [
          '/mail/config-v1.1.xml',
          '/.well-known/autoconfig/mail/config-v1.1.xml',
          '/autodiscover/autodiscover.json',
        ].map((path) => ({ path: `${path}?emailaddress=eva`, status: 404 })),
      ),
    ),
    should(
      'builds: a runner asks for work each 3 s, POST 204, sends its log, PATCH 202',
      program('gitlab-runner 17.0.0', 3, HOUR, () => [
        { method: 'POST', path: '/api/v4/jobs/request', status: 204, bytes: 0 },
        { method: 'PATCH', path: '/api/v4/jobs/4711/trace', status: 202, bytes: 0 },
        { method: 'HEAD', path: '/cache/project/default-1.zip', status: 404, bytes: 0 },
      ]),
    ),
    should(
      'search index: 200 documents, PUT 200, a query by POST after each',
      program('elasticsearch-js/8.12', 0.3, MINUTE, (random, count) => [
        { method: 'PUT', path: `/index/_doc/${count + 1}`, bytes: random.int(160, 170) },
        { method: 'POST', path: '/index/_search', bytes: random.int(400, 9000) },
      ]),
    ),
  ],
};
