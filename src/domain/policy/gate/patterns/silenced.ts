import type { AddedPattern } from './added-pattern.ts';

/** Checks that are told to be silent. */
export const SILENCED: readonly AddedPattern[] = [
  {
    code: 'check-disabled',
    where: 'any',
    comments: true,
    pattern:
      /eslint-disable|biome-ignore|oxlint-disable|tslint:disable|@ts-(?:ignore|nocheck|expect-error)|prettier-ignore|istanbul ignore|c8 ignore|v8 ignore/,
    detail: 'a check is silenced',
  },
  {
    code: 'check-disabled',
    where: 'any',
    comments: true,
    pattern:
      /#\s*(?:noqa|type:\s*ignore|pylint:\s*disable|pragma:\s*no cover|mypy:\s*ignore|pyright:\s*ignore|fmt:\s*(?:off|skip)|ruff:\s*noqa|nosec)/,
    detail: 'a check is silenced',
  },
  {
    code: 'check-disabled',
    where: 'any',
    comments: true,
    pattern: /\/\/\s*(?:nolint|#nosec|noinspection)|@SuppressWarnings\b|#!?\[allow\(|#!?\[rustfmt::skip\]|rubocop:disable|NOLINT/,
    detail: 'a check is silenced',
  },
  {
    code: 'check-disabled',
    where: 'any',
    comments: true,
    pattern:
      /#\s*(?:pyre-|pylint:\s*skip-file|flake8:\s*noqa|isort:\s*skip|type:\s*ignore|shellcheck\s+disable|hadolint\s+ignore|yamllint\s+disable|:nocov:|typed:\s*ignore)|\/\/\s*(?:coverage:ignore|deno-lint-ignore|codespell:ignore|LCOV_EXCL|NOSONAR|CHECKSTYLE|@formatter:off|exhaustive:ignore|lint:ignore)|@no_type_check\b|#pragma\s+warning\s+disable|@codeCoverageIgnore|markdownlint-disable|stylelint-disable/,
    detail: 'a check is silenced',
  },
];
