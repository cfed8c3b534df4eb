/** A list of which only the visible rows exist, so that ten thousand cost as much as thirty. */

import { el } from "../core/dom.js";
import { perFrame } from "../core/signal.js";

const EXTRA_ROWS = 8;

/**
 * Rows are all `rowHeight()` pixels high. `make(item)` returns a row; `nearEnd` is called when the
 * last rows come near.
 */
export class VirtualList {
  /**
   * @param {{make: (item: any) => HTMLElement, rowHeight: () => number, nearEnd: () => void,
   *   label: string}} options
   */
  constructor({ make, rowHeight, nearEnd, label }) {
    this._make = make;
    this._rowHeight = rowHeight;
    this._nearEnd = nearEnd;
    /** @type {any[]} */
    this._items = [];
    /** The rows that are shown, by their items: most of them stay while somebody scrolls. */
    this._made = new Map();
    this._stale = false;
    this._rows = el("div", { class: "rows", role: "presentation" });
    this.element = el(
      "div",
      { class: "list", tabindex: "0", role: "listbox", "aria-label": label },
      this._rows,
    );
    this.draw = perFrame(() => this._draw());
    this.element.addEventListener("scroll", this.draw, { passive: true });
    this._watch = new ResizeObserver(this.draw);
    this._watch.observe(this.element);
  }

  /**
   * Shows these items. Somebody who has scrolled down stays at the same rows while others are put
   * on top. @param {any[]} items @param {number} onTop
   */
  set(items, onTop) {
    this._items = items;
    if (onTop && this.element.scrollTop > 0) {
      this._sizeRows();
      this.element.scrollTop += onTop * this._rowHeight();
    }
    this.draw();
  }

  /** Scrolls as little as needed. @param {number} index */
  reveal(index) {
    const height = this._rowHeight();
    const { scrollTop, clientHeight } = this.element;
    const top = index * height;
    if (top < scrollTop) this.element.scrollTop = top;
    else if (top + height > scrollTop + clientHeight) {
      this.element.scrollTop = top + height - clientHeight;
    }
    this.draw();
  }

  /** Tells who does not see it which row is chosen. @param {number|null} id of an event */
  choose(id) {
    if (id === null) this.element.removeAttribute("aria-activedescendant");
    else this.element.setAttribute("aria-activedescendant", `event-${id}`);
    this._stale = true;
    this.draw();
  }

  close() {
    this._watch.disconnect();
  }

  _sizeRows() {
    this._rows.style.setProperty("height", `${this._items.length * this._rowHeight()}px`);
  }

  /** Puts new rows in, and takes out what is no longer shown. @param {Map<any, HTMLElement>} made */
  _show(made) {
    for (const [item, row] of this._made) if (made.get(item) !== row) row.remove();
    let next = this._rows.firstChild;
    for (const row of made.values()) {
      if (row === next) next = next.nextSibling;
      else this._rows.insertBefore(row, next);
    }
    this._made = made;
    this._stale = false;
  }

  _draw() {
    const height = this._rowHeight();
    const { scrollTop, clientHeight } = this.element;
    const first = Math.max(0, Math.floor(scrollTop / height) - EXTRA_ROWS);
    const last = Math.ceil((scrollTop + clientHeight) / height) + EXTRA_ROWS;
    this._sizeRows();
    const made = new Map();
    this._items.slice(first, last).forEach((item, i) => {
      const row = (!this._stale && this._made.get(item)) || this._make(item);
      row.style.setProperty("transform", `translateY(${(first + i) * height}px)`);
      made.set(item, row);
    });
    this._show(made);
    if (last >= this._items.length) this._nearEnd();
  }
}
