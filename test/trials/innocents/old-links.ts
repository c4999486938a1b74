/** Whoever meets what is not there all day, and queries that only look like code. */
import { shuffle, word } from '../draw.ts';
import { HOUR, MINUTE, type Script } from '../script.ts';
import type { Family } from '../trial.ts';
import { arrivals, honest, program } from './honest.ts';

const [must, should] = [honest('must'), honest('should')];

const oldLink = (script: Script) => ({
  ...{ path: `/old/${word(script.random)}-${word(script.random)}`, status: 404, bytes: 5000 },
});

/** Two old links a person, beside pages. */
function office(script: Script): void {
  const { random, site } = script;
  const ip = script.person().ip;
  arrivals(script, 80, 3 * HOUR, (atS) => {
    const who = script.person(ip);
    script.load(atS, who);
    for (let n = 0; n < 6; n++) script.call(atS + 30 + 40 * n, who, random.pick(site.pages));
    for (let n = 0; n < 2; n++) script.call(atS + 60 + 50 * n, who, oldLink(script));
  });
}

/** Somebody goes through the drafts of a large site. */
function editor(script: Script): void {
  const { random, site } = script;
  const who = script.person();
  script.load(script.startS, who);
  script.every(30, 2 * HOUR, (atS) => {
    script.call(atS, who, oldLink(script));
    script.call(atS + 5, who, random.pick(site.pages));
    for (const file of shuffle(random, site.files).slice(0, 3)) script.call(atS + 6, who, file);
  });
}

/** Sign-in by OpenID: a URL within a URL within a URL, with a state of its own each time. */
function signIns(script: Script): void {
  const { random } = script;
  arrivals(script, 30, HOUR, (atS) => {
    const who = script.person();
    script.load(atS, who);
    for (let n = 0; n < 7; n++) {
      const back = `https%253A%252F%252Fshop.example%252Fcb%26state%3D${random.hex(16)}%26scope%3Dopenid%2520profile`;
      const path = `/connect/authorize?ReturnUrl=%2Fconnect%2Fauthorize%3Fredirect_uri%3D${back}`;
      script.call(atS + 9 + n * MINUTE, who, { path, status: 302, bytes: 0 });
    }
  });
}

/** A page sends what is being typed, with new lines as forms have them. */
function typing(script: Script): void {
  const { random } = script;
  const who = script.person();
  script.load(script.startS, who);
  let text = word(random);
  for (let n = 0; n < 40; n++) {
    text += (random.chance(0.2) ? '%0D%0A' : '%20') + word(random);
    script.call(script.startS + 5 + n, who, { path: `/translate?to=de&text=${text}`, bytes: random.int(100, 5000) });
  }
}

export const OLD_LINKS: Family = {
  name: 'old links, and queries that are no code',
  trials: [
    must('office of 80 people, two old links each, within 3 h', office, 'files', 'pages'),
    must('editor meets a page that is gone each 30 s, 2 h', editor, 'files', 'pages'),
    must('30 people sign in by OpenID, URLs within URLs', signIns, 'files'),
    must('text is translated while it is typed, several lines', typing, 'files'),
    should(
      'robot that nobody verifies follows an old link each 30 s, 3 h',
      program('Mozilla/5.0 (compatible; ExampleBot/4.0; +https://bot.example/)', 30, 3 * HOUR, (random, _n, script) => [
        oldLink(script),
        random.pick(script.site.pages),
      ]),
      'pages',
    ),
    should(
      'GraphQL by GET, a program',
      program('relay-client/1.0', 5, 5 * MINUTE, (random, count) => ({
        path: `/graphql?query={user(id:%22${random.int(1, 900_000)}%22){name,posts{title}}}&variables={%22n%22:${count}}`,
        bytes: random.int(200, 3000),
      })),
    ),
  ],
};
