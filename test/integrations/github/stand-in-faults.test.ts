import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, clientOf } from '../../support/github/client.ts';
import { FAULT_KINDS, type FaultKind, type FaultRule } from '../../support/github/faults.ts';
import { type GitHubStandIn, type StandInRepository, startGitHubStandIn } from '../../support/github/stand-in.ts';

let standIn: GitHubStandIn;
let repository: StandInRepository;
let client: Client;
const COMMENTS = 'POST /repos/{owner}/{repo}/issues/{issue_number}/comments';

beforeAll(async () => {
  standIn = await startGitHubStandIn();
  repository = await standIn.repository();
  client = clientOf(standIn, standIn.tokens['suture-bot']);
});
afterAll(() => standIn.close());

/** What becomes of one write under a fault: its answer or null, and how many comments there are after it. */
async function tried(rule: Omit<FaultRule, 'operation'>) {
  const { fullName, hands } = repository;
  const number = await hands.openIssue('t', 'b');
  const fault = standIn.fault({ operation: COMMENTS, ...rule });
  const response = await fetch(`${standIn.url}/repos/${fullName}/issues/${number}/comments`, {
    method: 'POST',
    headers: { authorization: `token ${standIn.tokens['suture-bot']}`, 'content-type': 'application/json' },
    body: JSON.stringify({ body: 'hello' }),
    signal: AbortSignal.timeout(rule.kind.includes('hang') ? 250 : 5000),
  }).catch(() => null);
  const text = await response?.text().catch(() => null);
  const hits = fault.hits();
  fault.remove();
  return { status: response?.status ?? 0, headers: response?.headers, text, hits, comments: (await hands.comments(number)).length };
}

describe('faults of the stand-in', () => {
  const answered: ReadonlyArray<readonly [FaultKind, number]> = [
    ['unauthorized', 401],
    ['forbidden', 403],
    ['primary-limit', 403],
    ['secondary-limit', 403],
    ['not-found', 404],
    ['conflict', 409],
    ['unprocessable', 422],
    ['server-error', 500],
    ['bad-gateway', 502],
    ['unavailable', 503],
  ];
  it.each(answered)('%s answers %i without effect', async (kind, status) => {
    expect(await tried({ kind })).toMatchObject({ status, hits: 1, comments: 0 });
  });
  it('a primary limit says when it ends, also as 429', async () => {
    const { status, headers } = await tried({ kind: 'primary-limit', status: 429, seconds: 5 });
    expect([status, headers?.get('x-ratelimit-remaining')]).toEqual([429, '0']);
    expect(Number(headers?.get('x-ratelimit-reset'))).toBeGreaterThan(Date.now() / 1000);
  });
  it('a secondary limit says how long to wait, or does not', async () => {
    expect((await tried({ kind: 'secondary-limit', status: 429, seconds: 7 })).headers?.get('retry-after')).toBe('7');
    expect((await tried({ kind: 'secondary-limit' })).headers?.get('retry-after')).toBeNull();
  });
  it.each(['reset', 'hang'] as const)('%s gives no answer and has no effect', async (kind) => {
    expect(await tried({ kind })).toMatchObject({ status: 0, hits: 1, comments: 0 });
  });
  it.each(['after-effect', 'after-effect-hang'] as const)('%s gives no answer and has taken effect', async (kind) => {
    expect(await tried({ kind })).toMatchObject({ status: 0, hits: 1, comments: 1 });
  });
  it('reset-mid-body cuts the connection, truncated-json the content; both have taken effect', async () => {
    expect(await tried({ kind: 'reset-mid-body' })).toMatchObject({ status: 201, text: null, comments: 1 });
    const cut = await tried({ kind: 'truncated-json' });
    expect(cut).toMatchObject({ status: 201, comments: 1 });
    expect(() => JSON.parse(cut.text ?? '') as unknown).toThrow(SyntaxError);
  });
  it('has a test for every kind', () => {
    expect(FAULT_KINDS).toHaveLength(answered.length + 6);
  });
  it('hits the n-th call, so many times, and no other operation', async () => {
    const at = `/repos/${repository.fullName}`;
    const fault = standIn.fault({ operation: 'GET /repos/{owner}/{repo}', kind: 'not-found', nth: 2, times: 2 });
    const statuses: number[] = [];
    for (let turn = 0; turn < 4; turn += 1) {
      statuses.push((await client(`GET ${at}`)).status);
      await client(`GET ${at}/branches/main`);
    }
    fault.remove();
    expect(statuses).toEqual([200, 404, 404, 200]);
    expect(standIn.calls.filter((call) => call.operation === 'GET /repos/{owner}/{repo}').map((call) => call.fault)).toEqual([
      undefined,
      'not-found',
      'not-found',
      undefined,
    ]);
  });
  it('expires installation tokens', () => {
    standIn.expireTokens();
    expect(standIn.mintedTokens.every((minted) => minted.revoked)).toBe(true);
  });
});

describe('requests against the specification', () => {
  it('finds unknown operations, queries and fields, and bad bodies', async () => {
    if (!standIn.specAvailable) {
      process.stdout.write("GitHub's published specification is not at hand: requests were not checked against it\n");
      return;
    }
    const at = `/repos/${repository.fullName}`;
    const found = async (operation: string, body?: object): Promise<readonly string[]> => {
      const before = standIn.violations.length;
      await client(operation, body);
      return standIn.violations.slice(before);
    };
    expect(await found(`GET ${at}/pulls?state=open&per_page=5`)).toEqual([]);
    expect(await found(`POST ${at}/issues`, { title: 't', body: 'b' })).toEqual([]);
    expect(await found(`GET ${at}/nonsense`)).toHaveLength(1);
    expect((await found(`GET ${at}/pulls?colour=red`)).join()).toContain('colour');
    expect(await found(`POST ${at}/git/refs`, { ref: 'refs/heads/n', sha: repository.head, force: true })).toEqual([
      'POST /repos/{owner}/{repo}/git/refs: unknown field force',
    ]);
    expect(await found(`POST ${at}/issues`, { title: true, body: [1] })).not.toEqual([]);
    expect(await found(`POST ${at}/check-runs`, { name: 'n' })).not.toEqual([]);
  });
});
