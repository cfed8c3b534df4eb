/**
 * One stream of events for all tabs: browsers allow six connections to a host. The tab that holds
 * the lock reads it and passes everything on; the others listen. A tab that has been hidden for
 * long gives the lock up, and closes the stream when nobody else wants it.
 */

import { address, get, getText } from "../core/api.js";
import { signal } from "../core/signal.js";
import { Written, readEvent } from "../core/written.js";

const HIDDEN_FOR_LONG_MS = 60_000;
const RETRY_MS = 1000;
const AT_ONCE = 1000;
const LOCK = "gio.stream";

/**
 * @typedef {{event: (event: any) => void, summary: (summary: any) => void, reset: () => void}}
 *   Handlers
 */

export class Stream {
  /** @param {Handlers} handlers */
  constructor(handlers) {
    /** "connecting", "live", "lost" or "asleep". */
    this.state = signal("connecting");
    this.last = 0;
    this._handlers = handlers;
    this._channel = new BroadcastChannel("gio.stream");
    this._channel.onmessage = ({ data }) => this._hear(data);
    this._release = null;
    document.addEventListener("visibilitychange", () => this._visibility());
    addEventListener("pagehide", () => this._release?.());
  }

  /** Begins after the event `last`. @param {number} last */
  start(last) {
    this.last = Math.max(this.last, last);
    this._channel.postMessage({ kind: "hello" });
    this._wantLock();
  }

  _wantLock() {
    if (this._wanting) return;
    this._wanting = new AbortController();
    const { signal: aborted } = this._wanting;
    // Only secure addresses have locks; on others each tab reads for itself.
    if (!navigator.locks) this._lead();
    else navigator.locks.request(LOCK, { signal: aborted }, () => this._lead()).catch(() => {});
  }

  /** Reads the stream until the lock is given up. */
  _lead() {
    return new Promise((resolve) => {
      this._release = () => {
        this._source?.close();
        clearTimeout(this._retry);
        this._release = this._source = this._wanting = null;
        resolve();
      };
      this._open();
    });
  }

  _open() {
    const source = new EventSource(address("/stream", { after: this.last }));
    this._source = source;
    const tell = (kind, data) => {
      this._hear({ kind, data });
      this._channel.postMessage({ kind, data });
    };
    source.addEventListener("open", () => tell("state", "live"));
    source.addEventListener("event", ({ data }) => tell("event", data));
    source.addEventListener("summary", ({ data }) => tell("summary", JSON.parse(data)));
    source.addEventListener("cleared", () => tell("reset", null));
    source.addEventListener("error", () => {
      source.close();
      tell("state", "lost");
      this._retry = setTimeout(() => this._reopen(tell), RETRY_MS);
    });
  }

  /** Goes on where it stopped, unless the collector has begun a new store meanwhile. */
  async _reopen(tell) {
    try {
      const { events } = await get("/events", { limit: 1 });
      if ((events[0]?.id ?? 0) < this.last) tell("reset", null);
    } catch {
      if (this._release) this._retry = setTimeout(() => this._reopen(tell), RETRY_MS);
      return;
    }
    if (this._release) this._open();
  }

  _hear({ kind, data }) {
    if (kind === "hello") {
      if (this._release) this._channel.postMessage({ kind: "state", data: this.state.value });
    } else if (kind === "state") {
      if (this.state.value !== data) this.state.set(data);
    } else if (kind === "event") {
      const event = readEvent(data);
      this.last = Math.max(this.last, event.id);
      this._handlers.event(event);
    } else if (kind === "reset") {
      this.last = 0;
      this._handlers.reset();
    } else {
      this._handlers.summary(data);
    }
  }

  _visibility() {
    clearTimeout(this._hiding);
    if (document.hidden) {
      this._hiding = setTimeout(() => this._sleep(), HIDDEN_FOR_LONG_MS);
    } else if (this.state.value === "asleep") {
      this._wake();
    }
  }

  _sleep() {
    this._wanting?.abort();
    this._wanting = null;
    this._release?.();
    this.state.set("asleep");
  }

  async _wake() {
    this.state.set("connecting");
    this.start(this.last);
    // Another tab may read the stream, and be further on than this one.
    for (let full = true; full; ) {
      const answer = new Written(await getText("/events", { after: this.last, limit: AT_ONCE }));
      const events = answer.get("events")?.elements ?? [];
      for (const { text } of events) this._hear({ kind: "event", data: text });
      full = events.length === AT_ONCE;
    }
  }
}
