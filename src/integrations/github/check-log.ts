import { Failure } from '../../domain/failure.ts';
import { annotationsOf } from './annotations.ts';
import { unless } from './answer.ts';
import type { Api } from './api.ts';
import type { Check } from './check-facts.ts';
import { isZip, logInZip } from './zip-log.ts';

/** Most of a log that is kept, in bytes; what lies between its head and its tail is left out. */
const MAX_LOG = 4 * 1024 ** 2;
const HEAD = MAX_LOG / 4;

/** Bytes of a stream with its head and its tail kept; the whole is never in memory. */
export async function headAndTail(stream: AsyncIterable<Uint8Array>, max = MAX_LOG, head = HEAD): Promise<Uint8Array> {
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

/** The same bytes; a connection that breaks in their midst is GitHub's being away, not a log that ends there. */
async function* whole(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } catch (error) {
    throw error instanceof Failure ? error : new Failure('forge-unavailable', 'a log was cut off on its way', { cause: error });
  }
}

/** The same bytes again, with the first ones looked at. Whoever does not read to the end has to call `close`, or the connection stays open. */
async function peeked(stream: AsyncIterable<Uint8Array>): Promise<{
  readonly start: Uint8Array;
  readonly all: AsyncIterable<Uint8Array>;
  readonly close: () => Promise<unknown>;
}> {
  const iterator = stream[Symbol.asyncIterator]();
  const first = await iterator.next();
  const start = first.done === true ? new Uint8Array() : first.value;
  async function* all(): AsyncGenerator<Uint8Array> {
    yield start;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
  }
  return { start, all: all(), close: async () => iterator.return?.() };
}

/** What an archive that lies in memory holds: an error in it means that it is none. */
async function unpacked(archive: AsyncIterable<Uint8Array>, job: string): Promise<Uint8Array | null> {
  const log = await logInZip(archive, job);
  if (log === null) return null;
  try {
    return withoutTimes(await headAndTail(log));
  } catch {
    return null;
  }
}

/** Log of a job at GitHub Actions: its own text, else its file in the archive of the run. Null when both are gone. */
async function jobLog(api: Api, id: number): Promise<Uint8Array | null> {
  const named = async () =>
    (await unless([404, 410], null, api.call('GET /repos/{owner}/{repo}/actions/jobs/{job_id}', { job_id: id })))?.data;
  const own = await api.stream('GET /repos/{owner}/{repo}/actions/jobs/{job_id}/logs', { job_id: id });
  if (own !== null) {
    const { start, all, close } = await peeked(whole(own));
    try {
      return isZip(start) ? await unpacked(all, (await named())?.name ?? '') : withoutTimes(await headAndTail(all));
    } finally {
      await close();
    }
  }
  const job = await named();
  if (job === undefined) return null;
  const archive = await api.stream('GET /repos/{owner}/{repo}/actions/runs/{run_id}/attempts/{attempt_number}/logs', {
    run_id: job.run_id,
    attempt_number: job.run_attempt ?? 1,
  });
  return archive === null ? null : unpacked(whole(archive), job.name);
}

/** Log of a check: the job's own at GitHub Actions, else what its app wrote. Null when there is none (any more): GitHub drops logs after 90 days. */
export async function logOf(api: Api, check: Check): Promise<Uint8Array | null> {
  if (check.run === undefined) return null;
  const { id, app, text } = check.run;
  if (app === 'github-actions') {
    const log = await jobLog(api, id);
    if (log !== null) return log;
  }
  const annotations = await annotationsOf(api, check);
  const lines = annotations.map((one) => `${one.path}:${one.line}: ${one.level}: ${one.message}`).join('\n');
  const said = [text ?? '', lines].filter((part) => part !== '').join('\n');
  return said === '' ? null : new TextEncoder().encode(said).subarray(0, MAX_LOG);
}
