import type { Tool } from '../tool.ts';

const FAIL = /^\s{0,2}FAIL\s{1,2}(\S.*)$/;
const TEST_FILE = /^(\S+\.[cm]?[jt]sx?)(?:\s+(?:>\s+)?(.*))?$/;
const BULLET = /^\s{2}● (.+ › .+)$/u;
const CROSS = /^\s*✖ (.+?)(?: \(\d[\d.]{0,20}ms\))?$/u;
const TAP = /^\s{0,40}not ok \d{1,7} -? ?(\S.*)$/;
const MOCHA = /^\s{2,40}(\d{1,6})\) (\S.*)$/;
const SNAPSHOT =
  /Snapshot [`'"].{0,200}[`'"] mismatched|^\s*expect\(received\)\.toMatch(?:Inline)?Snapshot\(|^\s*› \d+ snapshots? (?:failed|(?:file )?obsolete)|^\s*Snapshots\s+\d+ (?:failed|obsolete)|New snapshot was not written|^(?:Error: )?Obsolete snapshots found/u;

/** Jest, Vitest, Mocha and Node's own runner: which tests fail, and whether a snapshot does. */
export const jsTests: Tool = {
  id: 'js-tests',
  class: 'code',
  read({ text, near, command }) {
    if (SNAPSHOT.test(text)) {
      const obsolete = /obsolete/.test(text);
      return {
        class: 'snapshot',
        rule: obsolete ? 'snapshot-obsolete' : 'snapshot-mismatch',
        message: text.trim(),
        warning: obsolete && !text.includes('found'),
      };
    }
    const failed = FAIL.exec(text)?.[1];
    const [, path, name = ''] = failed === undefined ? [] : (TEST_FILE.exec(failed.replace(/^\|[^|]{1,40}\| /, '')) ?? []);
    if (path !== undefined)
      return {
        tool: 'test',
        path,
        rule: 'test-failed',
        message: name === '' || name.startsWith('[') ? 'the file fails' : `fails: ${name}`,
      };
    const bullet = BULLET.exec(text)?.[1];
    if (bullet !== undefined) return { tool: 'test', rule: 'test-failed', message: `fails: ${bullet}` };
    const cross = CROSS.exec(text)?.[1];
    if (cross !== undefined && !cross.startsWith('failing tests') && !/^\d+ problems?/.test(cross) && !/^ ?\[?ERROR/.test(cross))
      return { tool: 'test', rule: 'test-failed', message: `fails: ${cross}` };
    const tap = TAP.exec(text)?.[1];
    if (tap !== undefined && !/# (?:SKIP|TODO)\b/i.test(tap)) return { tool: 'test', rule: 'test-failed', message: `fails: ${tap}` };
    const mocha = MOCHA.exec(text)?.[2];
    if (mocha !== undefined && (/mocha/.test(command) || [...Array(8).keys()].some((at) => /^\s+\d{1,6} failing$/.test(near(-1 - at)))))
      return { tool: 'test', rule: 'test-failed', message: `fails: ${mocha}` };
    return null;
  },
};
