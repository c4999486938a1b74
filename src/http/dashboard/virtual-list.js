/** A grid of rows of one height that has nodes only for those in sight; rows are moved through by the arrow keys. */

/** Rows beyond each edge, so that scrolling shows no hole. */
const MORE = 6;

export class VirtualList {
  items = [];
  #box;
  #inner;
  #row;
  /** Nodes, each with the index it shows. */
  #nodes = [];
  #active = 0;

  /** `make` returns a node, `fill` puts an item into it, `act` is called for an item by click or Enter. */
  constructor(box, row) {
    this.#box = box;
    this.#row = row;
    this.#inner = box.firstElementChild;
    box.addEventListener('scroll', () => this.refresh(), { passive: true });
    box.addEventListener('keydown', (event) => this.#key(event));
    box.addEventListener('click', ({ target }) => {
      const node = target.closest('.row');
      if (!node) return;
      this.#active = node.index;
      this.refresh();
      row.act(this.items[node.index]);
    });
    new ResizeObserver(() => this.refresh()).observe(box);
  }

  /** Shows other items; the active row stays where its item is still there. */
  show(items) {
    const key = this.items[this.#active]?.key;
    const at = key === undefined ? 0 : items.findIndex((item) => item.key === key);
    this.items = items;
    this.#active = Math.max(0, at);
    this.#box.setAttribute('aria-rowcount', String(items.length));
    this.refresh();
  }

  /** Fills the rows in sight anew. */
  refresh() {
    const height = this.#height;
    if (height === 0) return;
    this.#inner.style.height = `${this.items.length * height}px`;
    const first = Math.max(0, Math.floor(this.#box.scrollTop / height) - MORE);
    const last = Math.min(this.items.length, Math.ceil((this.#box.scrollTop + this.#box.clientHeight) / height) + MORE);
    while (this.#nodes.length < last - first) this.#add();
    while (this.#nodes.length > last - first) this.#nodes.pop().remove();
    for (const [offset, node] of this.#nodes.entries()) {
      const index = first + offset;
      node.index = index;
      node.id = `${this.#box.id}-${index}`;
      node.style.transform = `translateY(${index * height}px)`;
      node.setAttribute('aria-rowindex', String(index + 1));
      node.classList.toggle('active', index === this.#active);
      this.#row.fill(node, this.items[index]);
    }
    const isShown = this.#active >= first && this.#active < last;
    if (isShown) this.#box.setAttribute('aria-activedescendant', `${this.#box.id}-${this.#active}`);
    else this.#box.removeAttribute('aria-activedescendant');
  }

  get #height() {
    return Number.parseFloat(getComputedStyle(this.#box).getPropertyValue('--row')) || 0;
  }

  #add() {
    const node = this.#row.make();
    this.#nodes.push(node);
    this.#inner.append(node);
  }

  #key(event) {
    const page = Math.max(1, Math.floor(this.#box.clientHeight / this.#height) - 1);
    const last = this.items.length - 1;
    const to = {
      ArrowDown: this.#active + 1,
      ArrowUp: this.#active - 1,
      PageDown: this.#active + page,
      PageUp: this.#active - page,
      Home: 0,
      End: last,
    }[event.key];
    const isAct = event.key === 'Enter' || event.key === ' ';
    if (to === undefined && !isAct) return;
    event.preventDefault();
    if (isAct) return this.items[this.#active] && this.#row.act(this.items[this.#active]);
    this.#active = Math.min(last, Math.max(0, to));
    const [top, height] = [this.#active * this.#height, this.#height];
    if (top < this.#box.scrollTop) this.#box.scrollTop = top;
    else if (top + height > this.#box.scrollTop + this.#box.clientHeight)
      this.#box.scrollTop = top + height - this.#box.clientHeight;
    this.refresh();
  }
}
