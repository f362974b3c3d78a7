import { describe, expect, it } from 'vitest';
import { Signal } from '../../../src/domain/signal.schema.ts';
import type { RawRequest } from '../../../src/integrations/contract.ts';
import { createLocalAlertSource } from '../../../src/integrations/local/alert-source.ts';
import type { EventPull, ForgeEvent } from '../../../src/integrations/local/event.schema.ts';
import { sign } from '../../../src/lib/hmac-signature.ts';

const SHA = 'a'.repeat(40);
const MERGE = 'b'.repeat(40);
const source = createLocalAlertSource(['new secret of the forge', 'old secret of the forge']);

const common = {
  delivery: 'd-1',
  repository: { owner: 'acme', name: 'shop' },
  at: '2026-11-23T12:00:00.000Z',
  actor: { id: 'ada', trust: 'maintainer' as const },
};
const bot = { id: 'suture[bot]', trust: 'system' as const };

const pull = (change: Partial<EventPull> = {}): EventPull => ({
  number: 123,
  state: 'open',
  headBranch: 'bad-config',
  headSha: SHA,
  baseBranch: 'main',
  author: 'ada',
  fork: false,
  mergeSha: null,
  marker: null,
  ...change,
});
const ownPull = (change: Partial<EventPull> = {}): EventPull =>
  pull({
    number: 124,
    headBranch: 'suture/pr-123-ab12',
    author: 'suture[bot]',
    marker: '<!-- suture:heal/acme/shop/pr/123 -->',
    ...change,
  });

const check = (
  conclusion: 'success' | 'failure' | 'cancelled' | 'timed-out',
  pullRequests: EventPull[],
  branches: string[] = [],
): ForgeEvent => ({
  ...common,
  event: 'check_completed',
  action: 'completed',
  check: { name: 'test', sha: SHA, conclusion, required: true },
  branches,
  pullRequests,
});
const changed = (
  action: 'opened' | 'synchronize' | 'closed' | 'merged' | 'reopened',
  pullRequest: EventPull,
  actor: ForgeEvent['actor'] = common.actor,
): ForgeEvent => ({ ...common, actor, event: 'pull_request', action, pullRequest });
const deployed = (action: 'success' | 'failure', pullRequest: EventPull | null): ForgeEvent => ({
  ...common,
  event: 'deployment_status',
  action,
  deployment: { id: '1', sha: MERGE, environment: 'production', detail: null },
  pullRequest,
  defaultBranch: 'main',
});

const request = (body: string | Uint8Array, headers: Record<string, string> = {}): RawRequest => ({
  headers,
  body: typeof body === 'string' ? Buffer.from(body) : body,
  receivedAt: new Date(),
});
const parse = (value: unknown) => source.parse(request(JSON.stringify(value)));

describe('signatures of the local forge', () => {
  const body = JSON.stringify(check('failure', [pull()]));
  const verify = (signature: string | undefined, text = body) =>
    source.verify(request(text, signature === undefined ? {} : { 'x-suture-signature-256': signature })).ok;

  it.each(['new secret of the forge', 'old secret of the forge'])('are accepted when made with %j', (secret) => {
    expect(verify(sign(secret, body))).toBe(true);
  });
  it.each([
    ['another secret', sign('another secret', body)],
    ['a changed body', sign('new secret of the forge', `${body} `)],
    ['a wrong length', 'sha256=abc'],
    ['no prefix', sign('new secret of the forge', body).slice(7)],
    ['upper case', sign('new secret of the forge', body).toUpperCase()],
    ['nothing', ''],
    ['no header', undefined],
  ])('are refused with %s', (_name, signature) => {
    expect(verify(signature)).toBe(false);
  });
  it('are all refused when no secret is configured', () => {
    expect(createLocalAlertSource([]).verify(request(body, { 'x-suture-signature-256': sign('', body) })).ok).toBe(false);
  });
});

describe('events of the local forge', () => {
  it.each([
    ['a failed check of a pull request', check('failure', [pull()], ['bad-config']), 'check-failed', 'pr/123'],
    ['a check that timed out', check('timed-out', [pull()]), 'check-failed', 'pr/123'],
    ['a passed check of a pull request', check('success', [pull()]), 'check-passed', 'pr/123'],
    ['a failed check of a branch', check('failure', [], ['main']), 'check-failed', 'branch/main'],
    ['a passed check of a branch', check('success', [], ['release/1.2']), 'check-passed', 'branch/release/1.2'],
    [
      'a failed check of a pull request that is merged by now',
      check('failure', [pull({ state: 'merged', mergeSha: MERGE })], ['bad-config']),
      'check-failed',
      'pr/123',
    ],
    ['a closed pull request', changed('closed', pull({ state: 'closed' })), 'change-closed', 'pr/123'],
    ['a merged pull request', changed('merged', pull({ state: 'merged', mergeSha: MERGE })), 'change-merged', 'pr/123'],
    ['a push to a pull request', changed('synchronize', pull()), 'head-moved', 'pr/123'],
    ['a failed check of our own pull request', check('failure', [ownPull()], ['suture/pr-123-ab12']), 'check-failed', 'pr/123'],
    ['a passed check of our own pull request', check('success', [ownPull()]), 'check-passed', 'pr/123'],
    ['our own pull request closed by a person', changed('closed', ownPull({ state: 'closed' })), 'change-closed', 'pr/123'],
    ['our own pull request merged', changed('merged', ownPull({ state: 'merged', mergeSha: MERGE }), bot), 'change-merged', 'pr/123'],
    ['a person pushing to our branch', changed('synchronize', ownPull()), 'head-moved', 'pr/123'],
    ['the deployment of our repair', deployed('success', ownPull({ state: 'merged', mergeSha: MERGE })), 'deployment-finished', 'pr/123'],
    [
      'a marker with a note of its own behind it',
      check('success', [ownPull({ marker: '<!-- suture:heal/acme/shop/branch/main#1a2b -->' })]),
      'check-passed',
      'branch/main',
    ],
  ] as const)('tell of %s', (_name, event, kind, subject) => {
    const answer = parse(event);
    expect(answer.kind).toBe('signals');
    const signals = answer.kind === 'signals' ? answer.signals : [];
    expect(signals).toHaveLength(1);
    expect(Signal.parse(signals[0])).toMatchObject({ kind, subject, source: 'local', repo: common.repository, id: 'd-1' });
  });

  it.each([
    ['an opened pull request', changed('opened', pull())],
    ['a reopened pull request', changed('reopened', pull())],
    ['our own push to our branch', changed('synchronize', ownPull(), bot)],
    ['a check that was not run', check('cancelled', [pull()])],
    ['a check of a pull request that is closed by now', check('failure', [pull({ state: 'closed' })], ['bad-config'])],
    ['a check of a revision that is no head any more', check('failure', [])],
    ['a check of our branch without a pull request', check('failure', [], ['suture/pr-123-ab12'])],
    ['a deployment that is not ours', deployed('success', null)],
    ["a deployment of somebody else's pull request", deployed('success', pull({ state: 'merged', mergeSha: MERGE }))],
    ['a push', { ...common, event: 'push', action: 'updated', branch: 'main', before: SHA, after: MERGE }],
    ['an event of another kind', { ...common, event: 'star', action: 'created' }],
    ['a branch whose name cannot be a subject', check('failure', [], ['fünf'])],
  ])('are ignored with a reason for %s', (_name, event) => {
    expect(parse(event)).toMatchObject({ kind: 'ignored', reason: expect.stringMatching(/\w/) });
  });

  it('mark our own checks, so that they never start a healing', () => {
    const answer = parse(check('failure', [ownPull()]));
    expect(answer).toMatchObject({ signals: [{ facts: { own: 'true', check: 'test' } }] });
    expect(parse(check('failure', [pull()]))).not.toMatchObject({ signals: [{ facts: { own: 'true' } }] });
  });
  it.each([
    ['an author who is not Suture', { author: 'mallory' }],
    ['a branch that is not ours', { headBranch: 'feature' }],
    ['a fork', { fork: true }],
    ['another repository in the marker', { marker: '<!-- suture:heal/evil/shop/pr/123 -->' }],
    ['a subject that cannot be one', { marker: '<!-- suture:heal/acme/shop/nonsense -->' }],
  ])('do not reach a healing by a marker with %s', (_name, change) => {
    expect(parse(check('failure', [ownPull({ marker: '<!-- suture:heal/acme/shop/branch/main -->', ...change })]))).toMatchObject({
      signals: [{ subject: 'pr/124' }],
    });
  });
  it('give each pull request of one revision a signal with an id of its own', () => {
    const answer = parse(check('failure', [pull(), pull({ number: 125 })]));
    expect(answer).toMatchObject({
      signals: [
        { id: 'd-1', subject: 'pr/123' },
        { id: 'd-1-1', subject: 'pr/125' },
      ],
    });
  });
  it('carry the trust of the one who caused them', () => {
    expect(parse({ ...check('failure', [pull({ fork: true })]), actor: { id: 'mallory', trust: 'outsider' } })).toMatchObject({
      signals: [{ actor: { id: 'mallory', trust: 'outsider' } }],
    });
  });
  it.each([
    ['no JSON', 'hello'],
    ['nothing', ''],
    ['a number', '1'],
    ['null', 'null'],
    ['a list', '[]'],
    ['no event', '{}'],
    [
      'a wrong commit id',
      JSON.stringify({ ...check('failure', [pull()]), check: { name: 'test', sha: 'main', conclusion: 'failure', required: true } }),
    ],
    ['a repository that leaves its folder', JSON.stringify({ ...check('failure', [pull()]), repository: { owner: '..', name: 'x' } })],
    ['missing fields', JSON.stringify({ event: 'check_completed' })],
    ['deep nesting', `{"event":"push","x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['bytes that are not text', Buffer.from([0xff, 0xfe, 0x7b])],
  ])('are invalid with %s', (_name, body) => {
    expect(source.parse(request(body))).toMatchObject({ kind: 'invalid', reason: expect.stringMatching(/\w/) });
  });
  it('are refused when they name a prototype', () => {
    expect(parse(JSON.parse(`{"__proto__":{"polluted":1},"event":"star"}`))).toMatchObject({ kind: 'invalid' });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
