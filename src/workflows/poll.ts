import type { Control } from './control.ts';

/** The interval grows by this much, so that a wait of hours stays a few dozen events of history. */
const GROWTH = 1.5;
const LONGEST = 10;

/** A slow poll behind events: each wait ends early when something arrived, and the whole ends at its time limit. */
export class Poll {
  readonly #control: Control;
  readonly #longest: number;
  readonly #deadline: number;
  readonly #summary: string;
  #interval: number;

  constructor(control: Control, intervalMs: number, timeoutMs: number, summary: string) {
    this.#control = control;
    this.#interval = intervalMs;
    this.#longest = intervalMs * LONGEST;
    this.#deadline = Date.now() + timeoutMs;
    this.#summary = summary;
  }

  /** Waits for news or one interval; false when the time limit has passed. */
  async wait(): Promise<boolean> {
    const left = this.#deadline - Date.now();
    if (left <= 0) return false;
    await this.#control.news(Math.min(this.#interval, left), this.#summary);
    this.#interval = Math.min(this.#interval * GROWTH, this.#longest);
    return true;
  }
}
