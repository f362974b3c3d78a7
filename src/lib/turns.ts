/** Lets `most` pieces of work run at the same time; `waiting` more wait for their turn, and what comes on top is refused with null. */
export function createTurns(most: number, waiting: number): <T>(work: () => Promise<T>) => Promise<T> | null {
  let running = 0;
  const queue: Array<() => void> = [];
  return (work) => {
    if (running >= most && queue.length >= waiting) return null;
    const begin = async () => {
      if (running >= most) await new Promise<void>((resolve) => queue.push(resolve));
      else running += 1;
      try {
        return await work();
      } finally {
        // Whoever waits takes the place over.
        const next = queue.shift();
        if (next === undefined) running -= 1;
        else next();
      }
    };
    return begin();
  };
}
