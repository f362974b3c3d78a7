/** Flag by which a process is told that its standard input is a pipe from whoever started it. */
export const WITH_PARENT = '--with-parent';

/** Calls `stop` when whoever started this process is gone, however it went: a killed parent must not leave children behind. Does nothing without the flag. */
export function endWithParent(stop: () => void, argv: readonly string[] = process.argv): void {
  if (!argv.includes(WITH_PARENT)) return;
  process.stdin.once('end', stop);
  process.stdin.once('error', stop);
  process.stdin.resume();
}
