import { following, type Phrases, phrase, type Tool } from '../tool.ts';

const HEAD = /^(error|warning)(?:\[(E\d{4})\])?: (.+)$/;
const PLACE = /^\s*--> ([^\s:][^:]{0,299}):(\d{1,7}):\d{1,7}$/;
const RULE = /(?:rust-clippy\/\S{0,60}index\.html#|`-D clippy::|`#\[(?:deny|warn)\(clippy::|clippy::)([a-z0-9_-]{1,60})/;
const COMPILER_RULE = /`#\[(?:deny|warn)\(([a-z_]{1,60})\)\]`|`-D ([a-z-]{1,60})`/;
const TEST = /^test (\S{1,300})(?: - .{1,100})? \.\.\. FAILED$/;
const PANIC = /^thread '([^']{1,200})'(?: \(\d{1,10}\))? panicked at (?:'.{0,400}', )?([^\s:']{1,300}):(\d{1,7}):\d{1,7}:?$/;
const SUMMARIES =
  /^(?:could not compile|aborting due to|test failed|\d+ (?:previous|warnings?)|`?.{1,80}`? \(.{1,40}\) generated|unused manifest|Finished|\d+ targets? failed)/;
const CARGO: Phrases = [
  [/lock file .{1,300} needs to be updated but --locked/, 'lock-out-of-date'],
  [/cannot update the lock file .{1,300} because --(?:locked|frozen)/, 'lock-out-of-date'],
  [/failed to select a version for/, 'no-version'],
  [/no matching package named/, 'no-package'],
  [/failed to verify the checksum|checksum for `.{1,200}` (?:changed|was)/, 'checksum-mismatch'],
  [/failed to parse manifest/, 'manifest'],
];

/** rustc, Clippy, cargo and rustfmt. */
export const rust: Tool = {
  id: 'rustc',
  class: 'code',
  read(view) {
    const { text } = view;
    const [, formatted, at] = /^Diff in (.{1,300}?\.rs)(?::(\d{1,7})| at line (?:\d{1,7})):?$/.exec(text) ?? [];
    if (formatted !== undefined)
      return {
        class: 'format',
        tool: 'rustfmt',
        path: formatted,
        rule: 'format',
        ...(at === undefined ? {} : { line: Number(at) }),
        message: 'not formatted',
      };
    const test = TEST.exec(text)?.[1];
    if (test !== undefined) return { tool: 'cargo test', rule: 'test-failed', message: `fails: ${test}` };
    const panic = PANIC.exec(text);
    if (panic !== null)
      return {
        tool: 'cargo test',
        rule: 'panic',
        path: panic[2],
        line: Number(panic[3]),
        message: `${panic[1]} panicked${view.near(1) === '' ? '' : `: ${view.near(1)}`}`,
      };
    const [, severity, code, message = ''] = HEAD.exec(text) ?? [];
    if (severity === undefined || SUMMARIES.test(message)) return null;
    const cargo = phrase(message, CARGO);
    if (cargo !== null) return { class: cargo.rule === 'manifest' ? 'configuration' : 'dependency', tool: 'cargo', ...cargo };
    if (/requires rustc \d|is not supported by the following package|feature `edition20\d\d` is required/.test(message + view.near(1)))
      return { class: 'environment', tool: 'cargo', rule: 'rust-version', message };
    const place = following(view, PLACE, 3);
    if (place === null) return null;
    const clippy = following(view, RULE)?.[1];
    const named = clippy === undefined && code === undefined ? following(view, COMPILER_RULE) : null;
    const rule = clippy ?? code ?? named?.[1] ?? named?.[2];
    return {
      ...(clippy !== undefined || (code === undefined && named !== null) ? { class: 'lint' } : {}),
      ...(code === 'E0463' ? { class: 'dependency' } : {}),
      tool: clippy === undefined ? 'rustc' : 'clippy',
      path: place[1],
      line: Number(place[2]),
      rule: rule?.replaceAll('_', '-'),
      message,
      warning: severity === 'warning',
    };
  },
};
