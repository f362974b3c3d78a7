import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Seconds that the check sleeps, so that a command has a length of its own. */
const CHECK_SECONDS = 0.2;

/** Command that is red at the head of the repository. */
export const CHECK = 'sh check.sh';

/** Makes a git repository whose last commit breaks its configuration, as `suture heal` finds them on a disk. */
export async function makeBrokenRepository(folder: string): Promise<void> {
  await mkdir(folder);
  const git = (...words: readonly string[]) =>
    run('git', ['-C', folder, '-c', 'user.name=bench', '-c', 'user.email=bench@example.invalid', ...words], {
      env: { PATH: process.env['PATH'] ?? '', GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' },
    });
  const commit = async (files: Readonly<Record<string, string>>, message: string) => {
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
    await git('add', '.');
    await git('commit', '-q', '-m', message);
  };
  await git('init', '-q', '-b', 'main');
  await commit(
    {
      'check.sh': `sleep ${CHECK_SECONDS}\ngrep -qx 'token_lifetime: 3600' config.yaml || { echo 'token_lifetime is wrong'; exit 1; }\n`,
      'config.yaml': 'name: auth\ntoken_lifetime: 3600\n',
      'README.md': 'A small service.\n',
    },
    'Start',
  );
  await commit({ 'README.md': 'A small service, described.\n' }, 'Describe it');
  await commit({ 'config.yaml': 'name: auth\ntoken_lifetime: 0\n' }, 'Shorten tokens');
}
