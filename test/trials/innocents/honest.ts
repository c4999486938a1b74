/** How honest trials are written. */
import type { Random } from '../../../src/simulate/random.ts';
import { type Asked, Script } from '../script.ts';
import type { Level, Need, Play, Trial } from '../trial.ts';

type Write = (script: Script) => Play['change'] | undefined;

/** `write` may return what changes in the background. */
export const honest =
  (level: Exclude<Level, 'attack'>) =>
  (name: string, write: Write | ((script: Script) => void), ...needs: Need[]): Trial => ({
    ...{ level, name, needs },
    play: (site, random) => {
      const script = new Script(site, random);
      const change = write(script);
      return { requests: script.requests, ...(change && { change }) };
    },
  });

/** A request, or some at once, drawn when its turn has come. */
export type Ask = (random: Random, count: number, script: Script) => Asked | readonly Asked[];

/** A program that asks at about this interval for so many seconds; several requests follow each other within it. */
export function program(agent: string, intervalS: number, seconds: number, ask: Ask): (script: Script) => void {
  return (script) => {
    const who = script.program(agent);
    script.every(intervalS, seconds, (atS, count) => {
      for (const [index, asked] of [ask(script.random, count, script)].flat().entries()) {
        script.send(atS + 0.1 * index * intervalS, who, asked);
      }
    });
  };
}

/** People who come at this rate, each at a moment of their own. */
export function arrivals(script: Script, count: number, seconds: number, come: (atS: number) => void): void {
  const { random, startS } = script;
  for (let n = 0; n < count; n++) come(startS + ((n + random.next()) * seconds) / count);
}
