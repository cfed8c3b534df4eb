/** The events on the Live page: those in the store that match, and each new one as it arrives. */

import { get } from "../core/api.js";
import { signal } from "../core/signal.js";
import { matches } from "./filters.js";

const AT_ONCE = 200;

/** As many as a store keeps by default. Older ones are read again when they are scrolled to. */
const MOST = 10_000;

/** Newest first. `total` is how many match in the store, loaded or not. */
export class Feed {
  constructor() {
    /** @type {any[]} */
    this.events = [];
    this.total = 0;
    /** @type {Record<string, string>} */
    this.filters = {};
    this.loading = true;
    /** @type {Error|null} */
    this.error = null;
    this.paused = false;
    /** Events that came while paused, and match. @type {any[]} */
    this.held = [];
    /** Tells how many events were put on top. */
    this.changed = signal(0);
    this._turn = 0;
    this._more = false;
  }

  /** Reads anew. @param {Record<string, string>} [filters] the old ones when left out */
  async load(filters = this.filters) {
    const turn = ++this._turn;
    Object.assign(this, { filters, loading: true, error: null });
    this.changed.set(0);
    const arrived = (this._arrived = []);
    try {
      const answer = await get("/events", { ...filters, limit: AT_ONCE });
      if (turn === this._turn) this._take(answer, arrived);
    } catch (error) {
      if (turn === this._turn) Object.assign(this, { error, loading: false });
    }
    if (turn === this._turn) this.changed.set(0);
  }

  _take({ events, total }, arrived) {
    Object.assign(this, { events, total, held: [], loading: false });
    // What came over the stream while the answer was on its way may be in neither or in both.
    for (const event of arrived) if (this._insert(event)) this.total += 1;
  }

  /** Reads older ones, when there are any. */
  async more() {
    const last = this.events.at(-1);
    if (this._more || this.loading || !last || this.events.length >= this.total) return;
    this._more = true;
    const turn = this._turn;
    try {
      const answer = await get("/events", { ...this.filters, limit: AT_ONCE, before: last.id });
      if (turn === this._turn) this.events.push(...answer.events);
    } finally {
      this._more = false;
    }
    this.changed.set(0);
  }

  /** Takes an event from the stream. @param {any} event */
  push(event) {
    if (!matches(event, this.filters)) return;
    if (this.loading) {
      this._arrived.push(event);
    } else if (this.paused) {
      if (!this.held.some((one) => one.id === event.id)) this.held.push(event);
      this.changed.set(0);
    } else if (this._insert(event)) {
      this.total += 1;
      this.events.length = Math.min(this.events.length, MOST);
      this.changed.set(1);
    }
  }

  /** Puts it where its id belongs; false when it is there already. */
  _insert(event) {
    const place = this.events.findIndex((one) => one.id <= event.id);
    if (place >= 0 && this.events[place].id === event.id) return false;
    if (place < 0) this.events.push(event);
    else this.events.splice(place, 0, event);
    return true;
  }

  /** Holds new events back, or shows those that were held. */
  togglePause() {
    this.paused = !this.paused;
    const held = this.held.splice(0);
    for (const event of held) if (this._insert(event)) this.total += 1;
    this.changed.set(held.length);
  }

  /** @param {number} id @returns {any} undefined when it is not loaded */
  find(id) {
    return this.events.find((event) => event.id === id);
  }
}
