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

/** Whether the log tells to run this; only whether it does is taken from it, never the words. */
function told(said: readonly string[], command: string): boolean {
  return said.some((text) => ` ${text.replace(/[`'".,:;\s]+/g, ' ')} `.includes(` ${command} `));
}

/** Generators of a repository, by its own files; first those that the log tells to run. */
export function detectGenerators(files: Files, said: readonly string[]): readonly Generator[] {
  const scripts = parsePackageJson(files.text('package.json'))?.scripts ?? {};
  const found: (Generator & { readonly first: boolean })[] = [];
  const script = SCRIPTS.filter((name) => Object.hasOwn(scripts, name)).map((name) => ({
    run: `npm run --silent ${name}`,
    from: `the script ${name} of package.json`,
    first: told(said, `npm run ${name}`) || told(said, `pnpm ${name}`) || told(said, `yarn ${name}`),
  }));
  found.push(...script);
  if (files.has('go.mod'))
    found.push({ run: 'go generate ./...', from: 'the go:generate lines of the sources', first: told(said, 'go generate') });
  // A target of that name may do anything: it counts when the check says that it is the way.
  for (const target of TARGETS)
    if (hasTarget(files.text('Makefile'), target) && told(said, `make ${target}`))
      found.push({ run: `make ${target}`, from: `the target ${target} of the Makefile, which the check tells to run`, first: true });
  return found.sort((a, b) => Number(b.first) - Number(a.first)).map(({ run, from }) => ({ run, from }));
}
