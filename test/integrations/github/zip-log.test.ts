import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Forge } from '../../../src/integrations/contract.ts';
import type { Api } from '../../../src/integrations/github/api.ts';
import type { Check } from '../../../src/integrations/github/check-facts.ts';
import { logOf } from '../../../src/integrations/github/check-log.ts';
import { logInZip } from '../../../src/integrations/github/zip-log.ts';
import { type GitHubStandIn, startGitHubStandIn } from '../../support/github/stand-in.ts';
import { appCredentialsOf } from '../../support/github/under-test.ts';
import { zip } from '../../support/github/zip.ts';
import { clientOf, forgeOf } from './support.ts';

const stream = (bytes: Uint8Array) => Readable.from([bytes.subarray(0, 3), bytes.subarray(3)]);
const files = (names: Readonly<Record<string, string>>) =>
  zip(Object.entries(names).map(([name, text]) => ({ name, content: Buffer.from(text) })));
const textOf = async (archive: Uint8Array, job: string): Promise<string | null> => {
  const log = await logInZip(stream(archive), job);
  return log === null ? null : (await buffer(log)).toString();
};

describe('the archive of a run', () => {
  it('holds the log of a whole job at its top, under a name that file systems can have', async () => {
    const archive = files({ 'test/1_Set up job.txt': 'a step', '0_lint.txt': 'lint', '1_test (20, linuxx64).txt': 'the job' });
    expect(await textOf(archive, 'test (20, linux/x64)')).toBe('the job');
    expect(await textOf(archive, 'lint')).toBe('lint');
    expect(await textOf(archive, 'Set up job')).toBeNull();
    expect(await textOf(archive, 'none')).toBeNull();
  });

  it('has no power over paths: a name that leads out is no log', async () => {
    expect(await textOf(files({ '../0_test.txt': 'out', '/1_test.txt': 'root' }), 'test')).toBeNull();
  });

  it('is no log when it is cut off, is no archive, or says something else of itself than it holds', async () => {
    const good = files({ '0_test.txt': 'text '.repeat(100) });
    expect(await textOf(good.subarray(0, good.length - 30), 'test')).toBeNull();
    expect(await textOf(Buffer.from('PK\x03\x04 and nothing else'), 'test')).toBeNull();
    const bomb = Buffer.from(good);
    // Uncompressed size in the central directory: 1 GiB.
    bomb.writeUInt32LE(1024 ** 3, bomb.indexOf(Buffer.from('PK\x01\x02', 'latin1')) + 24);
    expect(await textOf(bomb, 'test')).toBeNull();
  });

  it('is left alone when it is larger than may be', async () => {
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) yield Buffer.alloc(8 * 1024 ** 2);
    }
    expect(await logInZip(endless(), 'test')).toBeNull();
  });
});

describe('an archive that is not read to its end', () => {
  const CHECK: Check = {
    name: 'test',
    status: 'completed',
    conclusion: 'failure',
    url: undefined,
    run: { id: 1, app: 'github-actions', suite: undefined, text: null, annotations: 0 },
  };

  /** Reads the log of a check whose job answers with an endless archive; gives whether the connection was closed. */
  async function closesAfter(job: () => Promise<unknown>): Promise<boolean> {
    let closed = false;
    let next: Uint8Array = Buffer.from('PK\x03\x04', 'latin1');
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(next);
        next = Buffer.alloc(8 * 1024 ** 2);
      },
      cancel() {
        closed = true;
      },
    });
    const api: Pick<Api, 'stream' | 'call' | 'all'> = { stream: async () => endless, call: job as Api['call'], all: async () => [] };
    await logOf(api as Api, CHECK).catch(() => null);
    return closed;
  }

  it('is closed when it is larger than may be, and when the name of the job cannot be asked for', async () => {
    expect(await closesAfter(async () => ({ data: { name: 'test' } }))).toBe(true);
    expect(await closesAfter(() => Promise.reject(new Error('GitHub is away')))).toBe(true);
  });
});

describe('a job whose own log is not there as text', () => {
  let standIn: GitHubStandIn;
  let forge: Forge;
  beforeAll(async () => {
    standIn = await startGitHubStandIn();
    forge = forgeOf(clientOf(standIn.url, appCredentialsOf(standIn)));
  });
  afterAll(() => standIn.close());

  it.each(['archive', 'zipped', 'text'] as const)('is read from where it is: %s', async (form) => {
    const { owner, name, head, hands } = await standIn.repository({});
    const run = await hands.run({ sha: head, jobs: [{ name: 'test / unit', conclusion: 'failure', log: 'one\nnot ok 2\n' }] });
    run.logForm = form;
    const read = async () => {
      const log = await forge.checks.log({ owner, name }, head, 'test / unit');
      return log === null ? null : Buffer.from(log).toString();
    };
    expect(await read()).toBe('one\nnot ok 2\n');
    hands.expireLogs(run);
    expect(await read()).toBeNull();
    expect(standIn.violations).toEqual([]);
  });
});
