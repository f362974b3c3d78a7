import type { Annotation } from '../contract.ts';
import { unless } from './answer.ts';
import type { Api } from './api.ts';
import type { Check } from './check-facts.ts';

/** Annotations of one check run that are read: GitHub answers with so many on a page. */
const MAX_ANNOTATIONS = 100;
/** Characters of one message or title. */
const MAX_TEXT = 2_000;
const MAX_TITLE = 200;

const LEVELS: Readonly<Record<string, Annotation['level']>> = { failure: 'failure', warning: 'warning' };

/** What a check run says of single lines; none where it says that it has none. */
export async function annotationsOf(api: Api, { run }: Check): Promise<readonly Annotation[]> {
  if (run === undefined || run.annotations === 0) return [];
  const listed = await unless(
    [404],
    [],
    api.all('GET /repos/{owner}/{repo}/check-runs/{check_run_id}/annotations', { check_run_id: run.id }, (data) => data, MAX_ANNOTATIONS),
  );
  return listed.map((one) => ({
    path: one.path.slice(0, MAX_TITLE),
    line: one.start_line,
    level: LEVELS[one.annotation_level ?? ''] ?? 'notice',
    ...(one.title === null || one.title === '' ? {} : { title: one.title.slice(0, MAX_TITLE) }),
    message: (one.message ?? '').slice(0, MAX_TEXT),
  }));
}
