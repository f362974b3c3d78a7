import type { Tool } from '../tool.ts';

const SUMMARY = /^(FAILED|ERROR) ([^\s:]{1,300}\.py)(?:::(\S{1,300}))?(?: - (.+))?$/;
const UNITTEST = /^(FAIL|ERROR): (\S{1,200}) \(([\w.<>]{1,300})\)/;
const SNAPSHOT = /^(\d{1,6}) snapshots? (?:failed|unused)|\bsnapshots? failed\b.*--snapshot-update/;

/** pytest's short summary, also of files that could not be collected, unittest, and syrupy's snapshots. */
export const pytest: Tool = {
  id: 'pytest',
  class: 'code',
  read({ text }) {
    const [, word, path, name, why] = SUMMARY.exec(text) ?? [];
    if (path !== undefined)
      return {
        path,
        rule: name === undefined ? 'collection-error' : word === 'ERROR' ? 'test-error' : 'test-failed',
        message: `${name === undefined ? 'cannot be collected' : `fails: ${name}`}${why === undefined ? '' : `: ${why}`}`,
      };
    const [, kind, test, owner] = UNITTEST.exec(text) ?? [];
    if (test !== undefined && owner !== undefined)
      return {
        tool: 'unittest',
        rule: kind === 'FAIL' ? 'test-failed' : 'test-error',
        message: `fails: ${owner.endsWith(test) ? owner : `${owner}.${test}`}`,
      };
    if (SNAPSHOT.test(text)) return { class: 'snapshot', rule: 'snapshot-mismatch', message: text };
    return null;
  },
};
