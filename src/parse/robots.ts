/** Tells which user agents say that they are robots. */
import { SeenTexts } from './seen-texts.ts';
import { WordMatcher } from './word-matcher.ts';

/** How crawlers and monitors name themselves; `bot` ends its word, so that `Cubot` phones count and `bottle` does not. */
const ROBOT_WORDS = ['bot', 'crawl', 'spider', 'slurp', 'monitor', '+http:', '+https:'];
const ROBOT_EXCEPTIONS = [...'abcdefghijklmnopqrstuvwxyz0123456789_'].map((c) => `bot${c}`);

const words = new WordMatcher(ROBOT_WORDS, ROBOT_EXCEPTIONS);

/** Remembered: of the agents of real logs 90 to 98 % are, in 256 KiB. */
const [AGENTS_LOG2, AGENT_BYTES_MAX] = [10, 256];

export class Robots {
  private readonly agents = new SeenTexts(AGENTS_LOG2, AGENT_BYTES_MAX);
  /** By slot: 1 for a robot. */
  private readonly verdicts = new Uint8Array(this.agents.slots);

  /** Makes `bytes` the chunk that agents are looked for in. */
  open(bytes: Uint8Array): void {
    this.agents.open(bytes);
  }

  /** True when the agent in `start`…`end` is a robot's. */
  has(bytes: Uint8Array, start: number, end: number): boolean {
    const { agents, verdicts } = this;
    let slot = agents.find(bytes, start, end);
    if (slot < 0) {
      slot = -1 - slot;
      verdicts[slot] = words.matches(bytes, start, end) ? 1 : 0;
    }
    return verdicts[slot] === 1;
  }
}
