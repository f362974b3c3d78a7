import { diagnose } from '../../../../src/integrations/github/doctor.ts';
import { HOOKS } from '../../../../src/integrations/github/hooks.ts';
import { REQUIRED_EVENTS } from '../../../../src/integrations/github/required.ts';
import { convertManifest, ensureOrganizationHook, setUpAppHook, setUpRepositories } from '../../../../src/integrations/github/setup.ts';
import { SETTINGS, unittestLog } from '../../../support/activity-world.ts';
import { appCredentialsOf, tokenCredentialsOf } from '../../../support/github/under-test.ts';
import type { Journey, Notes, Step } from './journey.ts';
import type { At } from './stage.ts';
import { stepsOf } from './steps.ts';

/** Nobody listens on the discard port. */
const URL = 'http://127.0.0.1:9/webhooks/github';
const HOOK = { url: URL, secret: 'a-webhook-secret-of-thirty-two-bytes' };
const STAND_IN = { events: REQUIRED_EVENTS.map(([event]) => event) };

const doctor = (name: string): Step => ({
  name,
  by: 'doctor',
  run: ({ github, repository }) => diagnose(github, { repositories: [repository.fullName], webhookUrl: URL }),
});

const walk = (name: string): Step => ({
  name,
  by: 'walk',
  async run(at) {
    await at.activities.patrol({ settings: SETTINGS });
    return null;
  },
});

/** An event that nobody takes. */
async function lose({ repository: { hands, head }, standIn }: At): Promise<void> {
  await hands.status(head, 'other', 'success');
  await standIn.settled();
}

const main = stepsOf('branch/main');

/** Trying Suture out with a person's token: webhooks of a repository and of its organisation, commit statuses, a merge queue. */
export const withToken: Journey = {
  name: 'with a token',
  cells: 780,
  stage: {
    credentials: tokenCredentialsOf,
    repository: (standIn) => standIn.repository({ rules: 'ruleset', mergeQueue: true, requiredChecks: ['unit'] }),
    standIn: STAND_IN,
    webhookUrl: URL,
  },
  async before({ repository: { hands } }: At, notes: Notes) {
    const head = await hands.push('x', { 'b.txt': 'b\n' });
    const number = await hands.openPull('x', { by: 'suture-bot' });
    await hands.run({ sha: head, branch: 'x', jobs: [{ name: 'unit', conclusion: 'success', log: unittestLog(false) }] });
    notes['change'] = { number, headSha: head, branch: 'x', url: '' };
  },
  steps: [
    {
      name: 'set up the webhook of an organisation',
      by: 'person',
      run: (at) => ensureOrganizationHook(at.github.for(at.repo, HOOKS), HOOK),
      then: lose,
    },
    walk('the walk, with the webhook of an organisation'),
    { name: 'set up the webhook of a repository', by: 'person', run: (at) => setUpRepositories(at.github, [at.repo], HOOK) },
    {
      name: 'set up both again',
      by: 'person',
      run: async (at) => [
        await ensureOrganizationHook(at.github.for(at.repo, HOOKS), HOOK),
        await setUpRepositories(at.github, [at.repo], HOOK),
      ],
      then: lose,
    },
    walk('the walk, with the webhook of a repository'),
    doctor('doctor, with a token'),
    main.claim('claim by status', 'reasoning'),
    main.claim('say by status how it ended', 'finished'),
    main.merge,
  ],
};

/** An App from its registration to the doctor. */
export const asApp: Journey = {
  name: 'setting up an App',
  cells: 190,
  stage: {
    credentials: appCredentialsOf,
    repository: (standIn) => standIn.repository({ rules: 'ruleset', requiredChecks: ['unit'] }),
    standIn: STAND_IN,
    named: false,
  },
  async before({ standIn }: At, notes: Notes) {
    notes['code'] = standIn.manifestCode();
  },
  steps: [
    {
      name: 'exchange the code of a new App',
      by: 'person',
      async run({ github }, notes) {
        const { id, slug } = await convertManifest(github, String(notes['code']));
        return { id, slug };
      },
    },
    { name: 'point the webhook of the App here', by: 'person', run: ({ github }) => setUpAppHook(github, HOOK), then: lose },
    doctor('doctor, as an App'),
  ],
};
