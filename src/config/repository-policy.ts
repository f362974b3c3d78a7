import { Failure } from '../domain/failure.ts';
import { RepositoryPolicy } from '../domain/repository-policy.schema.ts';
import { checkYaml, describeProblems, type YamlProblem } from './yaml-problems.ts';

/** Where the policy of a served repository lives; read from its default branch only. */
export const POLICY_PATH = '.github/suture.yml';

/** What the schema alone cannot see. */
function crossChecks(policy: RepositoryPolicy): YamlProblem[] {
  const problems: YamlProblem[] = [];
  const names = policy.checks.map((check) => check.name);
  for (const name of new Set(names.filter((candidate, index) => names.indexOf(candidate) !== index))) {
    problems.push({ line: null, field: 'checks', text: `two checks are named \`${name}\`` });
  }
  if (policy.format !== undefined && !names.includes(policy.format.check)) {
    problems.push({ line: null, field: 'format.check', text: `names no check; known: ${names.join(', ') || 'none'}` });
  }
  for (const check of policy.checks) {
    if (check.report === 'junit' && check.reportPath === undefined) {
      problems.push({ line: null, field: `checks.${check.name}`, text: 'a `junit` report needs `reportPath`' });
    }
  }
  return problems;
}

/** Read a repository's policy file. Throws `Failure` code `policy-invalid` with every problem, a line each. */
export function parseRepositoryPolicy(text: string): RepositoryPolicy {
  const result = checkYaml(text, RepositoryPolicy);
  const problems = result.ok ? crossChecks(result.value) : result.problems;
  if (!result.ok || problems.length > 0) throw new Failure('policy-invalid', describeProblems(POLICY_PATH, problems));
  return result.value;
}
