import { readApprover } from '../domain/approvers.ts';
import { Failure } from '../domain/failure.ts';
import { RepoPath } from '../domain/names.schema.ts';
import { RepositoryPolicy } from '../domain/repository-policy.schema.ts';
import { globProblem } from './glob-problem.ts';
import { describeProblems, problemsOf } from './problems.ts';
import { type LineOf, type Problem, readYaml } from './yaml-file.ts';

/** Where the policy of a served repository lives; read from its default branch only. */
export const POLICY_PATH = '.github/suture.yml';

/** Characters of all steps of an escalation together. */
const MAX_LADDER = 3_000;

interface Finding {
  readonly path: readonly PropertyKey[];
  readonly text: string;
}

/** Second and later entries that have the key of an earlier one. */
function repeats<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyArray<{ readonly index: number; readonly first: number }> {
  const keys = items.map(keyOf);
  return keys.map((key, index) => ({ index, first: keys.indexOf(key) })).filter(({ index, first }) => first !== index);
}

function checkFindings({ checks, format, lint }: Partial<RepositoryPolicy>): Finding[] {
  const findings: Finding[] = [];
  for (const { index, first } of repeats(checks ?? [], (check) => check.name)) {
    findings.push({ path: ['checks', index, 'name'], text: `two checks are named \`${checks?.[first]?.name}\`; rename one` });
  }
  for (const [index, { report, reportPath }] of (checks ?? []).entries()) {
    if (report === 'junit' && reportPath === undefined)
      findings.push({ path: ['checks', index, 'report'], text: 'a `junit` report needs `reportPath`' });
    if (reportPath !== undefined && !RepoPath.safeParse(reportPath).success) {
      findings.push({ path: ['checks', index, 'reportPath'], text: 'must be a path inside the repository, without `..`' });
    }
  }
  const names = checks?.map((check) => check.name);
  for (const [key, section] of Object.entries({ format, lint })) {
    if (section !== undefined && names !== undefined && !names.includes(section.check))
      findings.push({ path: [key, 'check'], text: `names no check; known: ${names.join(', ') || 'none'}` });
  }
  return findings;
}

function globFindings({ config, protectedPaths, gateAllow, generated }: Partial<RepositoryPolicy>): Finding[] {
  const globs = [
    ...(config ?? []).map((glob, index) => ({ glob, path: ['config', index] })),
    ...(protectedPaths ?? []).map((glob, index) => ({ glob, path: ['protectedPaths', index] })),
    ...(generated ?? []).flatMap(({ paths }, index) => paths.map((glob, at) => ({ glob, path: ['generated', index, 'paths', at] }))),
    ...(gateAllow ?? []).map((entry, index) => ({ glob: entry.path, path: ['gateAllow', index, 'path'] })),
  ];
  return globs.flatMap(({ glob, path }) => {
    const text = globProblem(glob);
    return text === null ? [] : [{ path, text }];
  });
}

function serviceFindings({ services }: Partial<RepositoryPolicy>): Finding[] {
  return repeats(services ?? [], (service) => JSON.stringify([service.name, service.environment])).map(({ index }) => ({
    path: ['services', index],
    text: `\`${services?.[index]?.name}\` is listed twice for \`${services?.[index]?.environment}\``,
  }));
}

function approvalFindings({ approvers, approval }: Partial<RepositoryPolicy>): Finding[] {
  const named = [
    ...(approvers ?? []).map((text, index) => ({ text, path: ['approvers', index] })),
    ...(approval?.escalate ?? []).flatMap((step, number) =>
      step.approvers.map((text, index) => ({ text, path: ['approval', 'escalate', number, 'approvers', index] })),
    ),
  ];
  const unreadable = named.flatMap(({ text, path }) => {
    const read = readApprover(text);
    return typeof read === 'string' ? [{ path, text: read }] : [];
  });
  const { expireAfter } = approval ?? {};
  const late = (approval?.escalate ?? []).flatMap(({ after }, index) =>
    expireAfter !== undefined && after >= expireAfter
      ? [
          {
            path: ['approval', 'escalate', index, 'after'],
            text: `nobody can decide any more after ${expireAfter} minutes (\`expireAfter\`)`,
          },
        ]
      : [],
  );
  // A healing carries the ladder through its whole history.
  const long = JSON.stringify(approval?.escalate ?? []).length > MAX_LADDER;
  const size = long ? [{ path: ['approval', 'escalate'], text: `is longer than ${MAX_LADDER} characters in all; name groups` }] : [];
  return [...unreadable, ...late, ...size];
}

/** What the schema alone cannot see. Sections that fit their schema are checked even when others do not, so that everything is said at once. */
function crossChecks(raw: unknown, lineOf: LineOf): readonly Problem[] {
  if (typeof raw !== 'object' || raw === null) return [];
  const sections = Object.entries(RepositoryPolicy.shape).flatMap(([key, schema]) => {
    const section = schema.safeParse((raw as Record<string, unknown>)[key]);
    return section.success ? [[key, section.data] as const] : [];
  });
  const policy = Object.fromEntries(sections) as Partial<RepositoryPolicy>;
  return [...checkFindings(policy), ...globFindings(policy), ...serviceFindings(policy), ...approvalFindings(policy)].map(
    ({ path, text }) => ({
      line: lineOf(path),
      field: path.map(String).join('.'),
      text,
    }),
  );
}

/** Read a repository's policy file. Throws `Failure` code `policy-invalid` that lists every problem with file, line and key. */
export function parseRepositoryPolicy(text: string): RepositoryPolicy {
  const read = readYaml(text);
  const problems = read.ok
    ? [...problemsOf(read.raw, RepositoryPolicy, read.lineOf), ...crossChecks(read.raw, read.lineOf)]
    : read.problems;
  if (!read.ok || problems.length > 0) throw new Failure('policy-invalid', describeProblems(POLICY_PATH, problems));
  return RepositoryPolicy.parse(read.raw);
}
