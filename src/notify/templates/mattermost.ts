/** https://developers.mattermost.com/integrate/webhooks/incoming/ */
import { fitMessage } from '../fit.ts';
import { spellMarkdown } from '../markdown.ts';
import type { Template } from '../template.ts';

/** Mattermost splits longer posts. */
const CHARACTERS_MAX = 16_000;

export const mattermost: Template = {
  service: 'Mattermost',
  render: (message) => ({ body: { text: fitMessage(message, CHARACTERS_MAX, spellMarkdown) } }),
};
