/** What is recorded about one client, and, where the daemon allows it, what can be done about it. */
import { button, byId, copy, element, fetchJson, set } from './dom.js';
import * as format from './format.js';

const TOKEN = 'zban token';
const drawer = byId('drawer');
let subject;

byId('drawer-close').addEventListener('click', () => drawer.close());
// Beside the drawer lies the dialog itself.
drawer.addEventListener('click', ({ target }) => target === drawer && drawer.close());

/** Opens it for an address, a network, or the number of a row. */
export async function openDrawer(text) {
  subject = text;
  openEmpty(text, 'Looking it up …');
  await show();
}

/** Opens it for a lane, which can be dropped. */
export function openLane({ id, title, text }) {
  subject = undefined;
  openEmpty(`Lane ${id}`, format.withClocks(`${title}. ${text}`));
  showActions(id, [['Drop lane', 'drop_lane', 'danger']]);
}

function openEmpty(name, title) {
  set('drawer-client', name);
  set('drawer-title', title);
  for (const id of ['drawer-facts', 'drawer-timeline', 'drawer-actions']) byId(id).replaceChildren();
  byId('drawer-history').hidden = true;
  if (!drawer.open) drawer.showModal();
  drawer.scrollTop = 0;
}

async function show() {
  const asked = subject;
  try {
    const explanation = await fetchJson(`/api/explain?subject=${encodeURIComponent(asked)}`);
    if (asked === subject) fill(explanation);
  } catch (error) {
    if (asked === subject) set('drawer-title', `Nothing to show: ${error.message}`);
  }
}

function fill({ client, title, facts, timeline, isBanned, isAllowed }) {
  set('drawer-client', client ?? subject);
  set('drawer-title', title);
  byId('drawer-facts').replaceChildren(...facts.flatMap(factNodes));
  byId('drawer-history').hidden = timeline.length === 0;
  byId('drawer-timeline').replaceChildren(
    ...timeline.map((line) => {
      const label = element('span', `pill ${line.tone}`, line.label);
      const other = line.client === client ? '' : `${line.client} `;
      const what = element('span', 'what', `${other}${line.text}${format.byWhom(line)}`);
      return element('li', '', element('time', '', format.clock(line.time)), label, what);
    }),
  );
  if (client === null || !document.body.classList.contains('acting')) return;
  const first = isBanned ? ['Unban', 'unban', 'primary'] : ['Ban', 'ban', 'danger'];
  showActions(client, isAllowed ? [first] : [first, ['Never ban', 'allow', '']]);
}

function factNodes({ label, text, lines = [] }) {
  const nodes = lines.map((line) => {
    // Columns are for terminals.
    if (!line.startsWith('zban ')) return element('code', 'line', line.replace(/ {2,}/g, '  '));
    const command = element('code', 'line command', line);
    const node = button('Copy', 'small', () => copy(line, node));
    return element('span', 'undo', command, node);
  });
  return [element('dt', '', label), element('dd', '', ...(text ? [text] : []), ...nodes)];
}

/** The buttons for one who has shown a token; else where to show it. */
function showActions(target, choices) {
  const token = sessionStorage.getItem(TOKEN);
  const said = element('p', 'said');
  said.setAttribute('role', 'status');
  if (token === null) {
    const input = element('input');
    Object.assign(input, { type: 'password', autocomplete: 'off', placeholder: 'your token' });
    input.setAttribute('aria-label', 'Your token from http.token_file');
    const sign = async () => {
      const answer = await post({ action: 'whoami' }, input.value.trim());
      if (!answer.ok) {
        said.textContent = answer.message;
        return;
      }
      sessionStorage.setItem(TOKEN, input.value.trim());
      showActions(target, choices);
    };
    // Password managers want a form; it is sent nowhere.
    const form = element('form', '', input, element('button', '', 'Sign in to act'));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      sign();
    });
    byId('drawer-actions').replaceChildren(form, said);
    return;
  }
  const reason = element('input');
  Object.assign(reason, { type: 'text', maxLength: 500, placeholder: 'reason (goes into the audit trail)' });
  reason.setAttribute('aria-label', 'Reason');
  const act = (label, action, className) =>
    button(label, className, async ({ currentTarget }) => {
      currentTarget.disabled = true;
      const answer = await post({ action, target, reason: reason.value }, token);
      currentTarget.disabled = false;
      if (answer.signedOut) sessionStorage.removeItem(TOKEN);
      if (subject !== undefined) await show();
      const place = byId('drawer-actions').querySelector('.said');
      if (!place) return;
      place.textContent = answer.message;
      place.classList.toggle('bad', !answer.ok);
    });
  const buttons = choices.map(([label, action, className]) => act(label, action, className));
  byId('drawer-actions').replaceChildren(reason, ...buttons, said);
}

async function post(body, token) {
  try {
    const response = await fetch('/api/action', {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    });
    return { ...(await response.json()), signedOut: response.status === 401 };
  } catch {
    return { ok: false, message: 'the daemon does not answer' };
  }
}
