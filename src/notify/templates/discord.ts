/** https://discord.com/developers/docs/resources/webhook#execute-webhook */
import { fitMessage } from '../fit.ts';
import { spellMarkdown } from '../markdown.ts';
import type { Template } from '../template.ts';

const CHARACTERS_MAX = 2000;
/** SUPPRESS_EMBEDS: no previews of links. */
const FLAGS = 4;

export const discord: Template = {
  service: 'Discord',
  render: (message) => ({
    body: {
      content: fitMessage(message, CHARACTERS_MAX, spellMarkdown),
      allowed_mentions: { parse: [] },
      flags: FLAGS,
    },
  }),
};
