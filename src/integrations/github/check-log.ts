import { unless } from './answer.ts';
import type { Api } from './api.ts';
import type { Check } from './check-facts.ts';

/** Most of a log that is kept, in bytes; what lies between its head and its tail is left out. */
const MAX_LOG = 4 * 1024 ** 2;
const HEAD = MAX_LOG / 4;
const MAX_ANNOTATIONS = 100;

/** Bytes of a stream with its head and its tail kept; the whole is never in memory. */
export async function headAndTail(stream: ReadableStream<Uint8Array>, max = MAX_LOG, head = HEAD): Promise<Uint8Array> {
  const note = Buffer.from('\n... left out here: the log is longer than is kept ...\n');
  const tailSize = max - head - note.length;
  const first: Uint8Array[] = [];
  let firstLength = 0;
  let tail = Buffer.alloc(0);
  let dropped = false;
  for await (const chunk of stream) {
    let rest = chunk;
    if (firstLength < head) {
      const taken = rest.subarray(0, head - firstLength);
      first.push(taken);
      firstLength += taken.length;
      rest = rest.subarray(taken.length);
    }
    if (rest.length === 0) continue;
    tail = Buffer.concat([tail, rest]);
    // Trimmed now and then, not at every chunk: copying the tail each time would be quadratic.
    if (tail.length > tailSize * 2) {
      tail = Buffer.from(tail.subarray(tail.length - tailSize));
      dropped = true;
    }
  }
  if (tail.length > tailSize) {
    tail = tail.subarray(tail.length - tailSize);
    dropped = true;
  }
  return Buffer.concat([...first, ...(dropped ? [note] : []), tail]);
}

/** GitHub Actions puts a time before every line; reports are read without it. */
export function withoutTimes(log: Uint8Array): Uint8Array {
  const text = new TextDecoder().decode(log).replace(/^\uFEFF/, '');
  return new TextEncoder().encode(text.replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z /gm, ''));
}

/** What the check said line by line, for those without a log. */
async function annotations(api: Api, id: number): Promise<string> {
  const found = await unless(
    [404],
    [],
    api.all('GET /repos/{owner}/{repo}/check-runs/{check_run_id}/annotations', { check_run_id: id }, (data) => data, MAX_ANNOTATIONS),
  );
  return found.map((one) => `${one.path}:${one.start_line}: ${one.annotation_level ?? 'notice'}: ${one.message ?? ''}`).join('\n');
}

/** Log of a check: the job's own at GitHub Actions, else what its app wrote. Null when there is none (any more): GitHub drops logs after 90 days. */
export async function logOf(api: Api, check: Check): Promise<Uint8Array | null> {
  if (check.run === undefined) return null;
  const { id, app, text } = check.run;
  if (app === 'github-actions') {
    const stream = await api.stream('GET /repos/{owner}/{repo}/actions/jobs/{job_id}/logs', { job_id: id });
    if (stream !== null) return withoutTimes(await headAndTail(stream));
  }
  const said = [text ?? '', await annotations(api, id)].filter((part) => part !== '').join('\n');
  return said === '' ? null : new TextEncoder().encode(said).subarray(0, MAX_LOG);
}
