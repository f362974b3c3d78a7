import { ApplicationFailure } from '@temporalio/common';
import { toFailure } from '../../../../src/activities/to-failure.ts';
import { FAILURES, Failure } from '../../../../src/domain/failure.ts';
import { ACTIVITY_OPTIONS } from '../../../../src/workflows/activity-options.ts';
import { withoutAccidents } from '../../../support/github/picture.ts';
import type { Journey, Notes, Step } from './journey.ts';
import { type At, openStage, type Stage } from './stage.ts';
import { VARIANTS, type Variant } from './variants.ts';

/** How often an activity is tried at most here: one fault must not need more. */
const TRIES = 4;

/** How a step ended. */
type Ending =
  | { readonly kind: 'value'; readonly value: string; readonly tries: number }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly tries: number };

/** Ids of commits and the like that were there before mean something, others are new each time. */
const asText = (value: unknown): string =>
  withoutAccidents(JSON.stringify(value ?? null))
    .replace(/\b[0-9a-f]{40}\b/g, '<commit>')
    .replace(/"bytes":\d+/g, '"bytes":0');

const isActivity = (by: Step['by']): by is Exclude<Step['by'], 'person' | 'doctor' | 'walk'> => !['person', 'doctor', 'walk'].includes(by);

/** Runs a step as Temporal runs its activity, or as a person does: waiting passes at once. */
async function drive(step: Step, at: At, notes: Notes): Promise<Ending> {
  const most = isActivity(step.by) ? Math.min(TRIES, ACTIVITY_OPTIONS[step.by].retry?.maximumAttempts ?? TRIES) : 1;
  for (let tries = 1; ; tries += 1) {
    try {
      return { kind: 'value', value: asText(await step.run(at, notes)), tries };
    } catch (thrown) {
      // What calls the forge itself fails as the activity around it would.
      const error = thrown instanceof Failure && isActivity(step.by) ? toFailure(thrown, (text) => text) : thrown;
      if (error instanceof ApplicationFailure) {
        if (error.nonRetryable !== true && tries < most) {
          // Temporal's own first pause is half a second.
          at.clock.ahead += Number(error.nextRetryDelay ?? 500);
          continue;
        }
        return { kind: 'failed', code: error.type ?? '', message: error.message, tries };
      }
      if (error instanceof Failure) return { kind: 'failed', code: error.code, message: error.message, tries };
      return { kind: 'failed', code: 'thrown', message: String(error), tries };
    }
  }
}

/** Lines of `more` that are not in `less`, each as often as it is there. */
function beyond(more: readonly string[], less: readonly string[]): readonly string[] {
  const left = [...less];
  return more.filter((line) => {
    const found = left.indexOf(line);
    if (found >= 0) left.splice(found, 1);
    return found < 0;
  });
}

/** One step as it goes when nothing goes wrong. */
interface Recorded {
  readonly step: Step;
  /** Puts everything back to before it. */
  readonly back: () => void;
  readonly state: string;
  readonly notes: Notes;
  readonly before: readonly string[];
  readonly value: string;
  readonly after: readonly string[];
  /** Calls in the order in which they came. */
  readonly calls: readonly string[];
}

/** Runs a journey without faults. */
async function record(stage: Stage, journey: Journey): Promise<readonly Recorded[]> {
  const notes: Notes = {};
  let at = stage.worker();
  await journey.before?.(at, notes);
  const recorded: Recorded[] = [];
  for (const step of journey.steps) {
    const state = stage.keep(at);
    at = stage.worker(state, true);
    const back = stage.standIn.moment();
    const before = withoutRefusals(await stage.picture(at));
    const first = stage.standIn.calls.length;
    const noted = { ...notes };
    const ending = await drive(step, at, notes);
    if (ending.kind !== 'value' || ending.tries !== 1)
      throw new Error(`${journey.name}, ${step.name}: ${ending.kind === 'failed' ? ending.message : ending.value}`);
    const calls = stage.standIn.calls.slice(first).map((call) => call.operation);
    recorded.push({ step, back, state, notes: noted, before, value: ending.value, after: withoutRefusals(await stage.picture(at)), calls });
    await step.then?.(at, notes);
  }
  return recorded;
}

/** What was expected differently, and why that is right. */
export interface Exception {
  readonly step: string | RegExp;
  readonly operation: string | RegExp;
  readonly variant: string | RegExp;
  /** How it ends, a part of the text of value or failure. */
  readonly ends: string | RegExp;
  /** What it leaves behind: a recorded or spoken no. The step is not asked again then: that no was the answer. */
  readonly leaves?: RegExp;
  readonly because: string;
}

/** What a matrix came to. */
export interface Outcome {
  readonly total: number;
  readonly passed: number;
  readonly problems: readonly string[];
  /** Operations that were met. */
  readonly operations: ReadonlySet<string>;
  readonly counts: { same: number; failed: number; excepted: number };
  readonly unused: readonly Exception[];
}

const fits = (pattern: string | RegExp, text: string): boolean => (typeof pattern === 'string' ? pattern === text : pattern.test(text));

/** Codes of failures by which a refusal may end a step. */
const REFUSALS: Readonly<Record<string, ReadonlySet<string>>> = {
  '401 expired token': new Set(['not-permitted']),
  '403': new Set(['not-permitted']),
  '404': new Set(['repository-gone', 'revision-gone', 'not-permitted', 'configuration-invalid']),
  '409': new Set(['conflict', 'revision-gone']),
  '422': new Set(['bug', 'not-permitted', 'revision-gone', 'configuration-invalid']),
};

const isRead = (operation: string): boolean => operation.startsWith('GET ');

/** Whether a fault of this form can be told from another one there. */
function applies(variant: Variant, operation: string): boolean {
  if ((variant.writes === true || variant.alike === true) && isRead(operation)) return false;
  const content = operation.includes('/{link}/');
  if (content && (variant.needs === 'json' || variant.name.startsWith('401'))) return false;
  // A redirect has no body, nor has the end of a token.
  return variant.needs === undefined || !/\/(logs|tarball\/\{ref\})$|^DELETE /.test(operation);
}

/** Whether this refuses for good here: a key of the App that is not accepted is no expired token, and a person's token is not minted anew. */
function refuses(variant: Variant, operation: string, isApp: boolean): boolean {
  if (variant.refuses === true) return true;
  return variant.rule.kind === 'unauthorized' && (!isApp || asApp(operation) || operation.includes('/{link}/'));
}

const asApp = (operation: string): boolean => operation === 'GET /repos/{owner}/{repo}/installation' || / \/app(\/|-|$)/.test(operation);

/** Where a fault is injected: the n-th call of an operation within a step. */
interface Place {
  readonly operation: string;
  readonly nth: number;
  /** The worker holds no token yet. */
  readonly cold: boolean;
}

const isToken = (operation: string): boolean =>
  operation === 'GET /repos/{owner}/{repo}/installation' || operation === 'POST /app/installations/{installation_id}/access_tokens';

/**
 * Calls of a step at which faults are injected. Of the repeats of one operation within one step (pages, files, commits: one line of code in a loop)
 * the first and the last are; a token is asked for in the same way before the first call of every step, so there in the first step that asks for
 * as many.
 */
function placesOf({ calls }: Recorded, minted: Set<string>): readonly Place[] {
  const times = new Map<string, number>();
  for (const operation of calls) times.set(operation, (times.get(operation) ?? 0) + 1);
  return [...times].flatMap(([operation, count]): readonly Place[] => {
    const cold = isToken(operation) || operation === 'DELETE /installation/token';
    const places = [1, ...(count > 1 ? [count] : [])].map((nth) => ({ operation, nth, cold }));
    return isToken(operation)
      ? places.filter(({ nth }) => !minted.has(`${operation} ${nth}`) && minted.add(`${operation} ${nth}`))
      : places;
  });
}

/** How a matrix is run. */
export interface MatrixOptions {
  readonly exceptions?: readonly Exception[];
  /** Default all. */
  readonly only?: (step: Step, variant: Variant) => boolean;
  /** Hears of problems as they are found. */
  readonly onProblem?: (text: string) => void;
}

/** Every fault at every call of every step of a journey; each is one run of that step from the state before it. */
export async function matrix(journey: Journey, options: MatrixOptions = {}): Promise<Outcome> {
  const { exceptions = [], only = () => true, onProblem } = options;
  const stage = await openStage(journey.stage);
  const problems: string[] = [];
  const counts = { same: 0, failed: 0, excepted: 0 };
  const used = new Set<Exception>();
  const operations = new Set<string>();
  const minted = new Set<string>();
  const metBefore = new Set<string>();
  let total = 0;
  try {
    for (const one of await record(stage, journey)) {
      for (const operation of one.calls) operations.add(operation);
      if (one.step.elsewhere === true) continue;
      const reads = (operation: string) => `${one.step.by} ${operation}`;
      for (const place of placesOf(one, minted)) {
        const known = isActivity(one.step.by) && isRead(place.operation) && metBefore.has(reads(place.operation));
        for (const variant of VARIANTS) {
          if (!applies(variant, place.operation) || !only(one.step, variant)) continue;
          if (known && variant.stands !== true) continue;
          total += 1;
          const found = await cell(stage, one, place, variant, exceptions);
          if (found.kind === 'excepted') used.add(found.exception);
          if (found.kind !== 'problem') {
            counts[found.kind] += 1;
            continue;
          }
          const where = `${journey.name}, ${one.step.name}, ${variant.name} at call ${place.nth} of ${place.operation}`;
          problems.push(`${where}: ${found.text}`);
          onProblem?.(`${where}: ${found.text}`);
        }
      }
      for (const operation of one.calls) metBefore.add(reads(operation));
    }
  } finally {
    await stage.close();
  }
  const unused = exceptions.filter((exception) => !used.has(exception));
  return { total, passed: total - problems.length, problems, operations, counts, unused };
}

/** That something was refused is recorded for good, and says nothing about GitHub. */
const withoutRefusals = (lines: readonly string[]): readonly string[] => lines.filter((line) => !/^audit \S+-refused /.test(line));

type Found =
  | { readonly kind: 'same' | 'failed' }
  | { readonly kind: 'excepted'; readonly exception: Exception }
  | { readonly kind: 'problem'; readonly text: string };

async function cell(
  stage: Stage,
  one: Recorded,
  { operation, nth, cold }: Place,
  variant: Variant,
  exceptions: readonly Exception[],
): Promise<Found> {
  const { step } = one;
  const { standIn } = stage;
  one.back();
  const at = stage.worker(one.state, cold);
  const fault = standIn.fault({ operation, nth, ...variant.rule });
  const ending = await drive(step, at, { ...one.notes });
  for (let waits = 0; fault.hits() === 0 && waits < 50; waits += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  standIn.clearFaults();
  const problem = (text: string): Found => ({ kind: 'problem', text });
  if (fault.hits() !== 1) return problem(`met ${fault.hits()} times`);
  if (at.bugs.length > 0) return problem(`a bug was logged: ${at.bugs[0]?.slice(0, 300)}`);
  const picture = withoutRefusals(await stage.picture(at));
  const extra = beyond(picture, one.after);
  const missing = beyond(one.after, picture);
  const said = ending.kind === 'value' ? ending.value : `${ending.code}: ${ending.message}`;
  const exception = exceptions.find(
    (each) =>
      fits(each.step, step.name) && fits(each.operation, operation) && fits(each.variant, variant.name) && matchesText(each.ends, said),
  );
  const isSame = ending.kind === 'value' && ending.value === one.value && extra.length + missing.length === 0;
  if (isSame) return { kind: 'same' };
  // Whatever it came to: nothing is there that was not there before and would not be there without the fault, and nothing else is gone.
  const stray = beyond(extra, one.before).filter((line) => exception?.leaves?.test(line) !== true);
  const lost = beyond(missing, beyond(one.after, one.before));
  if (stray.length > 0) return problem(`left ${stray.join(' | ').slice(0, 5000)}`);
  if (lost.length > 0) return problem(`took away ${lost.join(' | ').slice(0, 500)}`);
  const passing = !refuses(variant, operation, at.github.isApp);
  const retried = isActivity(step.by);
  // A doctor who could not look must say so: no finding may be good that nobody saw.
  if (step.by === 'doctor' && ending.kind === 'value')
    return ending.value.includes('"ok":false') ? { kind: 'failed' } : problem(`all is well, it says: ${said.slice(0, 300)}`);
  if (exception === undefined) {
    if (passing && retried) return problem(`ended as ${ending.kind} ${said.slice(0, 300)}; missing: ${missing.join(' | ').slice(0, 300)}`);
    if (ending.kind === 'value' && step.by !== 'walk' && !ending.value.startsWith('{"kind":"refused"'))
      return problem(`ended well as ${difference(ending.value, one.value)}; missing: ${missing.join(' | ').slice(0, 300)}`);
    if (ending.kind === 'failed' && !passing && !(REFUSALS[variant.name]?.has(ending.code) ?? false))
      return problem(`failed as ${said.slice(0, 300)}`);
    if (ending.kind === 'failed' && passing && !(ending.code in FAILURES && FAILURES[ending.code as keyof typeof FAILURES].retry))
      return problem(`failed as ${said.slice(0, 300)}`);
  } else if (exception.leaves !== undefined) return { kind: 'excepted', exception };
  // Once it is over, the same step comes to what it would have come to.
  const again = stage.worker(stage.keep(at));
  again.seen.reported.push(...at.seen.reported);
  const second = await drive(step, again, { ...one.notes });
  const now = withoutRefusals(await stage.picture(again));
  if (second.kind !== 'value') return problem(`asked again after ${said.slice(0, 200)}: ${second.code} ${second.message.slice(0, 200)}`);
  // Who runs a command again reads "is there already".
  if (second.value !== one.value && retried) return problem(`asked again it came to ${difference(second.value, one.value)}`);
  const differs = [...beyond(now, one.after).map((line) => `+ ${line}`), ...beyond(one.after, now).map((line) => `- ${line}`)];
  if (differs.length > 0) return problem(`asked again it left ${differs.join(' | ').slice(0, 500)}`);
  return exception === undefined ? { kind: 'failed' } : { kind: 'excepted', exception };
}

const matchesText = (pattern: string | RegExp, text: string): boolean =>
  typeof pattern === 'string' ? text.includes(pattern) : pattern.test(text);

/** The first place where two texts differ. */
function difference(got: string, wanted: string): string {
  let at = 0;
  while (at < got.length && got[at] === wanted[at]) at += 1;
  return `${got.slice(Math.max(0, at - 60), at + 120)} (wanted ${wanted.slice(Math.max(0, at - 20), at + 80)})`;
}
