import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import type { EvalCase } from './case.ts';

const environment = { PATH: process.env['PATH'] ?? '', GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };

function git(folder: string, args: readonly string[], input?: Buffer): string {
  const done = spawnSync('git', ['-C', folder, ...args], { env: environment, ...(input === undefined ? {} : { input }) });
  if (done.status !== 0) throw new Error(`git ${args[0]} failed: ${done.stderr.toString()}`);
  return done.stdout.toString();
}

/** Writes a case as a real git repository and gives the ids of its commits, oldest first. Nothing is checked out. */
export function writeRepository(folder: string, { commits }: Pick<EvalCase, 'commits'>): readonly string[] {
  mkdirSync(folder, { recursive: true });
  git(folder, ['init', '--quiet', '--initial-branch=main', '--template=']);
  const parts: Buffer[] = [];
  const data = (content: string | Uint8Array) => {
    const bytes = Buffer.from(content);
    parts.push(Buffer.from(`data ${bytes.length}\n`), bytes, Buffer.from('\n'));
  };
  for (const { author, message, at, files } of commits) {
    const who = `${author} <${author.toLowerCase().replaceAll(' ', '.')}@example.com> ${at.getTime() / 1000} +0000`;
    parts.push(Buffer.from(`commit refs/heads/main\nauthor ${who}\ncommitter ${who}\n`));
    data(message);
    for (const [path, content] of Object.entries(files)) {
      if (content === null) parts.push(Buffer.from(`D ${path}\n`));
      else {
        parts.push(Buffer.from(`M 100644 inline ${path}\n`));
        data(content);
      }
    }
  }
  git(folder, ['fast-import', '--quiet'], Buffer.concat(parts));
  return git(folder, ['rev-list', '--reverse', 'main']).trim().split('\n');
}
