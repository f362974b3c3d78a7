import { readdirSync, readFileSync } from 'node:fs';
import { Failure } from '../../domain/failure.ts';

const O_CLOEXEC = 0o2000000;
const HIGHEST = 8192;

/**
 * Descriptors that whoever started this process left open and that every child would inherit. Node marks its own close-on-exec, so the
 * list does not change while we run. They are covered with /dev/null when a sandbox starts: a pipe or socket of the host must not
 * be reachable from inside.
 */
export function strayDescriptors(): number[] {
  const found = readdirSync('/proc/self/fdinfo')
    .map(Number)
    .filter((descriptor) => {
      if (descriptor < 3) {
        return false;
      }
      try {
        const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))?.[1] ?? '';
        return (Number.parseInt(flags, 8) & O_CLOEXEC) === 0;
      } catch {
        // The descriptor of the listing itself.
        return false;
      }
    });
  const highest = Math.max(0, ...found);
  if (highest > HIGHEST) {
    throw new Failure(
      'sandbox-unavailable',
      `the service was started with descriptor ${highest} open and sandboxes would inherit it; close it before starting`,
    );
  }
  return found;
}
