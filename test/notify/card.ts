/** A Slack message as people see it: blocks drawn as a page, for the picture in the README. */
import type { Block, SlackPayload } from '../../src/notify/slack-payload.ts';

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Slack's own markup, https://docs.slack.dev/messaging/formatting-message-text, as far as zban writes it; its text is escaped already. */
function drawMarkup(text: string): string {
  return text
    .replace(/```(.*?)```/gs, (_, code: string) => `<pre>${code}</pre>`)
    .replace(/`([^`\n]+)`/g, '<code>$1</code>')
    .replace(/^\*([^*\n]+)\*$/gm, '<b>$1</b>')
    .replace(/<(https?:[^|>]+)\|([^>]+)>/g, '<a>$2</a>')
    .replace(/\n(?=<pre>)/g, '');
}

function drawBlock(block: Block): string {
  switch (block.type) {
    case 'header':
      // Few fonts here have the emoji of a ban.
      return `<h1>${escapeHtml(block.text.text).replace('⛔', '<i></i>')}</h1>`;
    case 'context':
      return `<footer>${block.elements.map(({ text }) => drawMarkup(text)).join(' ')}</footer>`;
    case 'section':
      return 'fields' in block
        ? `<dl>${block.fields.map(({ text }) => `<div>${drawMarkup(text)}</div>`).join('')}</dl>`
        : `<p>${drawMarkup(block.text.text)}</p>`;
  }
}

/** The page has the card as `main`, light or dark as the reader prefers. */
export function drawCard({ blocks }: SlackPayload): string {
  return `<!doctype html><meta charset="utf-8"><style>
:root { color-scheme: light dark; --ink: #1d1c1d; --dim: #616061; --line: #ddd; --code: #f6f6f6; --hot: #c01343; --link: #1264a3; --paper: #fff }
@media (prefers-color-scheme: dark) { :root { --ink: #d1d2d3; --dim: #ababad; --line: #3a3d40; --code: #232529; --hot: #e8912d; --link: #1d9bd1; --paper: #1a1d21 } }
body { margin: 0; background: var(--paper) }
main { width: 520px; padding: 16px 20px 16px 72px; position: relative; box-sizing: border-box; color: var(--ink); font: 15px/1.46 Lato, "Liberation Sans", Arial, sans-serif; white-space: pre-line }
main::before { content: "z"; position: absolute; left: 20px; top: 18px; width: 36px; height: 36px; border-radius: 6px; background: #1a7f5a; color: #fff; font: 700 22px/34px Arial, sans-serif; text-align: center }
header { font-weight: 700 } header small { margin-left: 6px; font-weight: 400; font-size: 12px; color: var(--dim) }
header .app { padding: 1px 3px; border-radius: 2px; background: var(--line); font-size: 10px }
h1 { margin: 4px 0 8px; font-size: 18px; line-height: 1.3 } p { margin: 8px 0 }
h1 i { display: inline-block; width: 17px; height: 17px; margin-bottom: -2px; border-radius: 50%; background: linear-gradient(#fff, #fff) center / 11px 4px no-repeat #e01e5a }
dl { display: grid; grid-template-columns: 1fr 1fr; gap: 8px 16px; margin: 8px 0 }
code, pre { font: 12px/1.5 "DejaVu Sans Mono", monospace; background: var(--code); border: 1px solid var(--line); border-radius: 3px }
code { padding: 1px 3px; color: var(--hot) } pre { margin: 4px 0; padding: 8px; white-space: pre-wrap; overflow-wrap: anywhere }
a { color: var(--link) } footer { margin-top: 8px; font-size: 13px; color: var(--dim) }
</style><main><header>zban<small class="app">APP</small><small>10:11 AM</small></header>${blocks.map(drawBlock).join('')}</main>`;
}
