import { type Actor, ask } from '../actor.ts';
import type { Random } from '../random.ts';
import { recurSessions, repeat, type World } from '../world.ts';
import { atHome, homeClients } from './clients.ts';

/** Authors of the blog: sign in (WordPress answers a wrong password with 200), then the editor's heartbeat. */
export function runEditors(world: World, random: Random, rateRps: number): void {
  const authors = homeClients(random, 0).slice(0, 12);
  recurSessions(world, random, rateRps, (on, timeMs) => {
    const author = atHome(on, random, random.pick(authors), 'editor');
    edit(author, signIn(author, timeMs));
  });
}

/** Returns when the author is in. */
function signIn(author: Actor, timeMs: number): number {
  const { world, random } = author;
  const path = '/blog/wp-login.php';
  const referer = `https://${world.site.host}${path}`;
  ask(author, timeMs, 'GET', path, 200, 7400);
  const failures = random.chance(0.3) ? random.int(1, 4) : 0;
  let atMs = timeMs;
  for (let attempt = 0; attempt <= failures; attempt++) {
    atMs += 3000 + Math.round(random.exponential(8000));
    const [status, bytes] = attempt < failures ? [200, 7600] : [302, 0];
    ask(author, atMs, 'POST', path, status, bytes, referer);
  }
  return atMs;
}

function edit(author: Actor, timeMs: number): void {
  const { world, random } = author;
  const referer = `https://${world.site.host}/blog/wp-admin/post.php`;
  ask(author, timeMs + 400, 'GET', '/blog/wp-admin/', 200, 88_000);
  let left = Math.min(400, Math.round(random.lognormal(30, 0.9)));
  const firstMs = timeMs + 5000;
  world.wake(firstMs, () =>
    repeat(world, firstMs, (atMs) => {
      ask(author, atMs, 'POST', '/blog/wp-admin/admin-ajax.php', 200, 140, referer);
      return --left <= 0 ? undefined : atMs + (random.chance(0.2) ? random.int(500, 3000) : 15_000);
    }),
  );
  if (random.chance(0.3)) uploadPictures(author, timeMs + 60_000);
}

/** A dozen or three pictures in a row, then a draft with all of them, saved again and again. */
function uploadPictures(author: Actor, timeMs: number): void {
  const { world, random } = author;
  const referer = `https://${world.site.host}/blog/wp-admin/upload.php`;
  let atMs = timeMs;
  for (let left = random.int(5, 40); left > 0; left--) {
    ask(author, atMs, 'POST', '/blog/wp-admin/async-upload.php', 200, 600, referer);
    atMs += random.int(700, 3000);
  }
  for (let left = random.int(2, 12); left > 0; left--) {
    ask(author, atMs, 'POST', `/blog/wp-json/wp/v2/posts/${random.int(90, 99)}`, 200, 9000, referer);
    atMs += random.int(5000, 40_000);
  }
}
