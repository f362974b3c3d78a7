import type { GateFinding } from '../../proof.schema.ts';
import { addedLines, type GateFile } from './lines.ts';

/** What a new file of tests does to the tests of other files, by the kind of file. */
const AROUND_ALL: ReadonlyArray<readonly [file: RegExp, line: RegExp]> = [
  [/_test\.go$/, /^func\s+(?:TestMain|init)\s*\(/],
  [/(?:^|\/)__init__\.py$/, /^[A-Za-z_]\w*(?:\.\w+)+\s*=(?!=)|^setattr\(|^def\s+(?:setUpModule|load_tests)\b|\bpatch\b/],
  [
    /(?:^|\/)(?:spec|test)_helper\.rb$|(?:^|\/)(?:spec|test)\/support\//,
    /\bconfig\.(?:before|around|after|filter)|\ballow_any_instance_of\b|\bMinitest\.after_run\b/,
  ],
  [
    /(?:^|\/)(?:setup|global-setup|globalSetup|setupTests)\.[cm]?[jt]sx?$/,
    /^(?:(?:vi|jest)\.|(?:before|after)(?:Each|All)\b|(?:global|globalThis)\.)/,
  ],
];

/** Hooks in a new file; those in a file that is there already are judged with what it holds. */
export function newHookFindings(file: GateFile): readonly GateFinding[] {
  if (file.before !== null) return [];
  const kinds = AROUND_ALL.filter(([name]) => name.test(file.path));
  return addedLines(file).flatMap(({ line, text }) =>
    kinds.some(([, hook]) => hook.test(text.slice(0, 1000)))
      ? [{ code: 'test-hook-added', path: file.path, line, detail: 'a new file runs something around the tests of other files' }]
      : [],
  );
}
