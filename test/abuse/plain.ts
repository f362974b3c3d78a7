import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { extract } from 'tar-stream';
import { type JobResult, type Sandbox, type StepResult } from '../../src/sandbox/contract.ts';

/**
 * What Suture never does: runs a job as a plain process, the way a naive tool would. Every attack must work here, or it proves nothing
 * where it fails. It keeps to the habits that the cases are about: inherited environment, names joined to a path, output kept whole,
 * a polite signal at the end of time, the verdict of a pipe.
 */
export function createPlainRunner(home: string): Sandbox {
  return {
    id: 'plain',
    platform: 'plain',
    preflight: () => Promise.resolve({ available: true, findings: [], isolation: 'none' }),
    sweep: () => Promise.resolve(0),
    async run(job): Promise<JobResult> {
      const root = await mkdtemp(join(home, 'plain-'));
      const workspace = join(root, 'workspace');
      await mkdir(workspace);
      const place = async (path: string, content: Buffer): Promise<void> => {
        const file = join(workspace, path);
        await mkdir(dirname(file), { recursive: true });
        await writeFile(file, content);
      };
      const input = extract();
      const base = await job.openBase();
      base.pipe(input);
      for await (const entry of input) {
        const parts: Buffer[] = [];
        for await (const part of entry) parts.push(part as Buffer);
        await place((entry as unknown as { readonly header: { readonly name: string } }).header.name, Buffer.concat(parts));
      }
      for (const file of job.files) if (file.op === 'write') await place(file.path, Buffer.from(file.content, 'base64'));
      const steps: StepResult[] = [];
      for (const { name, run } of job.steps) {
        const started = performance.now();
        const parts: Buffer[] = [];
        let timedOut = false;
        const exitCode = await new Promise<number | null>((resolve) => {
          // A pipe without pipefail, as in so many scripts.
          const child = spawn('sh', ['-c', '{ sh -c "$1" 2>&1; } | cat', 'plain', run], {
            cwd: workspace,
            env: { ...process.env, ...job.env, ...job.secrets },
            stdio: ['ignore', 'pipe', 'inherit'],
            detached: true,
          });
          const polite = setTimeout(() => {
            timedOut = true;
            try {
              process.kill(-(child.pid ?? 0), 'SIGTERM');
            } catch {
              // It has ended.
            }
          }, job.limits.wallClockMs);
          const end = setTimeout(() => {
            try {
              process.kill(-(child.pid ?? 0), 'SIGKILL');
            } catch {
              // It has ended.
            }
          }, job.limits.wallClockMs + 4_000);
          child.stdout.on('data', (part: Buffer) => parts.push(part));
          child.on('close', (code) => {
            clearTimeout(polite);
            // Who is deaf to the signal goes on.
            const wait = (): void => {
              try {
                process.kill(-(child.pid ?? 0), 0);
                setTimeout(wait, 50);
              } catch {
                clearTimeout(end);
                resolve(code);
              }
            };
            wait();
          });
        });
        steps.push({
          name,
          exitCode,
          signal: null,
          timedOut,
          killedBy: null,
          oomKilled: false,
          outputTruncated: false,
          durationMs: performance.now() - started,
          output: Buffer.concat(parts).toString('latin1'),
        });
        if (exitCode !== 0) break;
      }
      const artifacts = new Map<string, Uint8Array>();
      for (const path of job.artifacts) {
        // Not quite naive: waiting for a pipe would hold up the other attacks.
        if (!(await stat(join(workspace, path)).catch(() => null))?.isFile()) continue;
        const read = await Promise.race([
          readFile(join(workspace, path)).catch(() => null),
          new Promise<null>((resolve) => setTimeout(() => resolve(null), 1_000)),
        ]);
        if (read !== null) artifacts.set(path, read);
      }
      return {
        steps,
        artifacts,
        changes: [],
        refused: [],
        isolation: 'none',
        usage: { peakMemoryBytes: null },
        connections: [],
      };
    },
  };
}

/** A home for plain runs, and how it is taken away. */
export async function plainHome(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'suture-plain-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
