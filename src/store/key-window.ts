/** Keys with the numbers of their entries: at least the newest `size` of them, and at most twice as many. */
export class KeyWindow {
  readonly size: number;
  // Two generations: a map from which the oldest key is taken each time looks through all that were taken before.
  #newer = new Map<string, number>();
  #older: ReadonlyMap<string, number> = new Map();

  constructor(size: number) {
    this.size = size;
  }

  get(key: string): number | undefined {
    return this.#newer.get(key) ?? this.#older.get(key);
  }

  add(key: string, seq: number): void {
    if (this.#newer.has(key)) return;
    if (this.#newer.size >= this.size) {
      this.#older = this.#newer;
      this.#newer = new Map();
    }
    this.#newer.set(key, seq);
  }
}
