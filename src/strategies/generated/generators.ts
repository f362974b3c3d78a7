import type { Complaint } from '../../domain/log-digest.schema.ts';
import { parsePackageJson } from '../package-json.ts';
import type { Files } from '../reading.ts';

/** Files that tell how generated files are made. */
export const GENERATOR_FILES: readonly string[] = ['package.json', '.gitattributes', 'go.mod', 'Makefile'];

/** A command that makes generated files. */
export interface Generator {
  readonly run: string;
  readonly from: string;
}

const SCRIPTS = ['generate', 'codegen', 'gen', 'generate:types', 'build:types'] as const;
const TARGETS = ['generate', 'gen', 'codegen', 'proto', 'protos', 'generated', 'manifests'] as const;

const hasTarget = (makefile: string | null, target: string): boolean =>
  (makefile ?? '').split('\n').some((line) => line.startsWith(`${target}:`) && !line.startsWith(`${target}:=`));

/** Whether a complaint tells to run this; only whether it does is taken from it, never the words. */
function told(complaints: readonly Complaint[], command: string): boolean {
  return complaints.some(({ message }) => ` ${message.replace(/[`'".,:;]/g, ' ')} `.includes(` ${command} `));
}

/** Generators of a repository, by its own files; first those that the check tells to run. */
export function detectGenerators(files: Files, complaints: readonly Complaint[]): readonly Generator[] {
  const scripts = parsePackageJson(files.text('package.json'))?.scripts ?? {};
  const found: (Generator & { readonly said: boolean })[] = [];
  const script = SCRIPTS.filter((name) => Object.hasOwn(scripts, name)).map((name) => ({
    run: `npm run --silent ${name}`,
    from: `the script ${name} of package.json`,
    said: told(complaints, `npm run ${name}`) || told(complaints, `pnpm ${name}`) || told(complaints, `yarn ${name}`),
  }));
  found.push(...script);
  if (files.has('go.mod'))
    found.push({ run: 'go generate ./...', from: 'the go:generate lines of the sources', said: told(complaints, 'go generate') });
  // A target of that name may do anything: it counts when the check says that it is the way.
  for (const target of TARGETS)
    if (hasTarget(files.text('Makefile'), target) && told(complaints, `make ${target}`))
      found.push({ run: `make ${target}`, from: `the target ${target} of the Makefile, which the check tells to run`, said: true });
  return found.sort((a, b) => Number(b.said) - Number(a.said)).map(({ run, from }) => ({ run, from }));
}
