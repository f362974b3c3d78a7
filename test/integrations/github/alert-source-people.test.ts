import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createGitHubSource } from '../../../src/integrations/github/alert-source.ts';
import { COMMANDS, readCommand } from '../../../src/integrations/github/command-line.ts';
import { COMMON, comment, derive, GUID, heard, LOGIN, marker, NOW, ownPull, pull, pullEvent, reason, SHA } from './alert-source-support.ts';

/** What must stand behind a command. */
const BEHIND: Readonly<Partial<Record<(typeof COMMANDS)[number], string>>> = {
  delegate: '@ada',
  split: 'heal/acme/shop/monitor/1:env:production',
};

describe('a comment', () => {
  it.each(COMMANDS)('with /suture %s commands it', (command) => {
    const behind = BEHIND[command];
    const line = behind === undefined ? `/suture ${command}` : `/suture ${command} ${behind}`;
    expect(heard('issue_comment', comment(`${line}\n\nthank you`))).toMatchObject([
      {
        kind: 'commanded',
        subject: 'issue/5',
        at: '2026-11-23T11:56:00.000Z',
        actor: { id: 'maria', trust: 'collaborator' },
        summary: `/suture ${command} by maria`,
        facts: { command, comment: '77', number: '5', author_association: 'MEMBER' },
      },
    ]);
  });

  it('commands in any case, with blanks around, and with the change set that was seen', () => {
    expect(readCommand('/SUTURE  Heal \t')).toEqual({ command: 'heal' });
    expect(readCommand('/suture\tstatus\r\nmore')).toEqual({ command: 'status' });
    expect(readCommand('/suture approve 1A2B3C4D')).toEqual({ command: 'approve', changeSet: '1a2b3c4d' });
    expect(readCommand(`/suture reject ${'a'.repeat(64)}`)).toEqual({ command: 'reject', changeSet: 'a'.repeat(64) });
    expect(heard('issue_comment', comment('/suture approve 1a2b3c4d'))[0]?.facts['changeSet']).toBe('1a2b3c4d');
  });

  const HOSTILE = [
    '',
    '\n/suture heal',
    ' /suture heal',
    '    /suture heal',
    '\t/suture heal',
    '> /suture heal',
    '`/suture heal`',
    '```\n/suture heal\n```',
    '~~~\n/suture heal',
    '- /suture heal',
    '1. /suture heal',
    '# /suture heal',
    '**/suture heal**',
    '<!-- -->/suture heal',
    '<b>/suture heal</b>',
    '[/suture heal](https://example.com)',
    '@maria /suture heal',
    'please /suture heal',
    'Please do not\n/suture heal',
    '/suture',
    '/suture ',
    '/suture heal now',
    '/suture heal;approve',
    '/suture heal && /suture approve',
    '/suture heal 1a2b3c4d',
    '/suture approve 1a2b3c4',
    '/suture approve 1a2b3c4g',
    `/suture approve ${'a'.repeat(65)}`,
    '/suture approve 1a2b3c4d 1a2b3c4d',
    '/suture approve --force',
    '/suture delegate',
    '/suture delegate @ada @eve',
    '/suture split',
    '/suture split pr/1',
    '/suture split heal/acme/shop/pr/1; heal',
    '/suture split heal/acme/shop/../../$(id)',
    '/suture healing',
    '/suture merge',
    '/suture constructor',
    '/suture __proto__',
    '/suture toString',
    '/sutureheal',
    '/suture-heal',
    '/suturex heal',
    '//suture heal',
    '\\/suture heal',
    '\u200b/suture heal',
    '\ufeff/suture heal',
    '\u202e/suture heal',
    '/suture\u00a0heal',
    '/suture\u2028heal',
    '/suture\u200b heal',
    '/suture he\u00adal',
    '/suture heal\u0000',
    '/suture heal\u2028/suture approve',
    '/\u017future heal',
    '/suture \uff48eal',
    '/suture st\u043ep',
    '/SUTURE RETR\u0178',
    '/suture \u212aeal',
    '/suture heal\u001b[31m',
    `/suture ${' '.repeat(300)}heal`,
    `/suture heal${' '.repeat(300)}x`,
    `${'/suture heal '.repeat(50_000)}`,
    '/suture\nheal',
    '/suture heal\r/suture stop',
  ];

  it.each(HOSTILE.map((text) => [JSON.stringify(text).slice(0, 60), text]))('with %s is no command', (_name, text) => {
    expect(readCommand(text)).toBeNull();
    expect(reason('issue_comment', comment(text))).toBe('the first line of the comment is no command');
  });

  it('of any text is a command only if its first line is exactly one', () => {
    const piece = fc.constantFrom(
      '/suture',
      ' ',
      '\t',
      '\n',
      '\r\n',
      '>',
      '`',
      ...COMMANDS,
      '1a2b3c4d',
      '\u200b',
      '\u00a0',
      '/',
      '@maria',
      '<!--',
    );
    const pieces = fc.array(piece, { maxLength: 4 }).map((parts) => parts.join(''));
    const likely = fc.tuple(fc.constantFrom('/suture ', '/suture\t', '/suture', ''), piece, pieces).map((parts) => parts.join(''));
    let commands = 0;
    fc.assert(
      fc.property(fc.oneof(likely, pieces, fc.string({ unit: 'binary' })), (text) => {
        const read = readCommand(text);
        const [line = ''] = text.split(/\r?\n/);
        const exact = /^\/suture[ \t]+(?:(heal|explain|retry|stop|status)|(approve|reject)(?:[ \t]+((?:[0-9a-f]{8}){1,8}))?)[ \t]*$/.exec(
          line,
        );
        expect(read?.command).toBe(exact?.[1] ?? exact?.[2]);
        expect(read?.changeSet).toBe(exact?.[3]);
        if (read !== null) commands += 1;
      }),
      { numRuns: 2_000 },
    );
    expect(commands).toBeGreaterThan(20);
  });

  it('counts when it is new, and neither when it was edited nor when it was deleted', () => {
    for (const action of ['edited', 'deleted'])
      expect(reason('issue_comment', comment('/suture approve', { action }))).toContain('only a new one');
  });

  it('of a machine is no command, our own included', () => {
    for (const user of [{ login: 'dependabot[bot]', type: 'Bot' }, { login: LOGIN, type: 'User' }, { login: 'x', type: 'Bot' }, null])
      expect(reason('issue_comment', comment('/suture approve', { comment: { user } }))).toBe('a comment of a machine is no command');
  });

  it('is of an outsider unless GitHub says more, and even then nobody is trusted to do more than ask', () => {
    const trusts = [
      'OWNER',
      'MEMBER',
      'COLLABORATOR',
      'CONTRIBUTOR',
      'FIRST_TIMER',
      'FIRST_TIME_CONTRIBUTOR',
      'MANNEQUIN',
      'NONE',
      'maintainer',
      null,
    ].map((author_association) => heard('issue_comment', comment('/suture heal', { comment: { author_association } }))[0]?.actor.trust);
    expect(trusts).toEqual(['collaborator', 'collaborator', 'collaborator', ...Array(7).fill('outsider')]);
  });

  it('on a pull request is about it, on our own about the healing that opened it', () => {
    const on = (issue: object) =>
      heard('issue_comment', comment('/suture stop', { issue: { number: 12, pull_request: { url: 'x' }, ...issue } }))[0];
    expect(on({})?.subject).toBe('pr/12');
    expect(on({ user: { login: LOGIN, type: 'Bot' }, body: marker('branch/main') })).toMatchObject({
      subject: 'branch/main',
      facts: { own: 'true', number: '12' },
    });
    // A marker in anybody else's text is text.
    expect(on({ body: marker('branch/main') })?.subject).toBe('pr/12');
    expect(on({ user: { login: LOGIN, type: 'Bot' }, body: marker('branch/main', 'acme/other') })?.subject).toBe('pr/12');
  });

  it('goes by the last marker of our pull request: what stands before may be quoted', () => {
    const body = `${marker('branch/main')}\n${marker('pr/12')}`;
    const issue = { number: 124, pull_request: {}, user: { login: LOGIN, type: 'Bot' }, body };
    expect(heard('issue_comment', comment('/suture stop', { issue }))[0]?.subject).toBe('pr/12');
  });

  it('of the person in whose name Suture writes with a token is a person’s', () => {
    const config = { login: 'robo', startLabel: 'suture', stopLabel: 'no-suture' };
    const body = Buffer.from(JSON.stringify(comment('/suture heal', { comment: { user: { login: 'Robo', type: 'User' } } })));
    const headers = { 'x-github-event': 'issue_comment', 'x-github-delivery': GUID };
    const answer = createGitHubSource({ config, secret: () => ['x'] }).parse({ headers, body, receivedAt: NOW });
    expect(answer).toMatchObject({ kind: 'signals', signals: [{ kind: 'commanded', actor: { id: 'Robo' } }] });
  });

  it('starts nothing where the label forbids it, and still stops and asks', () => {
    const issue = { labels: [{ name: 'No-Suture' }] };
    expect(reason('issue_comment', comment('/suture heal', { issue }))).toBe('the label "no-suture" forbids it');
    expect(reason('issue_comment', comment('/suture retry', { issue }))).toBe('the label "no-suture" forbids it');
    expect(
      ['stop', 'status', 'explain', 'reject'].map((word) => heard('issue_comment', comment(`/suture ${word}`, { issue })).length),
    ).toEqual([1, 1, 1, 1]);
  });
});

describe('a label', () => {
  const issue = (name: unknown, changes: object = {}) =>
    derive('issues', (payload) => payload.action === 'labeled', {
      ...COMMON,
      label: { name },
      issue: { number: 7, title: 'It broke' },
      ...changes,
    });

  it('on an issue or a pull request asks for a healing or stops it, whoever may', () => {
    expect(heard('issues', issue('suture'))).toMatchObject([
      {
        kind: 'commanded',
        subject: 'issue/7',
        actor: { id: 'maria', trust: 'outsider' },
        facts: { command: 'heal', label: 'suture', number: '7', title: 'It broke' },
      },
    ]);
    expect(heard('issues', issue('NO-Suture'))).toMatchObject([{ kind: 'commanded', subject: 'issue/7', facts: { command: 'stop' } }]);
    expect(heard('pull_request', pullEvent('labeled', pull(), { label: { name: 'suture' } }))).toMatchObject([
      { subject: 'pr/12', facts: { command: 'heal' } },
    ]);
    expect(heard('pull_request', pullEvent('labeled', pull(), { label: { name: 'no-suture' } }))).toMatchObject([
      { subject: 'pr/12', facts: { command: 'stop' } },
    ]);
  });

  it('of any other name means nothing', () => {
    for (const name of ['sutures', 'suture:1a2b', '', null, 7, 'x'.repeat(10_000)])
      expect(reason('issues', issue(name))).toContain('means nothing here');
  });

  it('of a machine means nothing', () => {
    for (const sender of [{ login: LOGIN, type: 'Bot' }, { login: 'triage[bot]', type: 'Bot' }, null])
      expect(reason('issues', issue('suture', { sender }))).toBe('a label of a machine');
  });

  it('on our own pull request starts nothing, and stops the healing that opened it', () => {
    expect(reason('pull_request', pullEvent('labeled', ownPull(), { label: { name: 'suture' } }))).toBe(
      'the label of our own pull request',
    );
    expect(heard('pull_request', pullEvent('labeled', ownPull('branch/main'), { label: { name: 'no-suture' } }))).toMatchObject([
      { subject: 'branch/main', facts: { command: 'stop', own: 'true' } },
    ]);
  });
});

describe('an issue', () => {
  it('that is closed, deleted or moved is over', () => {
    for (const action of ['closed', 'deleted', 'transferred']) {
      const payload = { ...derive('issues', (one) => one.action === 'labeled', { ...COMMON, issue: { number: 7 } }), action };
      expect(heard('issues', payload)).toMatchObject([
        { kind: 'change-closed', subject: 'issue/7', actor: { id: 'maria' }, summary: `issue 7: ${action}` },
      ]);
    }
  });

  it('that is opened waits for a label or a command', () => {
    expect(
      reason('issues', { ...derive('issues', (one) => one.action === 'opened', { ...COMMON, issue: { body: '/suture heal' } }) }),
    ).toContain('starts a healing');
  });
});

describe('a review', () => {
  const review = (state: string, pullRequest: unknown, changes: object = {}, action = 'submitted') => ({
    ...derive('pull_request_review', (payload) => payload.action === 'submitted', {
      ...COMMON,
      review: {
        id: 9,
        state,
        commit_id: SHA,
        submitted_at: '2026-11-23T11:00:00Z',
        author_association: 'OWNER',
        user: { login: 'theo', type: 'User' },
        ...changes,
      },
    }),
    action,
    pull_request: pullRequest,
  });

  it('of our own pull request says yes or no to the commit that was looked at', () => {
    expect(heard('pull_request_review', review('approved', ownPull()))).toMatchObject([
      {
        kind: 'commanded',
        subject: 'pr/12',
        sha: SHA,
        actor: { id: 'theo', trust: 'collaborator' },
        facts: { command: 'review-approved', sha: SHA, number: '124', own: 'true' },
      },
    ]);
    expect(heard('pull_request_review', review('changes_requested', ownPull()))[0]?.facts['command']).toBe('review-rejected');
  });

  it('that only comments, or was dismissed, decides nothing', () => {
    expect(reason('pull_request_review', review('commented', ownPull()))).toContain('decides nothing');
    expect(reason('pull_request_review', review('approved', ownPull(), {}, 'dismissed'))).toBe('a review was "dismissed"');
  });

  it('of a machine, of ourselves, or of no commit decides nothing', () => {
    const config = { login: 'robo', startLabel: 'suture', stopLabel: 'no-suture' };
    const user = { login: 'robo', type: 'User' };
    const body = Buffer.from(JSON.stringify(review('approved', ownPull('pr/12', { user }), { user })));
    const headers = { 'x-github-event': 'pull_request_review', 'x-github-delivery': GUID };
    const withToken = createGitHubSource({ config, secret: () => ['x'] });
    expect(withToken.parse({ headers, body, receivedAt: NOW })).toEqual({ kind: 'ignored', reason: 'a review of a machine or of our own' });
    for (const other of [{ login: LOGIN, type: 'User' }, { login: 'bot[bot]', type: 'Bot' }, null])
      expect(reason('pull_request_review', review('approved', ownPull(), { user: other }))).toBe('a review of a machine or of our own');
    expect(reason('pull_request_review', review('approved', ownPull(), { commit_id: null }))).toBe('the review names no commit');
  });

  it('of anybody else’s pull request is not for us, whatever is written in it', () => {
    const others = [
      pull(),
      ownPull('pr/12', { user: { login: 'mallory', type: 'User' } }),
      ownPull('pr/12', { headRepo: 99 }),
      ownPull('pr/12', { headRepo: null }),
      ownPull('pr/12', { branch: 'feature' }),
      ownPull('pr/12', { body: marker('pr/12', 'acme/other') }),
      ownPull('pr/12', { body: '<!-- suture:heal/acme/shop/../../x#0123456789abcdef -->' }),
      ownPull('pr/12', { body: null }),
    ];
    for (const other of others) expect(reason('pull_request_review', review('approved', other))).toBe('the pull request is not ours');
  });

  it('goes by the marker that fits the branch, whatever others are quoted before or added behind', () => {
    for (const body of [`${marker('branch/main')}\n${marker('pr/12')}`, `${marker('pr/12')}\n${marker('branch/main')}`])
      expect(heard('pull_request_review', review('approved', ownPull('pr/12', { body })))[0]?.subject).toBe('pr/12');
    expect(reason('pull_request_review', review('approved', ownPull('pr/12', { body: marker('branch/main') })))).toBe(
      'the pull request is not ours',
    );
  });
});
