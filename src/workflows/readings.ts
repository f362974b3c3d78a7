import type { HealthFacts } from '../activities/contract.ts';

/** Readings handed to the judge: the first ones and the newest ones say it all and keep history small. */
const FIRST_READINGS = 5;
const NEWEST_READINGS = 30;

/** Adds a reading to those that the judge is handed. What trends said is kept of the newest alone: history stays small. */
export function addReading(after: HealthFacts[], reading: HealthFacts): void {
  const last = after.pop();
  if (last !== undefined) {
    const { trend: _, ...facts } = last;
    after.push(facts);
  }
  after.push(reading);
  if (after.length > FIRST_READINGS + NEWEST_READINGS) after.splice(FIRST_READINGS, 1);
}
