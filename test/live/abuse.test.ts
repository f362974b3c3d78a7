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
      policies: setting('SUTURE_TEST_KUBERNETES_POLICIES'),
    },
  },
] as const;

/** What the cluster of the run leaves open by what it lacks, and whoever runs it says so: without a plug-in for network policies there is a network. */
const LACKING: Readonly<Record<string, readonly string[]>> = {
  kubernetes: setting('SUTURE_TEST_KUBERNETES_POLICIES') === 'none' ? ['AC-10'] : [],
};

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
      const expected = published.includes(id) && LACKING[target]?.includes(id) !== true;
      expect(result.cases[id]?.worked.length === 0).toBe(expected);
    });

    it('are all held, by what is published', () => {
      expect(tried.filter(({ id }) => !published.includes(id))).toEqual([]);
    });
  });
}
