import type { Diagnosis } from '../../diagnosis.schema.ts';
import type { Complaint } from '../../log-digest.schema.ts';
import { changedPaths } from './changes.ts';
import { type Facts, onlyCommitOn, type Vote } from './vote.ts';

/**
 * How much a tool's complaint says about the class. The more a tool is made for one class, the more: a linter complains of nothing else, but a
 * failing test may have any cause.
 */
const BASE: Readonly<Record<Diagnosis['class'], number>> = {
  format: 4,
  lint: 4,
  types: 4,
  dependency: 5,
  configuration: 4,
  'generated-file': 4.5,
  snapshot: 3.5,
  infrastructure: 4.5,
  environment: 4,
  'security-sensitive': 5,
  code: 1,
  flaky: 0,
  'already-broken': 0,
  unknown: 0,
};
/** Compilers say where the code is wrong; a test only says that it is. */
const COMPILE = 3;
/** A name that something else is missing for is not a fault of the code that names it. */
const FIRST: readonly Diagnosis['class'][] = ['infrastructure', 'environment', 'dependency'];

const where = ({ path, line }: Complaint) => (path === undefined ? '' : ` in ${path}${line === undefined ? '' : `:${line}`}`);

function weigh(complaints: readonly Complaint[], changed: ReadonlySet<string>, known: boolean): number {
  const [first] = complaints;
  if (first === undefined) return 0;
  const compiled = complaints.some(
    ({ class: kind, rule }) =>
      kind === 'code' && rule !== undefined && /^(?:compile|syntax|parsing-error|E\d{4}|invalid-syntax|module-not-found)$/.test(rule),
  );
  const base = compiled ? COMPILE : BASE[first.class];
  // Ten complaints of one kind are hardly more than three.
  const many = Math.min(1, Math.log2(complaints.length) / 4);
  const placed = complaints.filter(({ path }) => path !== undefined);
  const touched = placed.some(({ path }) => path !== undefined && changed.has(path));
  // A place that nobody touched since green speaks for another reason than the tool's own; but that nobody touched it is what makes an output stale.
  const elsewhere = known && placed.length > 0 && placed.length === complaints.length && first.class !== 'generated-file';
  const place = touched ? 1.3 : elsewhere ? 0.6 : 1;
  return base * (1 + many * 0.3) * place;
}

/** What tools complain of in the log, each class with its own weight. A log can only point: whether something is red, runs say. */
export function votesOfLog({ incident, digest }: Facts): readonly Vote[] {
  if (digest === null) return [];
  const known = incident.lastGreenSha !== undefined;
  const changed = new Set(known ? changedPaths(incident) : []);
  const byClass = new Map<Diagnosis['class'], Complaint[]>();
  for (const complaint of digest.complaints) byClass.set(complaint.class, [...(byClass.get(complaint.class) ?? []), complaint]);
  return [...byClass]
    .sort(([one], [other]) => rank(one) - rank(other))
    .map(([kind, complaints]): Vote => {
      const shown = complaints.find(({ path }) => path !== undefined && changed.has(path)) ?? complaints[0];
      const tools = [...new Set(complaints.map(({ tool }) => tool))].slice(0, 3).join(', ');
      const text = shown === undefined ? '' : `${shown.message}${shown.rule === undefined ? '' : ` (${shown.rule})`}${where(shown)}`;
      return {
        class: kind,
        // A network that is gone explains packages that cannot be found.
        weight: weigh(complaints, changed, known) * (kind === 'dependency' && byClass.has('infrastructure') ? 0.5 : 1),
        seen: `the log has ${complaints.length} complaint(s) of ${tools}: ${text}`,
        cause: `${shown?.tool ?? ''}: ${text}`,
        ...(shown?.path === undefined ? {} : { culprit: onlyCommitOn(incident, shown.path) }),
      };
    })
    .filter(({ weight }) => weight > 0);
}

const rank = (kind: Diagnosis['class']) => (FIRST.includes(kind) ? FIRST.indexOf(kind) : FIRST.length);
