import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { askModelActivities } from '../../../src/activities/ask-model.ts';
import type { ActivityDeps } from '../../../src/activities/deps.ts';
import type { BudgetLimits } from '../../../src/domain/budget.ts';
import type { Model } from '../../../src/integrations/contract.ts';
import { OpenAiConfig } from '../../../src/integrations/openai/config.schema.ts';
import { openai } from '../../../src/integrations/openai/index.ts';
import { createRedactor } from '../../../src/lib/redact.ts';
import { createArtifactStore } from '../../../src/store/artifact-store.ts';
import { createAuditTrail } from '../../../src/store/audit-trail.ts';
import { createBudgetLedger } from '../../../src/store/budget-ledger.ts';
import { createRecordStore } from '../../../src/store/record-store.ts';
import { MODEL_KEY } from './stand-in.ts';

/** Moments at which the process that asks may die. */
export const MOMENTS = [
  'before-reserving',
  'after-reserving',
  'after-the-answer',
  'after-storing-the-answer',
  'after-remembering',
  'after-settling',
  'after-the-audit',
] as const;
/** One of them. */
export type Moment = (typeof MOMENTS)[number];

/** The healing, and the step of it, that asks. */
export const ASKING = { healingId: 'heal/acme/shop/branch/main', key: 'heal/acme/shop/branch/main/run-1/ask/f' };
/** Limits that are never reached. */
export const UNLIMITED: BudgetLimits = { perIncident: {}, perRepositoryDay: {}, perOrganisationDay: {}, perDay: {} };
/** Noon, so that no test is about midnight. */
export const NOON = new Date('2026-11-23T12:00:00.000Z');

/** The model behind the stand-in. */
export function modelAt(url: string): Model {
  const model = openai.model?.({
    config: OpenAiConfig.parse({ baseUrl: `${url}/v1`, timeoutMs: 20_000 }),
    stateDir: '',
    secret: () => [MODEL_KEY],
    readArtifact: async () => new Uint8Array(),
  });
  if (model == null) throw new Error('no model');
  return model;
}

/** The activity that asks, over the stores of a state folder; `reached` hears of every moment that passes. */
export function asking(stateDir: string, url: string, reached: (moment: Moment) => void = () => undefined) {
  const model = modelAt(url);
  const artifacts = createArtifactStore(join(stateDir, 'artifacts'));
  const records = createRecordStore(join(stateDir, 'records'));
  const budget = createBudgetLedger(join(stateDir, 'budget'));
  const audit = createAuditTrail(join(stateDir, 'audit'), { signingKey: createPrivateKey(readFileSync(join(stateDir, 'audit.key'))) });
  const after = async <T>(moment: Moment, work: Promise<T>): Promise<T> => {
    const done = await work;
    reached(moment);
    return done;
  };
  const deps = {
    model: { ...model, ask: (...args: Parameters<Model['ask']>) => after('after-the-answer', model.ask(...args)) },
    artifacts: {
      ...artifacts,
      put: (...args: Parameters<typeof artifacts.put>) => after('after-storing-the-answer', artifacts.put(...args)),
    },
    records: { ...records, putOnce: (...args: Parameters<typeof records.putOnce>) => after('after-remembering', records.putOnce(...args)) },
    budget: {
      ...budget,
      reserve: (...args: Parameters<typeof budget.reserve>) => {
        reached('before-reserving');
        return after('after-reserving', budget.reserve(...args));
      },
      settle: (...args: Parameters<typeof budget.settle>) => after('after-settling', budget.settle(...args)),
    },
    audit: { ...audit, append: (...args: Parameters<typeof audit.append>) => after('after-the-audit', audit.append(...args)) },
    budgetLimits: UNLIMITED,
    redact: createRedactor([MODEL_KEY]),
    now: () => NOON,
  };
  return { budget, activities: askModelActivities(deps as unknown as ActivityDeps) };
}
