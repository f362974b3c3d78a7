import type { GateFinding } from '../../proof.schema.ts';
import type { GateFile } from './lines.ts';
import { isPlatformName, isShadow, isTestFile } from './paths.ts';

const BELOW_TESTS = /^(?:.*\/)?(?:src\/)?tests?\/(?:java\/|kotlin\/|scala\/)?/;
const PROGRAM_PLACES = ['', 'src/', 'lib/', 'src/main/java/', 'src/main/kotlin/', 'src/main/scala/'];
const ALONE = /(?:^|\/)(?:__init__|conftest|__main__)\.py$|package-info\.java$/;

/** A module of the tests that has the very name of one of the program, and is found before it. */
function hidesProgram(path: string, paths: ReadonlySet<string>): boolean {
  if (!isTestFile(path) || !/\.(?:py|java|kt|scala)$/.test(path) || ALONE.test(path)) return false;
  const front = BELOW_TESTS.exec(path)?.[0];
  if (front === undefined) return false;
  const root = front.replace(/(?:src\/)?tests?\/(?:java\/|kotlin\/|scala\/)?$/, '');
  const name = path.slice(front.length);
  return PROGRAM_PLACES.some((place) => paths.has(`${root}${place}${name}`));
}

/** Files that stand in the place of something else: a test framework, a checker, a module of the platform or of the program. */
export function shadowFindings(file: GateFile, paths: ReadonlySet<string>): readonly GateFinding[] {
  if (file.after === null) return [];
  const isNew = file.before === null && (isPlatformName(file.path) || hidesProgram(file.path, paths));
  return isShadow(file.path) || isNew
    ? [{ code: 'test-runner-shadowed', path: file.path, detail: 'a file stands in the place of a test framework, a checker or a module' }]
    : [];
}
