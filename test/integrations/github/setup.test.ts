import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diagnose } from '../../../src/integrations/github/doctor.ts';
import { HOOKS } from '../../../src/integrations/github/hooks.ts';
import { REQUIRED_EVENTS, REQUIRED_PERMISSIONS } from '../../../src/integrations/github/required.ts';
import {
  appManifest,
  convertManifest,
  ensureOrganizationHook,
  ensureRepositoryHook,
  setUpAppHook,
} from '../../../src/integrations/github/setup.ts';
import { type GitHubStandIn, startGitHubStandIn } from '../../support/github/stand-in.ts';
import { appCredentialsOf, tokenCredentialsOf } from '../../support/github/under-test.ts';
import { clientOf, forgeOf } from './support.ts';

const URL = 'https://suture.example/webhooks/github';
const SECRET = 'a-webhook-secret-of-thirty-two-bytes';

let standIn: GitHubStandIn;
beforeAll(async () => {
  standIn = await startGitHubStandIn({ events: REQUIRED_EVENTS.map(([event]) => event) });
});
afterAll(() => standIn.close());

const ACCEPTED = Object.fromEntries(REQUIRED_PERMISSIONS.map((permission) => [permission.name, permission.access]));
const app = (from = standIn) => clientOf(from.url, appCredentialsOf(from));
const token = () => clientOf(standIn.url, tokenCredentialsOf(standIn));
const named = (findings: ReadonlyArray<{ readonly name: string; readonly ok: boolean; readonly detail: string }>, name: string) => {
  const found = findings.find((finding) => finding.name === name);
  if (found === undefined) throw new Error(`no finding ${name}: ${findings.map((finding) => finding.name).join(', ')}`);
  return found;
};

describe('setting up GitHub', () => {
  it('makes one webhook for a repository and brings it up to date from then on', async () => {
    const repository = await standIn.repository();
    const api = token().for({ owner: repository.owner, name: repository.name }, HOOKS);
    expect(await ensureRepositoryHook(api, { url: URL, secret: SECRET })).toContain('created');
    expect(await ensureRepositoryHook(api, { url: URL, secret: 'another-secret-of-thirty-two-bytes' })).toContain('brought up to date');
    const hooks = await api.all('GET /repos/{owner}/{repo}/hooks', {}, (data) => data, 10);
    expect(hooks).toHaveLength(1);
    expect(hooks[0]).toMatchObject({ active: true, config: { url: URL, content_type: 'json', insecure_ssl: '0' } });
    expect(hooks[0]?.events.toSorted()).toEqual(REQUIRED_EVENTS.map(([event]) => event).toSorted());
  });

  it('makes one webhook for an organisation, which the doctor and the patrol find for its repositories', async () => {
    const org = await startGitHubStandIn({ org: 'umbrella' });
    try {
      const { owner, name, fullName, head, hands } = await org.repository();
      const mine = clientOf(org.url, tokenCredentialsOf(org));
      const api = mine.for({ owner, name }, HOOKS);
      const hook = { url: 'http://127.0.0.1:9/webhooks/github', secret: SECRET };
      expect(await ensureOrganizationHook(api, hook)).toContain('umbrella: webhook');
      expect(await ensureOrganizationHook(api, hook)).toContain('brought up to date');
      expect(await api.all('GET /orgs/{org}/hooks', { org: owner }, (data) => data, 10)).toHaveLength(1);
      await hands.status(head, 'test', 'success');
      await org.settled();
      const options = { repositories: [fullName], webhookUrl: hook.url };
      expect(named(await diagnose(mine, options), `${fullName}: webhook`).detail).toContain('failed');
      expect(await forgeOf(mine, options).deliveries?.redeliverFailed()).toBeGreaterThan(0);
      expect(org.violations).toEqual([]);
    } finally {
      await org.close();
    }
  });

  it('points the webhook of the App to this ingress', async () => {
    expect(await setUpAppHook(app(), { url: URL, secret: SECRET })).toContain(URL);
    expect((await app().asApp('GET /app/hook/config')).data).toMatchObject({ url: URL, content_type: 'json' });
  });

  it('asks in its manifest for what it needs and no more', () => {
    const manifest = appManifest({ name: 'x', webhookUrl: URL, redirectUrl: 'http://127.0.0.1:1/created', homepage: URL });
    expect(manifest).toMatchObject({ public: false, hook_attributes: { url: URL, active: true } });
    const { default_permissions: asked } = manifest as { default_permissions: Record<string, string> };
    expect(asked).toEqual(Object.fromEntries(REQUIRED_PERMISSIONS.map((permission) => [permission.name, permission.access])));
    expect(Object.keys(asked)).not.toContain('administration');
  });

  it('exchanges the code of the manifest flow once for key and secret', async () => {
    const made = await convertManifest(app(), standIn.manifestCode());
    expect(made.pem).toContain('PRIVATE KEY');
    expect(made.webhookSecret.length).toBeGreaterThan(10);
    await expect(convertManifest(app(), '../../etc/passwd')).rejects.toMatchObject({ code: 'configuration-invalid' });
  });
});

describe('a call', () => {
  it('never goes where a field of its body says', async () => {
    const { url } = standIn;
    await expect(app().asApp('PATCH /app/hook/config', { url: 'https://elsewhere.example/' })).rejects.toMatchObject({ code: 'bug' });
    await expect(app().asApp('GET /app', { baseUrl: url } as never)).rejects.toMatchObject({ code: 'bug' });
  });
});

describe('the doctor of GitHub', () => {
  it('finds nothing missing where everything is in place', async () => {
    const repository = await standIn.repository({ rules: 'ruleset' });
    await setUpAppHook(app(), { url: URL, secret: SECRET });
    const findings = await diagnose(app(), { repositories: [repository.fullName], webhookUrl: URL });
    const missing = findings.filter((finding) => !finding.ok && finding.name !== 'deliveries');
    expect(missing).toEqual([]);
    expect(named(findings, `${repository.fullName}: branch rules`).detail).toContain('checks required, no bypass');
  });

  it('names each permission and event that is missing, why it is needed and where to click', async () => {
    const poor = await startGitHubStandIn({ permissions: { contents: 'read', metadata: 'read' }, events: ['push'] });
    try {
      const findings = await diagnose(app(poor), { repositories: [], webhookUrl: undefined });
      expect(named(findings, 'permission contents')).toMatchObject({
        ok: false,
        detail: expect.stringMatching(/wanted: write.*Repository permissions > Contents/),
      });
      expect(named(findings, 'permission checks')).toMatchObject({ ok: false });
      expect(named(findings, 'permission workflows')).toMatchObject({ ok: true, detail: expect.stringContaining('wanted: write') });
      expect(named(findings, 'events')).toMatchObject({ ok: false, detail: expect.stringContaining('workflow_run') });
    } finally {
      await poor.close();
    }
  });

  it('says that a branch has no rules, or none that prove anything', async () => {
    const open = await standIn.repository({ rules: 'none' });
    const findings = await diagnose(app(), { repositories: [open.fullName], webhookUrl: undefined });
    expect(named(findings, `${open.fullName}: branch rules`)).toMatchObject({ ok: false, detail: expect.stringContaining('has no rules') });
    const unchecked = await standIn.repository({ rules: 'ruleset', requiredChecks: [], requiredApprovals: 1 });
    const others = await diagnose(app(), { repositories: [unchecked.fullName], webhookUrl: undefined });
    expect(named(others, `${unchecked.fullName}: branch rules`)).toMatchObject({
      ok: false,
      detail: expect.stringContaining('requires no checks'),
    });
  });

  it('says when the webhook delivers elsewhere, or the key is another', async () => {
    await setUpAppHook(app(), { url: 'https://elsewhere.example/', secret: SECRET });
    const findings = await diagnose(app(), { repositories: [], webhookUrl: URL });
    expect(named(findings, 'webhook')).toMatchObject({ ok: false, detail: expect.stringContaining('suture setup github') });
    const stranger = clientOf(standIn.url, {
      ...(appCredentialsOf(standIn) as Extract<ReturnType<typeof appCredentialsOf>, { kind: 'app' }>),
      appId: 1,
    });
    expect(await diagnose(stranger, { repositories: [], webhookUrl: URL })).toMatchObject([{ name: 'App', ok: false }]);
  });

  it('says which permissions the owner of a repository has not accepted', async () => {
    const lagging = await startGitHubStandIn({ accepted: { ...ACCEPTED, issues: 'read' } });
    try {
      const { fullName } = await lagging.repository();
      const findings = await diagnose(app(lagging), { repositories: [fullName], webhookUrl: undefined });
      expect(named(findings, 'permission issues')).toMatchObject({ ok: true });
      expect(named(findings, `${fullName}: permissions`)).toMatchObject({
        ok: false,
        detail: expect.stringMatching(/not accepted.*: Issues\. Review/),
      });
    } finally {
      await lagging.close();
    }
  });

  it('says when a token writes as somebody else than is configured', async () => {
    const { fullName } = await standIn.repository();
    const other = clientOf(standIn.url, { ...tokenCredentialsOf(standIn), login: 'suture-healer[bot]' });
    const findings = await diagnose(other, { repositories: [fullName], webhookUrl: undefined });
    expect(named(findings, 'identity')).toMatchObject({ ok: false, detail: expect.stringContaining('writes as suture-bot') });
  });

  it('knows a token from an App, and misses a webhook that nobody made', async () => {
    const repository = await standIn.repository();
    const findings = await diagnose(token(), { repositories: [repository.fullName], webhookUrl: URL });
    expect(named(findings, 'identity').detail).toContain('a token');
    expect(named(findings, `${repository.fullName}: webhook`)).toMatchObject({
      ok: false,
      detail: expect.stringContaining('no webhook delivers'),
    });
  });
});

describe('the repositories that are looked after', () => {
  it('are the configured ones, else all of the installations', async () => {
    const repository = await standIn.repository();
    const configured = forgeOf(app(), { repositories: ['acme/one', 'acme/../two'] });
    expect(await configured.repositories.served()).toEqual([{ owner: 'acme', name: 'one' }]);
    const all = await forgeOf(app()).repositories.served();
    expect(all).toContainEqual({ owner: repository.owner, name: repository.name });
  });
});

describe('installation tokens', () => {
  it('are narrowed to one repository and the permissions of a step, shared within it, and given back', async () => {
    let now = Date.now();
    const repository = await standIn.repository();
    const repo = { owner: repository.owner, name: repository.name };
    const before = standIn.mintedTokens.length;
    const github = clientOf(standIn.url, appCredentialsOf(standIn), { now: () => now });
    const forge = forgeOf(github);
    await forge.repositories.describe(repo);
    await forge.repositories.resolve(repo, 'main');
    const minted = standIn.mintedTokens.slice(before);
    expect(minted).toHaveLength(1);
    expect(minted[0]?.repositories).toEqual([repository.name]);
    expect(Object.values(minted[0]?.permissions ?? {})).not.toContain('write');
    now += 6 * 60_000;
    await forge.repositories.describe(repo);
    await expect.poll(() => standIn.mintedTokens.slice(before).map((one) => one.revoked)).toEqual([true, false]);
  });

  it('that ran out mid-way are replaced', async () => {
    const repository = await standIn.repository();
    const repo = { owner: repository.owner, name: repository.name };
    const forge = forgeOf(app());
    await forge.repositories.describe(repo);
    standIn.expireTokens();
    await expect(forge.repositories.describe(repo)).rejects.toMatchObject({ code: 'forge-unavailable' });
    expect((await forge.repositories.describe(repo)).defaultBranch).toBe('main');
  });
});

describe('every request of set-up and doctor', () => {
  it("is valid against GitHub's own published specification, where that is at hand", () => {
    // Two that the pruned copy lacks; both are in @octokit/openapi-types, by which our calls are typed.
    const known = /rulesets\/\d+: no such operation|app-manifests\/[^/]+\/conversions: no such operation/;
    expect(standIn.violations.filter((violation) => !known.test(violation))).toEqual([]);
  });
});
