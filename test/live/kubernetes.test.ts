import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectCluster } from '../../src/sandbox/kubernetes/api.ts';
import { createKubernetesSandbox, type KubernetesOptions } from '../../src/sandbox/kubernetes/index.ts';
import { jobObject, NOTES, objectName } from '../../src/sandbox/kubernetes/objects.ts';
import { networkPlan } from '../../src/sandbox/network.ts';
import { ownerOf } from '../../src/sandbox/owner.ts';
import { describeSandboxContract } from '../sandbox/contract-suite.ts';
import { jobOf } from '../sandbox/support.ts';

/** A cluster to try, as somebody who may make namespaces and roles; an image for jobs that its nodes have or can pull, by digest; our system call filter on its nodes; a network plug-in that holds pods to policies, unless `_POLICIES` is `none`. */
const admin = process.env['SUTURE_TEST_KUBECONFIG'] ?? '';
const image = process.env['SUTURE_TEST_KUBERNETES_IMAGE'] ?? '';
const policies = process.env['SUTURE_TEST_KUBERNETES_POLICIES'] !== 'none';
const env = { ...process.env, KUBECONFIG: admin };
const kubectl = (args: readonly string[], input?: string): string =>
  execFileSync('kubectl', [...args], { env, encoding: 'utf8', ...(input === undefined ? {} : { input }) }).trim();

function whyNot(): string | null {
  if (admin === '' || image === '' || process.env['SUTURE_TEST_KUBERNETES_SECCOMP'] === undefined)
    return 'no cluster: set SUTURE_TEST_KUBECONFIG, SUTURE_TEST_KUBERNETES_IMAGE and SUTURE_TEST_KUBERNETES_SECCOMP';
  if (!existsSync(admin)) return `there is no file ${admin}`;
  try {
    kubectl(['get', '--raw', '/readyz']);
    return null;
  } catch {
    return 'no cluster answers, or `kubectl` is missing';
  }
}

const missing = whyNot();
if (missing !== null) process.stdout.write(`skipped: the kubernetes sandbox: ${missing}\n`);
const stateDir = mkdtempSync(join(tmpdir(), 'suture-kubernetes-'));
const kubeconfig = join(stateDir, 'kubeconfig');
afterAll(() => rmSync(stateDir, { recursive: true, force: true }));

describe.skipIf(missing !== null)(`a cluster${missing === null ? '' : `: ${missing}`}`, { timeout: 300_000 }, () => {
  const options: KubernetesOptions = {
    kubeconfig,
    namespace: 'suture-jobs',
    image,
    startSeconds: 120,
    requireNetworkPolicy: policies,
    seccompProfile: process.env['SUTURE_TEST_KUBERNETES_SECCOMP'],
  };
  const create = (more: Partial<KubernetesOptions> = {}) => createKubernetesSandbox({ stateDir, kubernetes: { ...options, ...more } });
  const jobs = (): string => kubectl(['get', 'jobs,pods', '--namespace', 'suture-jobs', '--output', 'name']);

  let account = { token: '', server: '', ca: '' };
  beforeAll(() => {
    kubectl(['apply', '--filename', '-'], readFileSync(join(import.meta.dirname, '../../docs/kubernetes-rbac.yaml'), 'utf8'));
    // Exactly the rights of the manifest that users are given, and no others.
    const token = kubectl(['create', 'token', 'suture', '--namespace', 'suture-jobs', '--duration', '2h']);
    const server = kubectl(['config', 'view', '--minify', '--output', 'jsonpath={.clusters[0].cluster.server}']);
    const ca = kubectl(['config', 'view', '--minify', '--raw', '--output', 'jsonpath={.clusters[0].cluster.certificate-authority-data}']);
    const caFile = kubectl(['config', 'view', '--minify', '--output', 'jsonpath={.clusters[0].cluster.certificate-authority}']);
    const authority = ca === '' ? readFileSync(caFile).toString('base64') : ca;
    account = { token, server, ca: Buffer.from(authority, 'base64').toString() };
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'it', cluster: { server, 'certificate-authority-data': authority } }],
        users: [{ name: 'suture', user: { token } }],
        contexts: [{ name: 'it', context: { cluster: 'it', user: 'suture' } }],
        'current-context': 'it',
      }),
      { mode: 0o600 },
    );
  });

  describeSandboxContract('kubernetes', () => create(), 'cluster');

  it('finds the programs that the PATH of the image leads to', async () => {
    expect((await create().run(jobOf(['tool-of-the-image']))).steps[0]?.output).toBe('found\n');
  });

  it.skipIf(process.getuid?.() !== 0)('is driven from a pod of its own by what every pod finds there', () => {
    const folder = join(stateDir, 'account');
    mkdirSync(folder);
    writeFileSync(join(folder, 'token'), account.token);
    writeFileSync(join(folder, 'ca.crt'), account.ca);
    writeFileSync(join(folder, 'namespace'), 'suture-jobs');
    const { kubeconfig: _none, ...inside } = options;
    const sources = [new URL('../../src/sandbox/kubernetes/index.ts', import.meta.url), new URL('../sandbox/support.ts', import.meta.url)];
    const program = `
      const { createKubernetesSandbox } = await import(${JSON.stringify(sources[0]?.href)});
      const { jobOf } = await import(${JSON.stringify(sources[1]?.href)});
      const sandbox = createKubernetesSandbox(${JSON.stringify({ stateDir, kubernetes: inside })});
      process.stdout.write((await sandbox.run(jobOf(['echo from a pod']))).steps[0].output);`;
    // The files of a service account, at the place where a pod has them: in a mount namespace, so nobody else sees them.
    const show =
      'mount -t tmpfs tmpfs /run && mkdir -p /run/secrets/kubernetes.io && cp -r "$1" /run/secrets/kubernetes.io/serviceaccount && exec "$2" --input-type=module -e "$3"';
    const { hostname, port } = new URL(account.server);
    const said = execFileSync(
      'unshare',
      ['--mount', '--propagation', 'private', '--', '/bin/sh', '-c', show, 'pod', folder, process.execPath, program],
      { encoding: 'utf8', env: { PATH: process.env['PATH'], KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port } },
    );
    expect(said).toBe('from a pod\n');
  });

  it('leaves no job and no pod behind', async () => {
    for (let tried = 0; tried < 50 && jobs() !== ''; tried += 1) await new Promise((next) => setTimeout(next, 200));
    expect(jobs()).toBe('');
  });

  it('has a policy that lets nothing in or out of jobs, made before the first', () => {
    const policy = JSON.parse(kubectl(['get', 'networkpolicy', 'suture-deny-all', '--namespace', 'suture-jobs', '--output', 'json'])) as {
      readonly spec: unknown;
    };
    expect(policy.spec).toEqual({ podSelector: { matchLabels: { 'suture.dev/sandbox': 'true' } }, policyTypes: ['Ingress', 'Egress'] });
  });

  const place = async (name: string, marker: string, begun: boolean) => {
    const api = await connectCluster(options);
    const sandboxOwner = { installation: 'somebody', machine: 'somewhere' };
    const job = jobOf(['sleep 600']);
    const object = jobObject(
      { ...job, name },
      options,
      { name: objectName(sandboxOwner.installation, name), namespace: 'suture-jobs', owner: sandboxOwner, marker },
      networkPlan(job),
    );
    if (begun) Object.assign(object.metadata?.annotations ?? {}, { [NOTES.begun]: 'yes' });
    await api.batch.createNamespacedJob({ namespace: 'suture-jobs', body: object });
    return { api, object };
  };

  it('takes over a job that was made and never begun, and replaces one that was', async () => {
    const { createOrAdopt, removeJob } = await import('../../src/sandbox/kubernetes/pod.ts');
    const { api, object } = await place(`adopt-${process.pid}`, 'suture-sandbox.1.1.t1', false);
    const before = (await api.batch.readNamespacedJob({ namespace: 'suture-jobs', name: object.metadata?.name ?? '' })).metadata?.uid;
    const fresh = {
      ...object,
      metadata: { ...object.metadata, annotations: { ...object.metadata?.annotations, [NOTES.marker]: 'suture-sandbox.2.2.t1' } },
    };
    expect(await createOrAdopt(api, fresh, 'suture-sandbox.2.2.t1')).toBe('adopted');
    const adopted = await api.batch.readNamespacedJob({ namespace: 'suture-jobs', name: object.metadata?.name ?? '' });
    expect([adopted.metadata?.uid, adopted.metadata?.annotations?.[NOTES.marker]]).toEqual([before, 'suture-sandbox.2.2.t1']);
    await removeJob(api, { namespace: 'suture-jobs', name: object.metadata?.name ?? '' });

    const second = await place(`replace-${process.pid}`, 'suture-sandbox.1.1.t1', true);
    const old = (await api.batch.readNamespacedJob({ namespace: 'suture-jobs', name: second.object.metadata?.name ?? '' })).metadata?.uid;
    expect(await createOrAdopt(api, second.object, 'suture-sandbox.2.2.t1')).toBe('created');
    const replaced = await api.batch.readNamespacedJob({ namespace: 'suture-jobs', name: second.object.metadata?.name ?? '' });
    expect(replaced.metadata?.uid).not.toBe(old);
    await removeJob(api, { namespace: 'suture-jobs', name: second.object.metadata?.name ?? '' });
  });

  it('replaces a job that was made by other settings, because its walls are others', async () => {
    const { createOrAdopt, removeJob } = await import('../../src/sandbox/kubernetes/pod.ts');
    const { api, object } = await place(`walls-${process.pid}`, 'suture-sandbox.1.1.t1', false);
    const where = { namespace: 'suture-jobs', name: object.metadata?.name ?? '' };
    const before = (await api.batch.readNamespacedJob(where)).metadata?.uid;
    const other = {
      ...object,
      metadata: { ...object.metadata, annotations: { ...object.metadata?.annotations, [NOTES.spec]: 'another' } },
    };
    expect(await createOrAdopt(api, other, 'suture-sandbox.2.2.t1')).toBe('created');
    expect((await api.batch.readNamespacedJob(where)).metadata?.uid).not.toBe(before);
    await removeJob(api, where);
  });

  it('is not misled by what the cluster said of an earlier job with the same name', async () => {
    const job = { ...jobOf(['echo fine']), name: `again-${process.pid}` };
    const wrong = create({ runtimeClass: 'not-there' });
    await expect(wrong.run(job)).rejects.toMatchObject({ code: 'sandbox-unavailable' });
    const name = objectName(ownerOf(stateDir).installation, job.name);
    const said = JSON.stringify({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `earlier-${process.pid}`, namespace: 'suture-jobs' },
      involvedObject: { apiVersion: 'batch/v1', kind: 'Job', name, namespace: 'suture-jobs', uid: '00000000-0000-0000-0000-000000000000' },
      reason: 'FailedCreate',
      message: 'of an earlier try',
      type: 'Warning',
      firstTimestamp: new Date().toISOString(),
      lastTimestamp: new Date().toISOString(),
    });
    kubectl(['create', '--filename', '-'], said);
    expect((await create().run(job)).steps[0]?.output).toBe('fine\n');
  });

  it("says in the cluster's own words why no pod is made", async () => {
    const sandbox = create({ runtimeClass: 'not-there' });
    expect(await sandbox.preflight()).toMatchObject({
      available: false,
      findings: expect.arrayContaining([
        expect.objectContaining({ ok: false, detail: expect.stringMatching(/RuntimeClass "not-there" not found/) }),
      ]),
    });
  });

  it('says that an image cannot be had', async () => {
    const sandbox = create({ image: `localhost/none@sha256:${'0'.repeat(64)}` });
    expect(await sandbox.preflight()).toMatchObject({
      available: false,
      findings: expect.arrayContaining([expect.objectContaining({ ok: false, detail: expect.stringMatching(/ImagePull|image/i) })]),
    });
  });

  it('is available only where pods are held to network policies, unless a test says that they need not', async () => {
    const health = await create({ requireNetworkPolicy: true }).preflight();
    const policy = health.findings.find(({ name }) => name === 'network policy');
    expect(policy?.detail).toMatch(policies ? /^the policy holds/ : /^pods reach the API of the cluster/);
    expect(health.available).toBe(policies);
  });

  it('sweeps jobs whose service is gone, and no others', async () => {
    expect(await create().sweep()).toBe(0);
  });
});

describe('a cluster that is not there', () => {
  it('is unavailable and says what to look at', async () => {
    const sandbox = createKubernetesSandbox({
      stateDir,
      kubernetes: { kubeconfig: join(stateDir, 'none'), namespace: 'suture-jobs', image: 'x', startSeconds: 1 },
    });
    expect(await sandbox.preflight()).toMatchObject({ available: false, isolation: 'none' });
    await expect(sandbox.run(jobOf(['true']))).rejects.toMatchObject({
      code: 'sandbox-unavailable',
      message: expect.stringContaining('sandbox.kubernetes.kubeconfig'),
    });
  });
});
