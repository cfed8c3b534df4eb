/** The events on the Live page: those in the store that match, and each new one as it arrives. */

import { getEvents } from "../core/api.js";
import { signal } from "../core/signal.js";

const AT_ONCE = 200;
const ASKED_EVERY_MS = 100;

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
    /** Waits to ask the server. @type {number|null} */
    this._asking = null;
  }

  /** Reads anew. @param {Record<string, string>} [filters] the old ones when left out */
  async load(filters = this.filters) {
    const turn = ++this._turn;
    Object.assign(this, { filters, loading: true, error: null });
    this.changed.set(0);
    const arrived = (this._arrived = []);
    try {
      const answer = await getEvents("/events", { ...filters, limit: AT_ONCE });
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
      const answer = await getEvents("/events", { ...this.filters, limit: AT_ONCE, before: last.id });
      if (turn === this._turn) this.events.push(...answer.events);
    } finally {
      this._more = false;
    }
    this.changed.set(0);
  }

  /**
   * Takes an event from the stream. Whether it is among those that a filter asks for only the server
   * knows: it is asked for what is new, at most ten times a second.
   * @param {any} event
   */
  push(event) {
    if (Object.keys(this.filters).length === 0) this._add([event]);
    else this._asking ??= setTimeout(() => this._ask(), ASKED_EVERY_MS);
  }

  async _ask() {
    const turn = this._turn;
    const params = { ...this.filters, after: this._newest(), limit: AT_ONCE };
    try {
      const { events } = await getEvents("/events", params);
      this._asking = null;
      if (turn !== this._turn) return; // everything is being read anew
      this._add(events);
      if (events.length === AT_ONCE) this.push(events.at(-1));
    } catch {
      // The stream says when the collector is away, and everything is read anew when it is back.
      this._asking = null;
    }
  }

  /** The newest event that is known to match; 0 when there is none. */
  _newest() {
    const [first] = this.events;
    return Math.max(first?.id ?? 0, ...this.held.map(({ id }) => id));
  }

  /** @param {any[]} events that match, oldest first */
  _add(events) {
    if (this.loading) {
      this._arrived.push(...events);
    } else if (this.paused) {
      const known = new Set(this.held.map(({ id }) => id));
      this.held.push(...events.filter(({ id }) => !known.has(id)));
      this.changed.set(0);
    } else {
      const added = events.filter((event) => this._insert(event)).length;
      this.total += added;
      this.events.length = Math.min(this.events.length, MOST);
      if (added) this.changed.set(added);
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
