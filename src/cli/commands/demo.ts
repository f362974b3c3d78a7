import { createPublicKey } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { loadConfig, loadSecrets } from '../../config/index.ts';
import { diskFull, isDiskFull, type Place } from '../../domain/disk-full.ts';
import { Failure } from '../../domain/failure.ts';
import type { HealingView } from '../../domain/healing-view.ts';
import { createRepository, mergePullRequest, openPullRequest, push, requestDeployment } from '../../integrations/local/admin.ts';
import { createLocalForge } from '../../integrations/local/forge.ts';
import { createLocalHealth } from '../../integrations/local/health.ts';
import { integrations } from '../../integrations/registry.ts';
import { verifyAuditTrail } from '../../store/verify-audit-trail.ts';
import { startChild } from '../child.ts';
import { followHealing } from '../follow.ts';
import type { Output } from '../output.ts';
import { type Runtime, startRuntime } from '../runtime.ts';
import { isFull } from '../watch-disk.ts';
import { sandboxFindings } from './doctor-sandbox.ts';

const REPO = { owner: 'acme', name: 'auth-service' };
const SERVICE = { repo: REPO, service: 'auth-service', environment: 'production' };
const USERS = 500;
const place = (): Place => ({ folder: tmpdir(), setting: 'TMPDIR' });
const example = (name: string) => fileURLToPath(new URL(`../../../examples/auth-service/${name}`, import.meta.url));
const percent = (rate: number | null) => (rate === null ? 'unknown' : `${(rate * 100).toFixed(1)} %`);

/** Short waits, so that the story takes a minute; everything else is as in production. */
function demoConfig() {
  return {
    temporal: { port: 0, uiPort: 0 },
    ingress: { port: 0 },
    autonomyCeiling: 'deploy',
    integrations: { datadog: { services: { 'auth-service': 'acme/auth-service' } } },
    timings: {
      gatherMs: 3000,
      checkPollMs: 2000,
      checkTimeoutMs: 120_000,
      deployPollMs: 1000,
      deployTimeoutMs: 60_000,
      verifyPollMs: 1000,
      verifyWindowMs: 4000,
      verifyTimeoutMs: 60_000,
      cooldownMs: 5000,
      approvalReminderMs: 600_000,
    },
    logLevel: 'info',
  };
}

async function until<T>(what: string, read: () => Promise<T | null>, timeoutMs = 60_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await read();
    if (value !== null) return value;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs / 1000} s for: ${what}`);
    await delay(150);
  }
}

async function askPerson(runtime: Runtime, view: HealingView, out: Output): Promise<void> {
  const { approval } = view;
  if (approval === undefined) return;
  out.step(`a person is asked: ${approval.reasons.join('; ')}`);
  for (const path of approval.paths) out.detail(`changes ${path}`);
  if (process.stdin.isTTY !== true) {
    out.detail(`approve with: SUTURE_STATE_DIR=${runtime.stateDir} npm run approve -- ${view.healingId}`);
    return;
  }
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const answer = (await prompt.question('         approve this change? (y/n) ')).trim().toLowerCase();
  prompt.close();
  const result = await runtime.healings.decide(view.healingId, {
    id: `demo-${Date.now()}`,
    verdict: answer.startsWith('y') ? 'approve' : 'reject',
    changeSetHash: approval.changeSetHash,
    actor: { id: 'mara', trust: 'maintainer' },
    via: 'cli',
  });
  out.step(`the decision was ${result.kind}`);
}

async function play(
  runtime: Runtime,
  out: Output,
  options: { readonly approve: boolean },
): Promise<{ readonly ok: boolean; readonly summary: Record<string, unknown>; readonly text: string }> {
  const { stateDir } = runtime;
  const forge = createLocalForge(stateDir);
  const health = createLocalHealth(stateDir);
  const mainHead = async () => {
    const sha = await forge.repositories.resolve(REPO, 'main');
    if (sha === null) throw new Error('main has no head');
    return sha;
  };
  const checked = (sha: string) =>
    until(`checks of ${sha.slice(0, 8)}`, async () => {
      const check = (await forge.checks.list(REPO, sha)).find((each) => each.name === 'tests');
      return check?.status === 'completed' ? (check.conclusion ?? null) : null;
    });
  const deployed = (id: string) =>
    until(`deployment ${id}`, async () => {
      const deployment = await forge.deployments.get(REPO, id);
      if (deployment?.state === 'failure') throw new Error(`deployment ${id} failed: ${deployment.detail ?? ''}`);
      return deployment?.state === 'success' ? deployment : null;
    });

  const good = await mainHead();
  if ((await checked(good)) !== 'success') throw new Error('the example is not green to begin with');
  out.step(`acme/auth-service: checks of main are green at ${good.slice(0, 8)}`);
  const first = await deployed((await requestDeployment(stateDir, REPO, { sha: good, environment: 'production', actor: 'mara' })).id);
  const calm = await health.read(SERVICE);
  out.step(`deployed to production (${first.url ?? ''}); ${calm.requests} real logins, ${percent(calm.errorRate)} errors`);

  const secrets = loadSecrets(stateDir, process.env);
  const token = secrets.get('datadog-webhook')[0]?.reveal() ?? '';
  const monitor = await startChild({
    name: 'the Datadog stand-in',
    script: example('datadog-stand-in.ts'),
    logFile: join(stateDir, 'logs', 'datadog-stand-in.log'),
    env: {
      PATH: process.env['PATH'] ?? '',
      SERVICE_URL: first.url ?? '',
      BODIES_FILE: join(stateDir, 'probe.json'),
      WEBHOOK_URL: `${runtime.ingressUrl}/webhooks/datadog`,
      WEBHOOK_TOKEN: token,
      THRESHOLD: '0.05',
    },
  });
  try {
    out.step('a stand-in for a Datadog monitor watches the error rate');
    const config = await readFile(example('repository/config.yaml'), 'utf8');
    const readme = await readFile(example('repository/README.md'), 'utf8');
    await push(stateDir, REPO, {
      branch: 'tighten-passwords',
      actor: 'peter',
      message: 'Accept scrypt only, and document how passwords are kept',
      files: {
        'config.yaml': config.replace('scrypt, pbkdf2', 'scrypt'),
        'README.md': `${readme}\nPasswords are kept as salted scrypt hashes.\n`,
      },
    });
    const pull = await openPullRequest(stateDir, REPO, {
      title: 'Accept scrypt only',
      body: 'Old schemes are weak.',
      headBranch: 'tighten-passwords',
      author: 'peter',
    });
    const merged = await mergePullRequest(stateDir, REPO, pull.number, { actor: 'mara', bypass: true });
    if (merged.kind !== 'merged') throw new Error(`pull request ${pull.number} could not be merged: ${merged.detail}`);
    out.step(`pull request ${pull.number} by peter drops a password scheme from config.yaml; mara merges it before its checks are done`);
    await deployed((await requestDeployment(stateDir, REPO, { sha: merged.sha, environment: 'production', actor: 'mara' })).id);
    const broken = await health.read(SERVICE);
    out.bad(`${merged.sha.slice(0, 8)} is live: ${percent(broken.errorRate)} of ${broken.requests} logins on /api/auth/login fail`);
    const conclusion = await checked(pull.headSha);
    const log = new TextDecoder().decode((await forge.checks.log(REPO, pull.headSha, 'tests')) ?? new Uint8Array());
    const red = [...log.matchAll(/^FAIL: (\w+)/gm)].map((match) => match[1] ?? '');
    out.bad(`checks of pull request ${pull.number}: ${conclusion} (${red.join(', ')})`);

    const candidates = await until('two signals', async () => {
      const listed = await runtime.healings.list({ running: false, limit: 20 });
      return listed.some((each) => each.healingId.includes('/monitor/')) && listed.length >= 2 ? listed : null;
    });
    const ids = candidates.map((each) => each.healingId);
    for (const id of ids) out.step(`a signed signal reached the ingress: ${id}`);
    const finals = await Promise.all(
      ids.map((id) => {
        let asked = false;
        let linked = false;
        return followHealing(runtime.healings, id, {
          timeoutMs: options.approve ? 3_600_000 : 150_000,
          onLine: (line, view) => {
            if (!linked && !['received', 'normalizing', 'admitting'].includes(view.state)) {
              linked = true;
              const link = runtime.healings.webUiUrl(id);
              if (link !== undefined && view.outcome?.kind !== 'merged-into') out.detail(link);
            }
            out.step(`${view.subject.padEnd(24)} ${line.state.padEnd(18)} ${line.text}`);
          },
          onView: async (view) => {
            if (view.approval !== undefined && !asked) {
              asked = true;
              await askPerson(runtime, view, out);
            }
          },
        });
      }),
    );
    const healed = finals.filter((view) => view.outcome?.kind === 'healed' && view.outcome.reason === 'verified');
    const joined = finals.filter((view) => view.outcome?.kind === 'merged-into');
    const after = await health.read(SERVICE);
    const head = await mainHead();
    const restored = Buffer.from((await forge.repositories.readFile(REPO, head, 'config.yaml')) ?? []).toString() === config;
    const kept = Buffer.from((await forge.repositories.readFile(REPO, head, 'README.md')) ?? [])
      .toString()
      .includes('salted scrypt');
    const pulls = (await Promise.all([124, 125, 126].map((number) => forge.changes.get(REPO, number)))).filter((each) => each !== null);
    const live = (await forge.deployments.list(REPO, 'production')).find((each) => each.state === 'success');
    const [primary] = healed;
    const key = secrets.get('audit-signing-key')[0]?.reveal() ?? '';
    const audit = await verifyAuditTrail(join(stateDir, 'audit'), createPublicKey(key));
    const facts: ReadonlyArray<readonly [string, boolean]> = [
      ['pull request 123 broke test_login and test_token_validation', red.includes('test_login') && red.includes('test_token_validation')],
      [
        `production was measured at ${percent(broken.errorRate)} errors`,
        broken.errorRate !== null && Math.abs(broken.errorRate - 0.152) < 0.0005,
      ],
      [`${finals.length} signals became one incident`, healed.length === 1 && joined.length === finals.length - 1 && joined.length >= 1],
      ['config.yaml is back to its last green content', restored],
      ['the good part of pull request 123 was kept', kept],
      ['exactly one pull request by Suture, merged', pulls.length === 1 && pulls[0]?.state === 'merged'],
      ['the fix is what is live', live?.sha === head],
      [`production is measured at ${percent(after.errorRate)} errors`, after.errorRate === 0 && after.healthy === true],
      ['the audit trail is whole', audit.ok],
    ];
    const ok = facts.every(([, held]) => held);
    const text = [
      '',
      `  ${ok ? 'Healed and verified.' : 'NOT verified.'}`,
      '',
      `  broke     ${primary?.title ?? 'unknown'}`,
      `  cause     ${primary?.cause ?? 'unknown'}`,
      `  fix       ${primary?.strategy ?? 'none'}, pull request ${primary?.pullRequest?.number ?? '-'}`,
      `  errors    ${percent(calm.errorRate)} -> ${percent(broken.errorRate)} -> ${percent(after.errorRate)}`,
      `  Web UI    ${primary === undefined ? '-' : (runtime.healings.webUiUrl(primary.healingId) ?? '-')}`,
      '',
      ...facts.map(([fact, held]) => `  ${held ? 'yes' : 'NO '}  ${fact}`),
      '',
    ].join('\n');
    return {
      ok,
      text,
      summary: {
        ok,
        facts: Object.fromEntries(facts),
        healings: finals.map((view) => ({ id: view.healingId, outcome: view.outcome })),
        errorRate: { before: calm.errorRate, broken: broken.errorRate, after: after.errorRate },
      },
    };
  } finally {
    await monitor.stop();
  }
}

/** `suture demo`: breaks a small real service and heals it, end to end, in a state folder of its own. */
export async function demo(options: { readonly keep: boolean; readonly approve: boolean }, out: Output): Promise<number> {
  const stateDir = await mkdtemp(join(tmpdir(), 'suture-demo-')).catch((error: unknown) => {
    if (isDiskFull(error)) throw diskFull(place(), error);
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new Failure('configuration-invalid', `no folder can be made in ${tmpdir()} (${why}): set TMPDIR to one that this user can write`);
  });
  let runtime: Runtime | null = null;
  let interrupted = false;
  const onSignal = () => {
    interrupted = true;
    void (async () => {
      await runtime?.stop();
      await rm(stateDir, { recursive: true, force: true });
      process.exit(130);
    })();
  };
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  try {
    const bodies = Array.from({ length: USERS }, (_, number) => ({ user: `user${number}`, password: `correct-horse-${number}` }));
    await writeFile(join(stateDir, 'probe.json'), JSON.stringify(bodies));
    await writeFile(join(stateDir, 'config.yml'), stringify(demoConfig()));
    const { config } = loadConfig({ stateDir, env: process.env, integrations });
    const missing = (await sandboxFindings(stateDir, config)).find(({ ok }) => !ok);
    // Without it the example would be as red as its break is to make it.
    if (missing !== undefined) throw new Failure('sandbox-unavailable', `${missing.name}: ${missing.detail}`);
    const source = join(stateDir, 'example');
    await mkdir(source);
    await cp(example('repository'), source, { recursive: true, filter: (path) => !path.includes('__pycache__') });
    if (options.approve) {
      const policy = join(source, '.github', 'suture.yml');
      await writeFile(policy, `${await readFile(policy, 'utf8')}protectedPaths:\n  - config.yaml\napprovers:\n  - mara\n`);
    }
    await createRepository(stateDir, REPO, {
      origin: { fromDirectory: source, message: 'auth-service', actor: 'mara' },
      defaultBranch: 'main',
      settings: {
        protected: true,
        requiredChecks: ['tests'],
        maintainers: ['mara'],
        collaborators: ['peter'],
        firstPullRequest: 123,
        environments: {
          production: {
            start: ['python3', '-m', 'auth.server'],
            port: 0,
            healthPath: '/healthz',
            startTimeoutMs: 30_000,
            probe: { method: 'POST', path: '/api/auth/login', bodiesFile: join(stateDir, 'probe.json'), headers: {} },
          },
        },
      },
    });
    out.step('starting the Temporal dev server, a worker, the ingress and the local forge');
    runtime = await startRuntime({ stateDir, env: process.env, onEvent: (text) => out.detail(text) });
    out.detail(`Web UI  ${runtime.webUi ?? '-'}`);
    out.detail(`ingress ${runtime.ingressUrl}`);
    const { ok, summary, text } = await play(runtime, out, options);
    out.result(text, summary);
    if (options.keep) {
      out.step(`kept running for you to look around; stop with Ctrl-C (state: ${stateDir})`);
      await new Promise(() => {});
    }
    return ok ? 0 : 3;
  } catch (error) {
    if (interrupted) return 130;
    // Whatever filled up lies in the demo's own folder.
    if (isDiskFull(error) || isFull(stateDir)) throw diskFull(place(), error);
    if (error instanceof Failure) throw error;
    out.bad(error instanceof Error ? error.message : String(error));
    out.detail(`logs: ${join(stateDir, 'logs')} are gone with the state folder unless you run with --keep`);
    if (options.keep) await new Promise(() => {});
    return 3;
  } finally {
    await runtime?.stop();
    await rm(stateDir, { recursive: true, force: true });
  }
}
