/** The queue of activities that mostly call the forge: a rate for it slows nothing else down. */
export function forgeQueue(taskQueue: string): string {
  return `${taskQueue}-forge`;
}
