/** How many events a second, by verdict and by name, over the last two minutes. */

export const SECONDS = 120;
const SPARK_BUCKETS = 20;

/** @typedef {{ok: number, warn: number, bad: number}} Counts */

export class Rates {
  constructor() {
    /** @type {Map<number, Counts>} */
    this._seconds = new Map();
    /** @type {Map<string, Map<number, number>>} */
    this._names = new Map();
    this._seen = new Set();
  }

  /** @param {any} event */
  add(event) {
    const second = Math.floor(event.received_ms / 1000);
    if (second < now() - SECONDS || this._seen.has(event.id)) return;
    this._seen.add(event.id);
    const counts = this._seconds.get(second) ?? { ok: 0, warn: 0, bad: 0 };
    counts[event.verdict] += 1;
    this._seconds.set(second, counts);
    const key = nameKey(event.kind, event.name || event.type);
    const own = this._names.get(key) ?? new Map();
    own.set(second, (own.get(second) ?? 0) + 1);
    this._names.set(key, own);
    if (this._seconds.size > 2 * SECONDS) this._forget();
  }

  /** The last seconds, oldest first. @returns {Counts[]} */
  series() {
    const first = now() - SECONDS + 1;
    const none = { ok: 0, warn: 0, bad: 0 };
    return Array.from({ length: SECONDS }, (_, i) => this._seconds.get(first + i) ?? none);
  }

  /** Counts of one name in twenty equal parts. @returns {number[]} */
  spark(kind, name) {
    const own = this._names.get(nameKey(kind, name));
    const parts = new Array(SPARK_BUCKETS).fill(0);
    const first = now() - SECONDS + 1;
    for (const [second, number] of own ?? []) {
      if (second >= first) parts[Math.floor(((second - first) * SPARK_BUCKETS) / SECONDS)] += number;
    }
    return parts;
  }

  clear() {
    this._seconds.clear();
    this._names.clear();
    this._seen.clear();
  }

  _forget() {
    const oldest = now() - SECONDS;
    for (const series of [this._seconds, ...this._names.values()]) {
      for (const second of series.keys()) if (second < oldest) series.delete(second);
    }
    this._seen.clear();
  }
}

const now = () => Math.floor(Date.now() / 1000);
const nameKey = (kind, name) => `${kind}\n${name ?? ""}`;
