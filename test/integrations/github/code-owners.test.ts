import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeOwners } from '../../../src/integrations/github/code-owners.ts';
import { type GitHubStandIn, startGitHubStandIn } from '../../support/github/stand-in.ts';
import { appCredentialsOf } from '../../support/github/under-test.ts';
import { clientOf, forgeOf } from './support.ts';

const FILE = `# Everybody's
*       @acme/core @maria
*.js    @js-owner #inline comment
/build/logs/ @doctocat
docs/*  docs@example.com @writer
apps/   @octocat
/scripts/ @doctocat @octocat
**/logs @acme/logs @other/team
/apps/github
with\\ blank.txt @blank
!*.md @never
file[0-9] @never
`;

describe('owners of code', () => {
  it.each([
    ['README.txt', ['maria'], ['core']],
    ['src/a.js', ['js-owner'], []],
    ['build/logs/x.txt', [], ['logs']],
    ['build/logs', [], ['logs']],
    ['docs/a.txt', ['writer'], []],
    ['docs/deep/a.txt', ['maria'], ['core']],
    ['x/apps/y', ['octocat'], []],
    ['apps/github', [], []],
    ['scripts/run', ['doctocat', 'octocat'], []],
    ['with blank.txt', ['blank'], []],
    ['notes.md', ['maria'], ['core']],
    ['file1', ['maria'], ['core']],
  ])('are those of the last rule that matches: %s', (path, users, teams) => {
    expect(codeOwners(FILE, [path], 'acme')).toEqual({ users, teams });
  });

  it('are joined over all changed paths, each once', () => {
    expect(codeOwners(FILE, ['a.js', 'b.js', 'scripts/x'], 'acme').users).toEqual(['js-owner', 'doctocat', 'octocat']);
  });

  it('are no names that GitHub could not have', () => {
    expect(codeOwners('* @../../x @a/b/c @-x @"quoted" plain @ok', ['a'], 'a')).toEqual({ users: ['ok'], teams: [] });
  });
});

describe('opening a pull request', () => {
  let standIn: GitHubStandIn;
  beforeAll(async () => {
    standIn = await startGitHubStandIn();
  });
  afterAll(() => standIn.close());

  it.each([
    ['asks the owners of what was changed, also of a draft', '* @maria\n', ['maria']],
    ['asks those who can be asked when others cannot', '* @stranger @maria @acme/no-such-team\n', ['maria']],
    ['asks nobody where nobody owns it', 'other.txt @maria\n', []],
    ['asks nobody where no file says so', '', []],
  ])('%s', async (_what, text, expected) => {
    const made = await standIn.repository({});
    const { hands } = made;
    const repo = { owner: made.owner, name: made.name };
    const forge = forgeOf(clientOf(standIn.url, appCredentialsOf(standIn)));
    if (text !== '') await hands.push('main', { '.github/CODEOWNERS': text });
    const { defaultBranch } = await forge.repositories.describe(repo);
    const base = (await forge.repositories.resolve(repo, defaultBranch)) ?? '';
    const content = Buffer.from('fixed\n').toString('base64');
    await forge.changes.commit(repo, {
      branch: 'suture/fix',
      changeSet: { base, files: [{ op: 'write', path: 'fixed.txt', mode: '100644', content }] },
      message: 'Fix',
      key: 'fix',
    });
    const open = () =>
      forge.changes.open(repo, {
        marker: '<!-- suture:one -->',
        title: 'Fix',
        body: 'Fix',
        headBranch: 'suture/fix',
        baseBranch: defaultBranch,
        labels: [],
        draft: true,
      });
    const opened = await open();
    expect(opened.kind).toBe('open');
    await open();
    const pull = await hands.pull(opened.kind === 'open' ? opened.pullRequest.number : 0);
    expect((pull.requested_reviewers ?? []).map((one: { login: string }) => one.login)).toEqual(expected);
    expect(standIn.violations).toEqual([]);
  });
});
