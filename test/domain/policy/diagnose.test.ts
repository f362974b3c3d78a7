import { describe, expect, it } from 'vitest';
import { isProgramConfig } from '../../../src/domain/policy/diagnose.ts';

describe('configuration of the program', () => {
  it.each([
    ['config.yaml', [], true],
    ['config/app.toml', [], true],
    ['src/app.py', [], false],
    ['package.json', [], false],
    ['.github/workflows/ci.yml', [], false],
    ['deploy/app.yaml', ['deploy/**'], true],
    ['config.yaml', ['deploy/**'], false],
  ] as const)('is told by the shape of the path, or by the policy where that names some: %s with %j: %s', (path, config, expected) => {
    expect(isProgramConfig(path, { config: [...config], protectedPaths: [] })).toBe(expected);
  });

  it('stays configuration when the policy asks for a yes to its change', () => {
    expect(isProgramConfig('config.yaml', { config: [], protectedPaths: ['config.yaml'] })).toBe(true);
  });
});
