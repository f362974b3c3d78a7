import { buffer } from 'node:stream/consumers';
import { extract } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChangeSet, FileChange } from '../../src/domain/change-set.schema.ts';
import type { RepoRef } from '../../src/domain/names.schema.ts';
import type { Forge } from '../../src/integrations/contract.ts';

/** What a file is in a person's push: text, a link, an executable; null deletes it. */
export type SuitePush = Readonly<Record<string, string | { readonly link: string } | { readonly executable: string } | null>>;

/** A forge under test, with hands of a person beside it. */
export interface ForgeUnderTest {
  readonly forge: Forge;
  /** A served repository, default branch `main`, protected, check `test` required, environment `production`; `a.txt` is "one\n". */
  readonly repo: RepoRef;
  /** Person: push a commit; a new branch starts at `main`. */
  push(branch: string, files: SuitePush): Promise<string>;
  /** Person: merge a branch into `main` with a merge commit. */
  mergeBranch(branch: string): Promise<string>;
  /** Person: close a pull request. */
  close(number: number): Promise<void>;
  /** Repository's own machinery: a check ended. */
  report(sha: string, name: string, conclusion: 'success' | 'failure', log: string): Promise<void>;
  dispose(): Promise<void>;
}

const write = (path: string, text: string, mode: '100644' | '100755' = '100644'): FileChange => ({
  op: 'write',
  path,
  mode,
  content: Buffer.from(text).toString('base64'),
});

/** Promises of the `Forge` contract, for every implementation. */
export function forgeContract(name: string, make: () => Promise<ForgeUnderTest>): void {
  describe(`${name} keeps the forge contract`, () => {
    let under: ForgeUnderTest;
    let forge: Forge;
    let repo: RepoRef;
    let head: string;

    const read = async (sha: string, path: string): Promise<string | null> => {
      const bytes = await forge.repositories.readFile(repo, sha, path);
      return bytes === null ? null : Buffer.from(bytes).toString('utf8');
    };
    const resolved = async (revision: string): Promise<string> => (await forge.repositories.resolve(repo, revision)) ?? 'missing';
    const changeSet = (files: readonly FileChange[], base = head): ChangeSet => ({ base, files: [...files] });
    const commit = (key: string, files: readonly FileChange[] = [write('a.txt', 'fixed\n')], branch = 'suture/x-1') =>
      forge.changes.commit(repo, { branch, changeSet: changeSet(files), message: 'Fix a\n\nWhy.', key });
    const opening = {
      marker: '<!-- suture:heal/acme/shop/branch/main -->',
      title: 'Fix a',
      body: 'Body',
      headBranch: 'suture/x-1',
      baseBranch: 'main',
      labels: ['suture'],
      draft: false,
    };
    const openOne = async () => {
      await commit('k1');
      const opened = await forge.changes.open(repo, opening);
      if (opened.kind !== 'open') {
        throw new Error(`not opened: ${opened.detail}`);
      }
      return opened.pullRequest;
    };

    beforeEach(async () => {
      under = await make();
      ({ forge, repo } = under);
      head = await resolved('main');
    });
    afterEach(() => under.dispose());

    describe('repositories', () => {
      it('describes the default branch', async () => {
        expect((await forge.repositories.describe(repo)).defaultBranch).toBe('main');
      });
      it('reports a repository it does not serve as gone', async () => {
        await expect(forge.repositories.describe({ owner: repo.owner, name: 'absent' })).rejects.toMatchObject({ code: 'repository-gone' });
        await expect(forge.repositories.describe({ owner: '..', name: '..' })).rejects.toMatchObject({ code: 'repository-gone' });
      });
      it.each(['--all', '../x', 'main@{1}', 'main:a.txt', 'a b', '', 'HEAD~1', '-n', ':/fix'])(
        'resolves nothing for the hostile revision %j',
        async (revision) => {
          expect(await forge.repositories.resolve(repo, revision)).toBeNull();
        },
      );
      it('resolves a branch and a full commit id, and null for what is absent', async () => {
        expect(await forge.repositories.resolve(repo, head)).toBe(head);
        expect(await forge.repositories.resolve(repo, 'absent')).toBeNull();
        expect(await forge.repositories.resolve(repo, '0'.repeat(40))).toBeNull();
      });
      it('reads a file, null when absent, and refuses what is too large', async () => {
        expect(await read(head, 'a.txt')).toBe('one\n');
        expect(await read(head, 'absent.txt')).toBeNull();
        await expect(forge.repositories.readFile(repo, head, 'a.txt', 2)).rejects.toMatchObject({ code: 'too-large' });
      });
      it.each(['../a.txt', '/etc/passwd', '.git/config', 'dir/../a.txt', ':(glob)*', '*', '--help'])(
        'reads nothing at the hostile path %j',
        async (path) => {
          expect(await forge.repositories.readFile(repo, head, path)).toBeNull();
          expect(await forge.repositories.fileMode(repo, head, path)).toBeNull();
        },
      );
      it('tells the mode of a file, an executable and a link', async () => {
        const sha = await under.push('modes', { 'run.sh': { executable: 'echo\n' }, to: { link: 'a.txt' } });
        expect(await forge.repositories.fileMode(repo, sha, 'a.txt')).toBe('100644');
        expect(await forge.repositories.fileMode(repo, sha, 'run.sh')).toBe('100755');
        expect(await forge.repositories.fileMode(repo, sha, 'to')).toBe('120000');
      });
      it('lists commits between two revisions, newest first, with the paths they touched', async () => {
        const first = await under.push('main', { 'a.txt': 'two\n' });
        const second = await under.push('main', { 'dir/b.txt': 'b\n' });
        const { commits, truncated } = await forge.repositories.commits(repo, head, second, 10);
        expect(commits.map((facts) => facts.sha)).toEqual([second, first]);
        expect(commits.map((facts) => facts.paths)).toEqual([['dir/b.txt'], ['a.txt']]);
        expect(commits.map((facts) => facts.parents)).toEqual([[first], [head]]);
        expect(truncated).toBe(false);
      });
      it('says when there are more commits than asked for', async () => {
        await under.push('main', { 'a.txt': 'two\n' });
        const second = await under.push('main', { 'a.txt': 'three\n' });
        const { commits, truncated } = await forge.repositories.commits(repo, head, second, 1);
        expect(commits.map((facts) => facts.sha)).toEqual([second]);
        expect(truncated).toBe(true);
      });
      it('exports a tree with links kept as links and executables executable', async () => {
        const sha = await under.push('modes', {
          'run.sh': { executable: 'echo\n' },
          to: { link: '/etc/passwd' },
          '.gitattributes': 'a.txt export-ignore\n',
        });
        const found = new Map<string, { type: string | null | undefined; link: string | null | undefined; mode: number; text: string }>();
        const unpacking = extract();
        (await forge.repositories.exportTree(repo, sha)).pipe(unpacking);
        for await (const entry of unpacking) {
          const { name: path, type, linkname, mode } = entry.header;
          found.set(path.replace(/^\.\//, ''), { type, link: linkname, mode: mode ?? 0, text: (await buffer(entry)).toString('utf8') });
        }
        expect(found.get('to')).toMatchObject({ type: 'symlink', link: '/etc/passwd' });
        expect(found.get('run.sh')).toMatchObject({ type: 'file', mode: 0o755, text: 'echo\n' });
        expect(found.get('a.txt')).toMatchObject({ type: 'file', text: 'one\n' });
      });
      it('shows the diff of a change set', async () => {
        const diff = await forge.repositories.diff(repo, changeSet([write('a.txt', 'fixed\n')]));
        expect(diff).toContain('-one');
        expect(diff).toContain('+fixed');
      });
      it('cuts a diff that is too long for people', async () => {
        const diff = await forge.repositories.diff(repo, changeSet([write('a.txt', 'long line\n'.repeat(60_000))]));
        expect(Buffer.byteLength(diff)).toBeLessThanOrEqual(256 * 1024);
      });
    });

    describe('reverts', () => {
      it('inverts a commit onto a later head and leaves later changes alone', async () => {
        const bad = await under.push('main', { 'a.txt': 'bad\n', 'new.txt': 'n\n' });
        const later = await under.push('main', { 'other.txt': 'kept\n' });
        const revert = await forge.repositories.revertOf(repo, bad, later);
        expect(revert).toEqual({ base: later, files: [write('a.txt', 'one\n'), { op: 'delete', path: 'new.txt' }] });
      });
      it('answers null when a later commit changed the same lines', async () => {
        const bad = await under.push('main', { 'a.txt': 'bad\n' });
        const later = await under.push('main', { 'a.txt': 'changed again\n' });
        expect(await forge.repositories.revertOf(repo, bad, later)).toBeNull();
      });
      it('inverts a merge against the parent that is named as the mainline', async () => {
        await under.push('side', { 'side.txt': 's\n' });
        await under.push('main', { 'main.txt': 'm\n' });
        const merge = await under.mergeBranch('side');
        const revert = await forge.repositories.revertOf(repo, merge, merge, 1);
        expect(revert?.files).toEqual([{ op: 'delete', path: 'side.txt' }]);
        const other = await forge.repositories.revertOf(repo, merge, merge, 2);
        expect(other?.files).toEqual([{ op: 'delete', path: 'main.txt' }]);
      });
      it('refuses a mainline that the commit does not have', async () => {
        const bad = await under.push('main', { 'a.txt': 'bad\n' });
        await expect(forge.repositories.revertOf(repo, bad, bad, 2)).rejects.toMatchObject({ code: 'plan-invalid' });
      });
    });

    describe('checks', () => {
      it('lists a required check that nobody started as queued', async () => {
        expect(await forge.checks.list(repo, head)).toEqual([{ name: 'test', status: 'queued', required: true }]);
      });
      it('requires what the branch that is named requires, and nothing where that has no rules', async () => {
        const sha = await under.push('release', { 'b.txt': 'two\n' });
        expect(await forge.checks.list(repo, sha, 'release')).toEqual([]);
        await under.report(sha, 'test', 'success', '');
        expect(await forge.checks.list(repo, sha, 'release')).toMatchObject([{ name: 'test', required: false }]);
        expect(await forge.checks.list(repo, sha, 'main')).toMatchObject([{ name: 'test', required: true }]);
      });
      it('gives the conclusion and the log of a completed check', async () => {
        await under.report(head, 'test', 'failure', 'it broke\n');
        expect(await forge.checks.list(repo, head)).toMatchObject([
          { name: 'test', status: 'completed', conclusion: 'failure', required: true },
        ]);
        expect(Buffer.from((await forge.checks.log(repo, head, 'test')) ?? []).toString('utf8')).toBe('it broke\n');
        expect(await forge.checks.log(repo, head, 'absent')).toBeNull();
      });
      it('finds the newest ancestor on which all asked checks succeeded', async () => {
        await under.report(head, 'test', 'success', '');
        await under.report(head, 'lint', 'success', '');
        const next = await under.push('main', { 'a.txt': 'two\n' });
        await under.report(next, 'test', 'success', '');
        await under.report(next, 'lint', 'failure', '');
        const last = await under.push('main', { 'a.txt': 'three\n' });
        expect(await forge.checks.lastGreen(repo, last, ['test'])).toBe(next);
        expect(await forge.checks.lastGreen(repo, last, ['test', 'lint'])).toBe(head);
        expect(await forge.checks.lastGreen(repo, last, ['absent'])).toBeNull();
        expect(await forge.checks.lastGreen(repo, last, [])).toBeNull();
      });
    });

    describe('commits', () => {
      it('writes a change set as one commit on a new branch', async () => {
        const result = await commit('k1', [write('a.txt', 'fixed\n'), write('bin/run', 'x\n', '100755')]);
        const sha = await resolved('suture/x-1');
        expect(result).toEqual({ kind: 'committed', sha });
        expect(await read(sha, 'a.txt')).toBe('fixed\n');
        expect(await forge.repositories.fileMode(repo, sha, 'bin/run')).toBe('100755');
        expect((await forge.repositories.commits(repo, head, sha, 10)).commits).toHaveLength(1);
      });
      it('gives the same commit when it is repeated with the same key', async () => {
        const first = await commit('k1');
        expect(await commit('k1')).toEqual(first);
        expect((await forge.repositories.commits(repo, head, await resolved('suture/x-1'), 10)).commits).toHaveLength(1);
      });
      it('makes one commit of many at the same time with one key', async () => {
        const results = await Promise.all(Array.from({ length: 5 }, () => commit('k1')));
        expect(new Set(results.map((result) => (result.kind === 'committed' ? result.sha : 'refused'))).size).toBe(1);
        expect((await forge.repositories.commits(repo, head, await resolved('suture/x-1'), 10)).commits).toHaveLength(1);
      });
      it('refuses another key on a branch that has moved on', async () => {
        await commit('k1');
        expect(await commit('k2', [write('a.txt', 'else\n')])).toMatchObject({ kind: 'refused', reason: 'head-moved' });
      });
      it('refuses to write to the protected branch', async () => {
        expect(await commit('k1', [write('a.txt', 'x\n')], 'main')).toMatchObject({ kind: 'refused', reason: 'protected' });
        expect(await resolved('main')).toBe(head);
      });
      it.each(['../evil', '/abs', '.git/hooks/post-update', 'a/.GIT/config', 'a/../../b', 'a\\b', 'x\ny', ''])(
        'refuses to write the hostile path %j',
        async (path) => {
          await expect(commit('k1', [write(path, 'x')])).rejects.toMatchObject({ code: 'plan-invalid' });
          expect(await forge.repositories.resolve(repo, 'suture/x-1')).toBeNull();
        },
      );
      it('refuses to write through a link', async () => {
        head = await under.push('main', { dir: { link: '/tmp' } });
        await expect(commit('k1', [write('dir/evil', 'x')])).rejects.toMatchObject({ code: 'plan-invalid' });
      });
      it.each(['--upload-pack=x', 'a..b', 'a b', '-x', 'refs~1', 'x.lock', '../../main'])(
        'refuses the hostile branch %j',
        async (branch) => {
          await expect(commit('k1', [write('a.txt', 'x')], branch)).rejects.toMatchObject({ code: 'plan-invalid' });
        },
      );
      it('cannot be told by its message that another key was used', async () => {
        await forge.changes.commit(repo, {
          branch: 'suture/x-1',
          changeSet: changeSet([write('a.txt', 'x\n')]),
          message: 'x\n\nSuture-Key: k2',
          key: 'k1',
        });
        expect(await commit('k2')).toMatchObject({ kind: 'refused', reason: 'head-moved' });
      });
    });

    describe('pull requests', () => {
      it('opens one per marker, however often it is asked', async () => {
        const first = await openOne();
        const again = await forge.changes.open(repo, { ...opening, title: 'Other title' });
        expect(again).toEqual({ kind: 'open', pullRequest: first });
        expect(await forge.changes.findByMarker(repo, opening.marker)).toEqual(first);
        expect(first).toMatchObject({
          state: 'open',
          baseBranch: 'main',
          headBranch: 'suture/x-1',
          headSha: await resolved('suture/x-1'),
          fromFork: false,
        });
      });
      it('opens one when many ask at the same time', async () => {
        await commit('k1');
        const results = await Promise.all(Array.from({ length: 5 }, () => forge.changes.open(repo, opening)));
        expect(new Set(results.map((result) => (result.kind === 'open' ? result.pullRequest.number : -1))).size).toBe(1);
      });
      it('leaves one closed that a person closed', async () => {
        const { number } = await openOne();
        await under.close(number);
        expect(await forge.changes.open(repo, opening)).toMatchObject({ kind: 'refused', reason: 'closed' });
        expect(await forge.changes.get(repo, number)).toMatchObject({ state: 'closed' });
      });
      it('finds nothing for an unknown marker or number', async () => {
        expect(await forge.changes.findByMarker(repo, '<!-- suture:heal/acme/shop/pr/77 -->')).toBeNull();
        expect(await forge.changes.get(repo, 4711)).toBeNull();
      });
      it('refuses to open without a branch or without a change', async () => {
        expect(await forge.changes.open(repo, opening)).toMatchObject({ kind: 'refused', reason: 'not-allowed' });
      });
      it('closes once and stays quiet when it is closed already', async () => {
        const { number } = await openOne();
        await forge.changes.close(repo, number, 'superseded');
        await forge.changes.close(repo, number, 'superseded');
        expect(await forge.changes.get(repo, number)).toMatchObject({ state: 'closed' });
      });
      it('deletes branches of its own only, and is content when one is gone', async () => {
        await commit('k1');
        await forge.changes.deleteBranch(repo, 'suture/x-1');
        await forge.changes.deleteBranch(repo, 'suture/x-1');
        expect(await forge.repositories.resolve(repo, 'suture/x-1')).toBeNull();
        await expect(forge.changes.deleteBranch(repo, 'main')).rejects.toMatchObject({ code: 'plan-invalid' });
      });
    });

    describe('merging', () => {
      it('refuses while a required check is not green', async () => {
        const { number, headSha } = await openOne();
        expect(await forge.changes.merge(repo, number, headSha)).toMatchObject({ kind: 'refused', reason: 'checks-missing' });
        await under.report(headSha, 'test', 'failure', '');
        expect(await forge.changes.merge(repo, number, headSha)).toMatchObject({ kind: 'refused', reason: 'checks-missing' });
        expect(await resolved('main')).toBe(head);
      });
      it('waits for no check that only the default branch requires', async () => {
        await under.push('release', { 'b.txt': 'two\n' });
        await commit('k1');
        const opened = await forge.changes.open(repo, { ...opening, baseBranch: 'release' });
        if (opened.kind !== 'open') throw new Error(`not opened: ${opened.detail}`);
        const { number, headSha } = opened.pullRequest;
        expect(await forge.changes.merge(repo, number, headSha)).toMatchObject({ kind: 'merged' });
      });
      it('merges once when the required checks are green, however often it is asked', async () => {
        const { number, headSha } = await openOne();
        await under.report(headSha, 'test', 'success', '');
        const merged = await forge.changes.merge(repo, number, headSha);
        expect(merged).toEqual({ kind: 'merged', sha: await resolved('main') });
        expect(await forge.changes.merge(repo, number, headSha)).toEqual(merged);
        expect(await read(await resolved('main'), 'a.txt')).toBe('fixed\n');
        expect(await forge.changes.get(repo, number)).toMatchObject({ state: 'merged', mergeSha: await resolved('main') });
      });
      it('refuses a head that has moved', async () => {
        const { number, headSha } = await openOne();
        await under.report(headSha, 'test', 'success', '');
        await under.push('suture/x-1', { 'a.txt': 'by a person\n' });
        expect(await forge.changes.merge(repo, number, headSha)).toMatchObject({ kind: 'refused', reason: 'head-moved' });
      });
      it('refuses a conflict', async () => {
        const { number, headSha } = await openOne();
        await under.report(headSha, 'test', 'success', '');
        await under.push('main', { 'a.txt': 'elsewhere\n' });
        expect(await forge.changes.merge(repo, number, headSha)).toMatchObject({ kind: 'refused', reason: 'conflict' });
      });
      it('refuses one that was closed', async () => {
        const { number, headSha } = await openOne();
        await under.report(headSha, 'test', 'success', '');
        await under.close(number);
        expect(await forge.changes.merge(repo, number, headSha)).toMatchObject({ kind: 'refused', reason: 'closed' });
      });
    });

    describe('deployments', () => {
      it('creates one per key', async () => {
        const first = await forge.deployments.create(repo, { sha: head, environment: 'production', key: 'd1' });
        const again = await forge.deployments.create(repo, { sha: head, environment: 'production', key: 'd1' });
        expect(again.id).toBe(first.id);
        expect(await forge.deployments.list(repo, 'production')).toHaveLength(1);
        expect(await forge.deployments.get(repo, first.id)).toMatchObject({ sha: head, environment: 'production' });
      });
      it('creates one when many ask at the same time', async () => {
        const all = await Promise.all(
          Array.from({ length: 5 }, () => forge.deployments.create(repo, { sha: head, environment: 'production', key: 'd1' })),
        );
        expect(new Set(all.map((one) => one.id)).size).toBe(1);
      });
      it('goes back to what was live, whatever its checks say', async () => {
        await under.report(head, 'test', 'failure', 'it broke\n');
        const back = await forge.deployments.create(repo, { sha: head, environment: 'production', key: 'back', wasLive: true });
        expect(back).toMatchObject({ sha: head, environment: 'production' });
      });
      it('lists the newest first and knows no deployment of another name', async () => {
        await forge.deployments.create(repo, { sha: head, environment: 'production', key: 'd1' });
        const second = await forge.deployments.create(repo, { sha: head, environment: 'production', key: 'd2' });
        expect((await forge.deployments.list(repo, 'production'))[0]?.id).toBe(second.id);
        expect(await forge.deployments.get(repo, '../1')).toBeNull();
      });
    });

    it('edits the one live comment of a healing', async () => {
      const claim = { subject: 'branch/main', marker: opening.marker, title: 'test fails on main' };
      await forge.claims.upsert(repo, { ...claim, body: 'on it', finished: false });
      await expect(forge.claims.upsert(repo, { ...claim, body: 'done', finished: true })).resolves.toBeUndefined();
    });
  });
}
