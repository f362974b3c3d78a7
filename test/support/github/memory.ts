type Container = Map<unknown, unknown> | Set<unknown> | unknown[];

/** What can be put back to how it was. */
interface Part {
  save(): unknown;
  restore(saved: never): void;
}

function refill(container: Container, saved: Container): void {
  if (Array.isArray(container)) container.splice(0, container.length, ...(saved as unknown[]));
  else if (container instanceof Set) {
    container.clear();
    for (const value of saved as Set<unknown>) container.add(value);
  } else {
    container.clear();
    for (const [key, value] of saved as Map<unknown, unknown>) container.set(key, value);
  }
}

/** Everything that a stand-in remembers, so that it can be put back to an earlier moment: matrices try one step many times from the same state. */
export class Memory {
  readonly #containers: Container[] = [];
  readonly #parts: Part[] = [];

  /** Has a container remembered with what is in it. */
  keep<T extends Container>(container: T): T {
    this.#containers.push(container);
    return container;
  }

  /** Only its length is remembered: what is in it never changes. */
  keepLength(list: unknown[]): void {
    this.#parts.push({
      save: () => list.length,
      restore: (length: never) => {
        list.length = length;
      },
    });
  }

  keepPart(part: Part): void {
    this.#parts.push(part);
  }

  /** The state of this moment; the function goes back to it, any number of times. */
  moment(): () => void {
    // One clone of all: what refers to each other still does after it.
    const saved = structuredClone(this.#containers);
    const others = this.#parts.map((part) => part.save());
    return () => {
      const again = structuredClone(saved);
      for (const [at, container] of this.#containers.entries()) refill(container, again[at] as Container);
      for (const [at, part] of this.#parts.entries()) part.restore(others[at] as never);
    };
  }
}
