import { located, type Phrases, phrase, ruleAtEnd, type Tool } from '../tool.ts';

const VET =
  /^(?:vet: )?(?:(?:fmt|log|testing)\.\w+ |\S+ format %|unreachable code|struct field tag|possible (?:misuse|formatting)|self-assignment|result of \S+ call not used|composite literal uses unkeyed|call to .{1,80} copies lock|.{1,80} passes lock by value|missing return|should have signature|unusedresult|the cancel function)/;
const LINTER = /^[a-z][a-z0-9]{1,30}$/;
const MODULES: Phrases = [
  [/missing go\.sum entry/, 'missing-go-sum'],
  [/updates to go\.(?:mod|sum) needed/, 'go-mod-out-of-date'],
  [/go\.mod file indicates|inconsistent vendoring/, 'inconsistent-vendoring'],
  [/no required module provides package/, 'no-module'],
  [/cannot find module providing package/, 'no-module'],
  [/: unknown revision |: invalid version: |no matching versions for query/, 'unknown-version'],
  [/^SECURITY ERROR|: checksum mismatch$|^verifying .{1,200}: checksum mismatch/, 'checksum-mismatch'],
  [/module declares its path as:|module .{1,200} found .{0,200}, but does not contain package/, 'wrong-module'],
];

/** Go's compiler, vet, test runner and modules, gofmt and golangci-lint. */
export const go: Tool = {
  id: 'go',
  class: 'code',
  read({ text, command, heading, near }) {
    const old = /^go: (?:.{1,200} )?(?:go\.mod )?requires go >= \S{1,40} \(running go \S{1,40}/.exec(text);
    if (old !== null) return { class: 'environment', rule: 'go-version', message: text };
    const modules = phrase(text, MODULES);
    if (modules !== null && (/^\s*go:|\.go:\d|^SECURITY|^verifying|^\s+module|^go: /.test(text) || /^go:/.test(heading)))
      return { class: 'dependency', tool: 'go mod', path: located(text, /\.go$/)?.path, rule: modules.rule, message: modules.message };
    const unformatted = /^(?:diff (?:-u )?\S{1,300} (\S{1,300}\.go)|(\S{1,300}\.go))$/.exec(text);
    const bare = unformatted?.[1] ?? unformatted?.[2];
    if (
      bare !== undefined &&
      (/go(?:fmt|imports|fumpt)/.test(command) ||
        unformatted?.[1] !== undefined ||
        [1, 2, 3, 4].some((back) => /gofmt|goimports|gofumpt/.test(near(-back))))
    )
      return {
        class: 'format',
        tool: 'gofmt',
        path: bare,
        rule: 'format',
        message: `not formatted: ${bare.slice(bare.lastIndexOf('/') + 1)}`,
      };
    const failed = /^\s{0,40}--- FAIL: (\S{1,300}) \(\d/.exec(text)?.[1];
    if (failed !== undefined) return { tool: 'go test', rule: 'test-failed', message: `fails: ${failed}` };
    const build = /^FAIL\s+(\S{1,300}) \[(build|setup) failed\]$/.exec(text);
    if (build !== null) return { tool: 'go test', rule: `${build[2]}-failed`, message: `${build[1]} cannot be built` };
    const panic = /^panic: (.+)$/.exec(text)?.[1];
    if (panic !== undefined) return { rule: 'panic', message: panic };
    const vetted = text.startsWith('vet: ');
    const place = located(vetted ? text.slice(5) : text, /\.go$/);
    if (place === null) return null;
    const rest = place.rest.trim();
    const { message, rule } = ruleAtEnd(rest, '(');
    if (rule !== undefined && LINTER.test(rule) && !/\bgo (?:build|vet|test)\b/.test(command)) {
      const formatter = /^(?:gofmt|goimports|gofumpt|gci|golines)$/.test(rule);
      return {
        class: formatter ? 'format' : rule === 'typecheck' ? 'code' : 'lint',
        tool: 'golangci-lint',
        path: place.path,
        line: place.line,
        rule,
        message,
      };
    }
    if (!/^\.{0,2}\/|^\S+\/|^\S+\.go$/.test(place.path) || rest === '' || /^\s/.test(text)) return null;
    const lint =
      !vetted &&
      (VET.test(rest) ||
        (command.includes('go vet') && !/^undefined:|^cannot use |declared and not used|imported and not used/.test(rest)));
    return {
      class: lint ? 'lint' : 'code',
      tool: lint || vetted ? 'go vet' : 'go build',
      path: place.path,
      line: place.line,
      rule: lint ? 'vet' : 'compile',
      message: rest,
    };
  },
};
