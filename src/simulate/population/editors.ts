import type { Sender } from '../access-event.ts';
import type { Random } from '../random.ts';
import { recurSessions, type World } from '../world.ts';
import { homeClients, homeSender } from './clients.ts';
import { dynamicRequest } from './requests.ts';

/** Authors of the blog: sign in (WordPress answers a wrong password with 200), then the editor's heartbeat. */
export function runEditors(world: World, random: Random, rateRps: number): void {
  const authors = homeClients(random, 0).slice(0, 12);
  recurSessions(world, random, rateRps, (on, timeMs) => {
    const from: Sender = { ...homeSender(random, random.pick(authors), world.site.host), role: 'editor' };
    edit(on, random, from, signIn(on, random, from, timeMs));
  });
}

/** Returns when the author is in. */
function signIn(world: World, random: Random, from: Sender, timeMs: number): number {
  const referer = `https://${world.site.host}/blog/wp-login.php`;
  world.send(dynamicRequest(random, from, timeMs, 'GET', '/blog/wp-login.php', 200, 7400));
  const failures = random.chance(0.3) ? random.int(1, 4) : 0;
  let atMs = timeMs;
  for (let attempt = 0; attempt <= failures; attempt++) {
    atMs += 3000 + Math.round(random.exponential(8000));
    const isWrong = attempt < failures;
    world.send(
      dynamicRequest(
        random,
        from,
        atMs,
        'POST',
        '/blog/wp-login.php',
        isWrong ? 200 : 302,
        isWrong ? 7600 : 0,
        referer,
      ),
    );
  }
  return atMs;
}

function edit(world: World, random: Random, from: Sender, timeMs: number): void {
  const referer = `https://${world.site.host}/blog/wp-admin/post.php`;
  world.send(dynamicRequest(random, from, timeMs + 400, 'GET', '/blog/wp-admin/', 200, 88_000));
  let left = Math.min(400, Math.round(random.lognormal(30, 0.9)));
  const heartbeat = (atMs: number): void => {
    world.send(dynamicRequest(random, from, atMs, 'POST', '/blog/wp-admin/admin-ajax.php', 200, 140, referer));
    if (--left <= 0) return;
    const nextMs = atMs + (random.chance(0.2) ? random.int(500, 3000) : 15_000);
    world.wake(nextMs, () => heartbeat(nextMs));
  };
  const firstMs = timeMs + 5000;
  world.wake(firstMs, () => heartbeat(firstMs));
  if (random.chance(0.3)) uploadPictures(world, random, from, timeMs + 60_000);
}

/** A dozen or three pictures in a row, then a draft with all of them, saved again and again. */
function uploadPictures(world: World, random: Random, from: Sender, timeMs: number): void {
  const referer = `https://${world.site.host}/blog/wp-admin/upload.php`;
  let atMs = timeMs;
  for (let left = random.int(5, 40); left > 0; left--) {
    world.send(dynamicRequest(random, from, atMs, 'POST', '/blog/wp-admin/async-upload.php', 200, 600, referer));
    atMs += random.int(700, 3000);
  }
  for (let left = random.int(2, 12); left > 0; left--) {
    world.send(
      dynamicRequest(random, from, atMs, 'POST', `/blog/wp-json/wp/v2/posts/${random.int(90, 99)}`, 200, 9000, referer),
    );
    atMs += random.int(5000, 40_000);
  }
}
