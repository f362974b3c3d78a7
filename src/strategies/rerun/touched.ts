import type { Incident } from '../../domain/incident.schema.ts';
import { changedPaths } from '../../domain/policy/diagnose.ts';
import { isTestFile } from '../../domain/policy/gate/paths.ts';
import { pathOfTest, stemOf } from '../test-paths.ts';

/** Whether a change since green may have touched a test: where its file is not known, any changed test file may be its own. */
export function mayBeTouched(test: string, incident: Pick<Incident, 'commits'>): boolean {
  const changed = changedPaths(incident).filter(isTestFile);
  const path = pathOfTest(test);
  if (path === null) return changed.length > 0;
  const name = test.toLowerCase().replace(/[^a-z0-9]/g, '');
  return changed.some(
    (each) =>
      each === path || each.endsWith(`/${path}`) || path.endsWith(`/${each}`) || (stemOf(each).length > 3 && name.includes(stemOf(each))),
  );
}
