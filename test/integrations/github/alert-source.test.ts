import { Webhooks } from '@octokit/webhooks';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createGitHubSource } from '../../../src/integrations/github/alert-source.ts';
import { sign } from '../../../src/lib/hmac-signature.ts';
import { checkRun, GUID, heard, NOW, PUBLISHED, source, take, workflowRun } from './alert-source-support.ts';

const CONFIG = { login: 'suture-healer[bot]', startLabel: 'suture', stopLabel: 'no-suture' };
const BODY = Buffer.from(JSON.stringify(workflowRun()));

const request = (body: Uint8Array, headers: Readonly<Record<string, string | undefined>> = {}) => ({
  headers: { 'x-github-event': 'workflow_run', 'x-github-delivery': GUID, ...headers },
  body,
  receivedAt: NOW,
});
const signed = (body: Uint8Array, secret: string) => request(body, { 'x-hub-signature-256': sign(secret, body) });

describe('the signature of a delivery', () => {
  it('is the one of the test vector that GitHub publishes', () => {
    const vector = createGitHubSource({ config: CONFIG, secret: () => ["It's a Secret to Everybody"] });
    const body = Buffer.from('Hello, World!');
    const given = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
    expect(sign("It's a Secret to Everybody", body)).toBe(given);
    expect(vector.verify(request(body, { 'x-hub-signature-256': given }))).toEqual({ ok: true });
  });

  it('is the one that Octokit makes and takes', async () => {
    const octokit = new Webhooks({ secret: 'the-newer-secret' });
    for (const text of [BODY.toString('utf8'), '{"ü":"\u202e€😀"}']) {
      const body = Buffer.from(text);
      const theirs = await octokit.sign(text);
      expect(sign('the-newer-secret', body)).toBe(theirs);
      expect(source.verify(request(body, { 'x-hub-signature-256': theirs }))).toEqual({ ok: true });
      expect(await octokit.verify(text, sign('the-newer-secret', body))).toBe(true);
    }
  });

  it('is taken from either secret while they are changed, and from none that was removed', () => {
    let secrets = ['new', 'old'];
    const rotating = createGitHubSource({ config: CONFIG, secret: () => secrets });
    expect(['new', 'old', 'older'].map((secret) => rotating.verify(signed(BODY, secret)).ok)).toEqual([true, true, false]);
    secrets = ['new'];
    expect(['new', 'old'].map((secret) => rotating.verify(signed(BODY, secret)).ok)).toEqual([true, false]);
  });

  it('is wanted: nothing gets in without one, with another one, or over other bytes', () => {
    const changed = Buffer.from(BODY);
    changed[changed.length - 2] = (changed[changed.length - 2] ?? 0) ^ 1;
    const good = sign('the-newer-secret', BODY);
    const refused = [
      undefined,
      '',
      'sha256=',
      good.slice(0, -1),
      `${good}0`,
      good.toUpperCase(),
      good.replace('sha256=', 'sha1='),
      good.replace('sha256=', ''),
      sign('another', BODY),
      sign('the-newer-secret', changed),
      '😀'.repeat(20),
    ];
    for (const header of refused) expect(source.verify(request(BODY, { 'x-hub-signature-256': header })).ok, String(header)).toBe(false);
    expect(source.verify(request(changed, { 'x-hub-signature-256': good })).ok).toBe(false);
  });

  it('of the older kind does not count', () => {
    expect(source.verify(request(BODY, { 'x-hub-signature': `sha1=${'a'.repeat(40)}` }))).toEqual({
      ok: false,
      reason: 'the header X-Hub-Signature-256 is missing',
    });
  });

  it('is never right when no secret is configured, not even with an empty one', () => {
    for (const secrets of [[], ['']]) {
      const bare = createGitHubSource({ config: CONFIG, secret: () => secrets });
      expect(bare.verify(signed(BODY, '')).ok).toBe(false);
    }
  });

  it('agrees with Octokit on any secret and body', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 1 }), fc.string({ minLength: 1, unit: 'binary' }), async (secret, text) => {
        const body = Buffer.from(text);
        const octokit = new Webhooks({ secret });
        const theirs = await octokit.sign(text);
        const one = createGitHubSource({ config: CONFIG, secret: () => [secret] });
        return one.verify(request(body, { 'x-hub-signature-256': theirs })).ok && (await octokit.verify(text, sign(secret, body)));
      }),
      { numRuns: 100 },
    );
  });
});

describe('a delivery of GitHub', () => {
  it('is refused without its headers', () => {
    for (const headers of [
      { 'x-github-event': undefined },
      { 'x-github-event': 'Workflow Run' },
      { 'x-github-event': '../x' },
      { 'x-github-delivery': undefined },
      { 'x-github-delivery': 'a/b' },
      { 'x-github-delivery': 'x'.repeat(101) },
    ])
      expect(source.parse(request(BODY, headers)).kind, JSON.stringify(headers)).toBe('invalid');
  });

  it('under the name of another event says nothing', () => {
    for (const event of [
      'check_run',
      'issues',
      'issue_comment',
      'status',
      'push',
      'pull_request',
      'pull_request_review',
      'deployment_status',
    ])
      expect(source.parse(request(BODY, { 'x-github-event': event })).kind, event).toBe('ignored');
  });

  it('of an event that is not known is ignored unread', () => {
    expect(source.parse(request(Buffer.from('not JSON'), { 'x-github-event': 'gollum' }))).toEqual({
      kind: 'ignored',
      reason: 'events of kind "gollum" are not used',
    });
  });

  it('is refused when it is not JSON, not an object, too deep or poisoned', () => {
    for (const text of [
      '',
      'x',
      '{"a":',
      '[]',
      'null',
      '"x"',
      '[['.repeat(40) + ']]'.repeat(40),
      `{"a":${'['.repeat(65)}${']'.repeat(65)}}`,
      '{"__proto__":{"x":1}}',
    ])
      expect(source.parse(request(Buffer.from(text))).kind, text).toBe('invalid');
    expect(source.parse(request(Buffer.from([0x7b, 0xff, 0x7d]))).kind).toBe('invalid');
  });

  it('may be as large as GitHub makes them', () => {
    expect(source.maxBytes).toBe(25 * 1024 * 1024);
    const small = JSON.stringify({ ...workflowRun(), padding: '' });
    const body = Buffer.from(JSON.stringify({ ...workflowRun(), padding: 'x'.repeat(source.maxBytes - Buffer.byteLength(small)) }));
    expect(body.length).toBe(source.maxBytes);
    expect(source.verify(signed(body, 'the-older-secret'))).toEqual({ ok: true });
    expect(source.parse(request(body))).toMatchObject({ kind: 'signals' });
  });

  it('keeps its GUID, so that one that GitHub delivers again is known again', () => {
    expect(heard('workflow_run', workflowRun()).map((signal) => signal.id)).toEqual([GUID]);
    expect(heard('workflow_run', workflowRun())).toEqual(heard('workflow_run', workflowRun()));
  });

  it('of a repository with no name, or a name that cannot be one here, is ignored', () => {
    for (const repository of [
      null,
      {},
      { full_name: 'x' },
      { full_name: 'a/b/c' },
      { full_name: '../..' },
      { full_name: 'acme/.github' },
      { full_name: 7 },
    ])
      expect(take('workflow_run', { ...workflowRun(), repository }).kind).toBe('ignored');
  });

  it('never throws and gives well-formed signals only, whatever is in its fields', () => {
    const odd = fc.oneof(
      fc.constantFrom(
        null,
        '',
        0,
        -1,
        1e21,
        [],
        {},
        [null],
        [[]],
        true,
        'x'.repeat(100_000),
        '\u202e\u0000\n::set-output',
        '../../etc',
        '<!-- suture:heal/acme/shop/pr/1#0123456789abcdef -->',
      ),
      fc.jsonValue({ maxDepth: 2 }).filter((value) => !/__proto__|constructor/.test(JSON.stringify(value))),
    );
    const read = PUBLISHED.filter(({ name }) =>
      [
        'workflow_run',
        'check_run',
        'status',
        'pull_request',
        'push',
        'pull_request_review',
        'issues',
        'issue_comment',
        'deployment_status',
      ].includes(name),
    ).flatMap(({ name, examples }) => examples.map((payload) => ({ name, payload })));
    let signals = 0;
    fc.assert(
      fc.property(fc.constantFrom(...read), fc.nat(), odd, ({ name, payload }, seed, value) => {
        const copy = structuredClone(payload);
        // Two levels deep is where everything stands that is read.
        const places = Object.entries(copy).flatMap(([key, inner]) => [
          [copy, key] as const,
          ...(inner !== null && typeof inner === 'object' ? Object.keys(inner).map((field) => [inner, field] as const) : []),
        ]);
        const [holder, key] = places[seed % places.length] ?? [copy, 'action'];
        (holder as Record<string, unknown>)[key] = value;
        signals += heard(name, copy).length;
      }),
      { numRuns: 1_000 },
    );
    expect(signals).toBeGreaterThan(20);
  });

  it('with outside text in every name gives short single lines', () => {
    const nasty = `\u001b]0;x\u0007${'a\n::error::\u202e'.repeat(2_000)}`;
    const [signal] = heard('check_run', checkRun({ name: nasty, app: { slug: nasty }, check_suite: { head_branch: 'main' } }));
    expect(signal?.summary).not.toMatch(/[\u0000-\u001f\u202e]/);
    for (const fact of Object.values(signal?.facts ?? {})) expect(fact).not.toMatch(/[\u0000-\u001f\u202e]/);
    expect(JSON.stringify(signal).length).toBeLessThan(3_000);
  });
});
