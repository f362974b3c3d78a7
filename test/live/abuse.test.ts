import { beforeAll, describe, expect, it } from 'vitest';
import { CASES } from '../abuse/cases.ts';
import { runAbuse } from '../abuse/launch.ts';
import { readPublished } from '../abuse/published.ts';
import type { AbuseResult } from '../abuse/run.ts';

const { env } = process;
const setting = (name: string): string => env[name] ?? '';

/** Engines to attack, each with what it needs. */
const ENGINES = [
  {
    target: 'docker',
    variables: ['SUTURE_TEST_DOCKER_SOCKET', 'SUTURE_TEST_DOCKER_IMAGE'],
    settings: { socketPath: setting('SUTURE_TEST_DOCKER_SOCKET'), image: setting('SUTURE_TEST_DOCKER_IMAGE') },
  },
  {
    target: 'kubernetes',
    variables: ['SUTURE_TEST_KUBECONFIG', 'SUTURE_TEST_KUBERNETES_IMAGE', 'SUTURE_TEST_KUBERNETES_SECCOMP'],
    settings: {
      kubeconfig: setting('SUTURE_TEST_KUBECONFIG'),
      image: setting('SUTURE_TEST_KUBERNETES_IMAGE'),
      seccompProfile: setting('SUTURE_TEST_KUBERNETES_SECCOMP'),
    },
  },
] as const;

const tried = CASES.filter(({ held }) => held === 'sandbox' || held === 'unavailable');

for (const { target, variables, settings } of ENGINES) {
  const missing = variables.filter((name) => setting(name) === '');
  if (missing.length > 0) process.stdout.write(`skipped: attacks on ${target}: set ${missing.join(', ')}\n`);
  describe.skipIf(missing.length > 0)(`attacks on ${target}`, { timeout: 900_000 }, () => {
    let result: AbuseResult;
    beforeAll(async () => {
      result = await runAbuse(target, { settings });
    }, 900_000);

    const published = readPublished()[target]?.['engine'] ?? [];

    it.each(tried)('$id comes to what is published: $what', ({ id }) => {
      expect(result.cases[id]?.tried).toBeGreaterThan(0);
      expect(result.cases[id]?.worked.length === 0).toBe(published.includes(id));
    });

    it('are held but for what the cluster of the run does not do', () => {
      // Without a plug-in that holds pods to policies there is a network; the preflight refuses such a cluster.
      const allowed = target === 'kubernetes' ? ['AC-10'] : [];
      expect(tried.filter(({ id }) => !published.includes(id) && !allowed.includes(id))).toEqual([]);
    });
  });
}
