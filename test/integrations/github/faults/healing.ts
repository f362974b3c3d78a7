import { unittestLog } from '../../../support/activity-world.ts';
import { appCredentialsOf } from '../../../support/github/under-test.ts';
import type { Journey } from './journey.ts';
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
approvers: ["github-team:acme/platform"]
pullRequest:
  startChecks: ci.yml
`;

const main = stepsOf('branch/main');

/** From a red default branch to the deployment of its repair, as an App. */
export const healing: Journey = {
  name: 'a healing',
  cells: 900,
  stage: {
    credentials: appCredentialsOf,
    repository: (standIn) => standIn.repository({ files: FILES(POLICY), requiredChecks: ['unit'] }),
  },
  before: breakMain,
  steps: [
    main.normalize(),
    main.claim('claim', 'reasoning'),
    main.reason,
    main.sandbox('red'),
    main.build,
    { ...main.sandbox('green'), then: main.judge },
    main.present,
    main.publish(),
    main.claim('claim again', 'proving'),
    main.checks('wait for checks', true),
    main.checks('checks are green', false),
    main.pull,
    {
      ...main.merge,
      async then({ repository }, notes) {
        const sha = noted.text(notes, 'merged');
        await repository.hands.run({ sha, jobs: [{ name: 'unit', conclusion: 'success', log: unittestLog(false) }] });
      },
    },
    main.deploy(),
    main.deployment,
    main.claim('say how it ended', 'finished'),
  ],
};
