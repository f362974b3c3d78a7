/** The queue of activities that mostly call the forge: a rate for it slows nothing else down. */
export function forgeQueue(taskQueue: string): string {
  return `${taskQueue}-forge`;
}

/** The queue of activities that run commands in the sandbox: as many at once as a worker's machine takes. */
export function sandboxQueue(taskQueue: string): string {
  return `${taskQueue}-sandbox`;
}

/** The queue of activities that ask a model: as many at once as its vendor allows. */
export function modelQueue(taskQueue: string): string {
  return `${taskQueue}-model`;
}
