/** A map that forgets what was used longest ago; for content that never changes, such as commits and trees. */
export class Lru<Value> {
  readonly #held = new Map<string, Value>();
  readonly #limit: number;
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** What is held for a key, made first where nothing is; a failure is not held. */
  async get(key: string, make: () => Promise<Value>): Promise<Value> {
    const known = this.#held.get(key);
    if (known !== undefined) {
      this.#held.delete(key);
      this.#held.set(key, known);
      return known;
    }
    const value = await make();
    this.#held.set(key, value);
    const [oldest] = this.#held.keys();
    if (this.#held.size > this.#limit && oldest !== undefined) this.#held.delete(oldest);
    return value;
  }
}
