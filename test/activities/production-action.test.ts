import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createRunCall } from '../../src/activities/run-call.ts';
import { ProductionAction } from '../../src/domain/production-action.schema.ts';
import { SHOP } from '../integrations/local/support.ts';
import { activityWorld, FILES, HEALING, HELD_SECRET, POLICY, SETTINGS } from '../support/activity-world.ts';

interface Seen {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly key: string | undefined;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

/** A stand-in for what an owner runs to restart things: answers as it is told, once each. */
let server: Server;
let base = '';
const seen: Seen[] = [];
const answers: Array<number | 'cut'> = [];
const header = (request: IncomingMessage, name: string) => request.headers[name] as string | undefined;

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  seen.push({
    method: request.method,
    path: request.url,
    key: header(request, 'idempotency-key'),
    authorization: header(request, 'authorization'),
    body: await json(request),
  });
  const answer = answers.shift() ?? 200;
  if (answer === 'cut') request.socket.destroy();
  else response.writeHead(answer, answer === 302 ? { location: `${base}/elsewhere` } : {}).end('{}');
}

beforeAll(async () => {
  server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  seen.splice(0);
  answers.splice(0);
});

async function open(over: object = {}) {
  const restart = ProductionAction.parse({
    title: 'restart the shop',
    kind: 'http',
    perDay: 2,
    parameters: { zone: { values: ['eu', 'us'] } },
    call: { url: `${base}/restart/{zone}`, body: { zone: '{zone}' } },
    undo: { method: 'DELETE', url: `${base}/restart/{zone}` },
    timeoutMs: 2_000,
    ...over,
  });
  const rollback = ProductionAction.parse({ title: 'what was live before', kind: 'rollback' });
  const policy = `${POLICY}    actions:\n      - name: restart\n        with: { zone: us }\n      - name: rollback\n`;
  const world = await activityWorld({
    files: { ...FILES, '.github/suture.yml': policy },
    deps: { actions: { defined: { restart, rollback }, run: createRunCall(() => HELD_SECRET) } },
  });
  const common = { healingId: HEALING, repo: SHOP, service: 'shop', environment: 'production', name: 'restart', choices: { zone: 'us' } };
  return {
    world,
    plan: (tried: readonly string[] = []) => world.activities.planAction({ repo: SHOP, service: 'shop', settings: SETTINGS, tried }),
    perform: (key: string, more: object = {}) => world.activities.performAction({ key, ...common, undo: false, ...more }),
  };
}

describe('planning', () => {
  it('gives the first of the policy, as the server defined it, with a hash that changes with what would be done', async () => {
    const { plan } = await open();
    const planned = await plan();
    expect(planned).toMatchObject({
      kind: 'action',
      name: 'restart',
      choices: { zone: 'us' },
      decision: 'ask',
      undoable: true,
      environment: 'production',
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(await plan()).toEqual(planned);
    expect(await plan(['restart'])).toMatchObject({ kind: 'none', detail: 'nothing was live in production before' });
  });

  it('counts what was done today', async () => {
    const { plan, perform } = await open();
    await perform('one');
    await perform('two');
    expect(await plan(['rollback'])).toMatchObject({ kind: 'none', detail: expect.stringContaining('restart was done 2 times today') });
  });

  it('says when the policy declares no such service', async () => {
    const { world } = await open();
    expect(await world.activities.planAction({ repo: SHOP, service: 'other', settings: SETTINGS, tried: [] })).toMatchObject({
      kind: 'none',
      detail: expect.stringContaining('no service other'),
    });
  });
});

describe('doing', () => {
  it('happens once for its key, however often it is asked for, and is on record without the secret', async () => {
    const { world, perform } = await open();
    expect(await perform('k')).toEqual({ kind: 'done', detail: 'status 200' });
    expect(await perform('k')).toEqual({ kind: 'done', detail: 'status 200' });
    expect(seen).toEqual([
      { method: 'POST', path: '/restart/us', key: expect.any(String), authorization: `Bearer ${HELD_SECRET}`, body: { zone: 'us' } },
    ]);
    expect((await world.actions()).filter((action) => action === 'action-performed')).toHaveLength(1);
  });

  it.each([
    ['no answer came', 'cut' as const],
    ['the other side was in trouble', 503],
  ])('is not repeated when %s: nobody knows whether it was done', async (_title, answer) => {
    const { perform } = await open();
    answers.push(answer);
    expect(await perform('k')).toMatchObject({ kind: 'unknown', detail: expect.stringContaining('127.0.0.1') });
    expect(await perform('k')).toMatchObject({ kind: 'unknown' });
    expect(seen).toHaveLength(1);
  });

  it('is not repeated after its worker was lost in the middle', async () => {
    const { world, perform } = await open();
    await world.deps.records.putOnce('action/k/begun', 'earlier');
    expect(await perform('k')).toMatchObject({ kind: 'unknown', detail: expect.stringContaining('it is not repeated') });
    expect(seen).toEqual([]);
  });

  it('is repeated under one key where the other side knows keys', async () => {
    const { perform } = await open({ idempotent: true });
    answers.push('cut');
    await expect(perform('k')).rejects.toMatchObject({ type: 'health-unavailable' });
    expect(await perform('k')).toMatchObject({ kind: 'done' });
    expect(new Set(seen.map(({ key }) => key)).size).toBe(1);
    expect(seen).toHaveLength(2);
  });

  it.each([400, 403, 404, 302])('is refused by status %i, and no redirect is followed', async (status) => {
    const { perform } = await open();
    answers.push(status);
    expect(await perform('k')).toMatchObject({ kind: 'refused', detail: expect.stringContaining(String(status)) });
    expect(seen).toHaveLength(1);
  });

  it('is refused where nobody listens: nothing was done', async () => {
    const { perform } = await open({ call: { url: 'http://127.0.0.1:1/restart/{zone}' } });
    expect(await perform('k')).toMatchObject({ kind: 'refused', detail: expect.stringContaining('nothing was done') });
  });

  it('ends with the day’s limit', async () => {
    const { perform } = await open();
    expect([await perform('1'), await perform('2'), await perform('3')].map(({ kind }) => kind)).toEqual(['done', 'done', 'refused']);
    expect(seen).toHaveLength(2);
  });

  it('is taken back by its own call, even when the limit is reached', async () => {
    const { perform } = await open({ perDay: 1 });
    await perform('k');
    expect(await perform('k/undo', { undo: true })).toMatchObject({ kind: 'done' });
    expect(seen.map(({ method }) => method)).toEqual(['POST', 'DELETE']);
  });

  it.each([
    ['there is no undo', { undo: undefined }, { undo: true }, /cannot be taken back/],
    ['the server does not define it any more', {}, { name: 'gone' }, /not defined/],
  ])('is refused where %s', async (_title, over, more, why) => {
    const { perform } = await open(over);
    expect(await perform('k', more)).toMatchObject({ kind: 'refused', detail: expect.stringMatching(why) });
    expect(seen).toEqual([]);
  });
});

describe('rolling a release back', () => {
  it('deploys what was live before, once for its key', async () => {
    const { world, perform } = await open();
    const { sha } = { sha: world.green };
    const rolled = () => perform('k', { name: 'rollback', choices: {}, rollbackTo: sha });
    const first = await rolled();
    expect(first).toMatchObject({ kind: 'done', deployment: expect.any(String) });
    expect(await rolled()).toEqual(first);
    expect(await world.deps.forge.deployments.list(SHOP, 'production')).toHaveLength(1);
    expect(await perform('k/undo', { name: 'rollback', choices: {}, undo: true })).toMatchObject({ kind: 'refused' });
  });
});
