/** Building and changing the page. Text gets in through textContent only. */

const SVG = 'http://www.w3.org/2000/svg';
export const byId = (id) => document.getElementById(id);

/** Sets a text if it differs; a changed node would lose the reader's selection. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
export const set = (id, text) => setText(byId(id), text);

export function element(name, className, ...children) {
  const node = document.createElement(name);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

export function button(label, className, onClick) {
  const node = element('button', className, label);
  node.type = 'button';
  node.addEventListener('click', onClick);
  return node;
}

export function shape(name, attributes, ...children) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

/**
 * Makes `body` hold one node for each item, in order; `make` returns a node with a method `fill`. Nodes are kept and their texts
 * changed, instead of being made anew every second, so that a selection or a focus survives.
 */
export function syncList(body, items, keyOf, make) {
  const old = new Map(Array.from(body.children, (node) => [node.dataset.key, node]));
  let at = body.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    const node = old.get(key) ?? make();
    old.delete(key);
    node.dataset.key = key;
    node.fill(item);
    if (node === at) at = at.nextElementSibling;
    else body.insertBefore(node, at);
  }
  for (const node of old.values()) node.remove();
}

export async function copy(text, node) {
  const label = node.textContent;
  try {
    await navigator.clipboard.writeText(text);
    setText(node, 'Copied');
  } catch {
    // Browsers allow it on https and localhost only; the command beside the button selects as a whole.
    setText(node, 'Select it');
  }
  setTimeout(() => setText(node, label), 1500);
}

/** The JSON of an address of the daemon; rejects when there is none. */
export async function fetchJson(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error((await response.text()).trim() || `HTTP ${response.status}`);
  return response.json();
}
