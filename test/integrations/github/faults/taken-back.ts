import { SETTINGS, unittestLog } from '../../../support/activity-world.ts';
import { appCredentialsOf } from '../../../support/github/under-test.ts';
import type { Journey, Notes, Step } from './journey.ts';
import type { At } from './stage.ts';
import { breakMain, FILES, noted, stepsOf } from './steps.ts';

const POLICY = `version: 1
autonomy: deploy
checks:
  - name: unit
    run: python3 -m unittest -v
    report: unittest
config:
  - config.yaml
services:
  - name: shop
    environment: production
    deploy: workflow
    workflow: deploy.yml
    inputs:
      commit: $SHA
`;

const steps = stepsOf('branch/main');
const elsewhere = (step: Step): Step => ({ ...step, elsewhere: true });
/** Nobody listens on the discard port. */
const NOWHERE = 'http://127.0.0.1:9/webhooks/github';

/** A workflow that deploys, known to GitHub since it ran once. */
async function prepare(at: At, notes: Notes): Promise<void> {
  await breakMain(at, notes);
  const { hands } = at.repository;
  await hands.run({
    sha: noted.text(notes, 'bad'),
    workflow: 'deploy',
    path: '.github/workflows/deploy.yml',
    jobs: [{ name: 'deploy', conclusion: 'success' }],
  });
  // What broke is live: that is how the service is known.
  await hands.deploymentStatus(await hands.deploy(noted.text(notes, 'bad'), 'production'), 'success');
  await hands.tag('v1', at.repository.head);
  notes['merged'] = notes['bad'];
}

/** What a crash left: a branch of ours without a pull request, a delivery that nobody took, a person's pull request that is red. */
async function leave({ repository: { hands }, standIn, deps, repo }: At): Promise<void> {
  const left = await hands.push('suture/left', { 'app.py': 'x=2\n' });
  await deps.records.putOnce(`commit/${repo.owner}/${repo.name}/${left}`, 'heal/of/somebody');
  standIn.pointWebhook(NOWHERE);
  await hands.run({
    sha: await hands.push('red', { 'config.yaml': 'mode: worse\n' }),
    branch: 'red',
    jobs: [{ name: 'unit', conclusion: 'failure' }],
  });
  await hands.openPull('red');
  await standIn.settled();
  standIn.pointWebhook('');
}

/** What is begun and not finished, what did harm, what deploys by a workflow, and the walk that looks after everything. */
export const takenBack: Journey = {
  name: 'taking back and looking after',
  cells: 500,
  stage: {
    credentials: appCredentialsOf,
    repository: (standIn) => standIn.repository({ files: FILES(POLICY), requiredChecks: ['unit'] }),
    named: false,
    activities: {
      healings: { list: async () => [] },
      // The patrol leaves what is young to its own event.
      deps: { now: () => new Date(Date.now() + 3_600_000) },
    },
  },
  before: prepare,
  steps: [
    elsewhere(steps.normalize()),
    elsewhere(steps.reason),
    elsewhere(steps.sandbox('red')),
    elsewhere(steps.build),
    elsewhere({ ...steps.sandbox('green'), then: steps.judge }),
    elsewhere(steps.publish()),
    steps.withdraw,
    {
      name: 'propose to take a fix back',
      by: 'publishRevert',
      run: (at, notes) =>
        at.activities.publishRevert({
          key: `${steps.keyOf(at, 'branch/main')}/revert`,
          healingId: steps.idOf(at, 'branch/main'),
          repo: at.repo,
          dossier: noted.incident(notes).dossier,
          sha: noted.text(notes, 'bad'),
          reason: 'errors rose',
        }),
    },
    steps.deploy(async ({ repository: { hands } }) => {
      const run = hands.runs().find(({ event }) => event === 'workflow_dispatch');
      if (run !== undefined) await hands.carryOut(run, [{ name: 'deploy', conclusion: 'success', log: unittestLog(false) }]);
    }),
    { ...steps.deployment, then: leave },
    { name: 'find what a tag names', by: 'normalize', run: (at) => at.forge.repositories.resolve(at.repo, 'v1') },
    {
      name: 'a look after six minutes',
      by: 'readPullRequest',
      async run(at) {
        const look = () => at.activities.readPullRequest({ repo: at.repo, number: 1 });
        await look();
        // Tokens are given back after five.
        at.clock.ahead += 6 * 60_000;
        return look();
      },
    },
    {
      name: 'the walk of the patrol',
      by: 'walk',
      async run(at) {
        const { swept } = await at.activities.patrol({ settings: SETTINGS });
        return { swept };
      },
    },
  ],
};
