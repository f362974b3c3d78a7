import type { Incident } from '../../domain/incident.schema.ts';
import { isTestFile } from '../../domain/policy/gate/paths.ts';
import { changedPaths } from '../../domain/policy/diagnose.ts';

const PATH = /(?:[\w.@-]+\/)*[\w@-][\w.@-]*\.(?:[cm]?[jt]sx?|py|rb|go|rs|java|kt|php|cs)(?![\w/])/;

/** The file that a test's name tells, where it tells one. */
export function pathOfTest(name: string): string | null {
  return PATH.exec(name)?.[0] ?? null;
}

const letters = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '');
const stem = (path: string): string =>
  letters(
    path
      .slice(path.lastIndexOf('/') + 1)
      .replace(/\..*$/, '')
      .replace(/^test_|_(?:test|spec)$|(?:Tests?|IT|Spec)$/, ''),
  );

/** Whether a change since green may have touched a test: where its file is not known, any changed test file may be its own. */
export function mayBeTouched(test: string, incident: Pick<Incident, 'commits'>): boolean {
  const changed = changedPaths(incident).filter(isTestFile);
  const path = pathOfTest(test);
  if (path === null) return changed.length > 0;
  const name = letters(test);
  return changed.some((each) => each === path || each.endsWith(`/${path}`) || path.endsWith(`/${each}`) || (stem(each).length > 3 && name.includes(stem(each))));
}
