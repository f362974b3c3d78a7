import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { configure, keepSecret } from '../../../src/cli/state-files.ts';
import { diagnose } from '../../../src/integrations/slack/doctor.ts';
import { appManifest, newAppUrl } from '../../../src/integrations/slack/manifest.ts';
import { REQUIRED_SCOPES } from '../../../src/integrations/slack/required.ts';
import { type SlackStandIn, startSlackStandIn } from '../../support/slack/stand-in.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { workerOf } from './support.ts';

let standIn: SlackStandIn;
let poor: SlackStandIn;
beforeAll(async () => {
  standIn = await startSlackStandIn();
  poor = await startSlackStandIn({ scopes: ['chat:write'] });
  standIn.setGroup('S0APPROVE1', ['U0MARA0001']);
  standIn.setGroup('S0EMPTY001', []);
});
afterAll(() => Promise.all([standIn.close(), poor.close()]));
afterEach(() => standIn.clearFaults());

async function examine(more: object = {}, from = standIn, signing: readonly string[] = ['a-signing-secret']) {
  const { api, config } = workerOf(from, temporaryFolder(), { config: more });
  return diagnose(api, config, { signing });
}
const bad = async (...given: Parameters<typeof examine>) => (await examine(...given)).filter((finding) => !finding.ok);

describe('the doctor of Slack', () => {
  it('finds nothing to mend where all is well', async () => {
    const findings = await examine({ approvers: ['U0MARA0001', 'S0APPROVE1'] });
    expect(findings.filter(({ ok }) => !ok)).toEqual([]);
    expect(findings.map(({ name }) => name)).toEqual(expect.arrayContaining(['scopes', 'user group S0APPROVE1', 'signing secret']));
    expect(findings.find(({ name }) => name === `channel ${standIn.channels['healings']}`)?.detail).toBe('#healings');
    expect(standIn.violations).toEqual([]);
  });

  it.each([
    ['a channel that the app is not in', () => ({ channel: standIn.channels['random'] }), /invite @Suture in #random/],
    ['a channel that does not exist', () => ({ channel: 'C0GONE0001' }), /no such channel/],
    ['a user group that does not exist', () => ({ approvers: ['S0GONE0001'] }), /no such user group/],
    ['a user group without members', () => ({ approvers: ['S0EMPTY001'] }), /nobody is in it/],
    ['a workspace that is another one', () => ({ teamId: 'T0OTHER001' }), /belongs to another workspace/],
    ['no workspace', () => ({ teamId: undefined }), /set integrations.slack.teamId to T000000001/],
    ['no app', () => ({ appId: undefined }), /set integrations.slack.appId/],
    ['no channel', () => ({ channel: undefined }), /set integrations.slack.channel/],
    ['nobody who may decide', () => ({ approvers: [] }), /integrations.slack.approvers/],
  ])('says the way out of %s', async (_what, more, wayOut) => {
    const found = await bad(more());
    expect(found).toHaveLength(1);
    expect(found[0]?.detail).toMatch(wayOut);
  });

  it('names the scopes that are missing, and where to add them', async () => {
    const scopes = (await bad({ approvers: ['S0APPROVE1'] }, poor)).find(({ name }) => name === 'scopes');
    expect(scopes?.detail).toContain('channels:history, groups:history, channels:read, groups:read, usergroups:read');
    expect(scopes?.detail).toContain('OAuth & Permissions');
  });

  it('says what a token or signing secret lacks', async () => {
    expect((await bad({}, standIn, []))[0]?.detail).toContain('SUTURE_SECRET_SLACK_SIGNING_SECRET');
    const { api, config } = workerOf(standIn, temporaryFolder(), { token: 'xoxb-nobody' });
    const findings = await diagnose(api, config, { signing: ['s'] });
    expect(findings.find(({ name }) => name === 'bot token')).toMatchObject({
      ok: false,
      detail: expect.stringContaining('SUTURE_SECRET_SLACK_BOT_TOKEN'),
    });
  });
});

describe('setting up Slack', () => {
  const manifest = appManifest({ name: 'Suture', requestUrl: 'https://suture.example/webhooks/slack' });

  it('asks in its manifest for what it needs and no more, and for clicks at our door', () => {
    expect(manifest).toMatchObject({
      oauth_config: { scopes: { bot: REQUIRED_SCOPES.map(([scope]) => scope) } },
      settings: { interactivity: { is_enabled: true, request_url: 'https://suture.example/webhooks/slack' }, socket_mode_enabled: false },
    });
    expect(JSON.parse(new URL(newAppUrl(manifest)).searchParams.get('manifest_json') ?? '')).toEqual(manifest);
  });

  it('keeps what else stands in the configuration, and the secrets from others', async () => {
    const stateDir = temporaryFolder();
    await writeFile(join(stateDir, 'config.yml'), '# mine\nlogLevel: warn\nintegrations:\n  slack:\n    approvers: [U0MARA0001]\n');
    await configure(stateDir, [[['integrations', 'slack', 'teamId'], 'T000000001']]);
    const text = await readFile(join(stateDir, 'config.yml'), 'utf8');
    expect(text).toContain('# mine');
    expect(parse(text)).toEqual({ logLevel: 'warn', integrations: { slack: { approvers: ['U0MARA0001'], teamId: 'T000000001' } } });
    const file = await keepSecret(stateDir, 'slack-bot-token', 'xoxb-1');
    expect([await readFile(file, 'utf8'), (await stat(file)).mode & 0o777]).toEqual(['xoxb-1', 0o600]);
  });
});
