import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { providedTemporal } from '../support/temporal.ts';

/** Our workflows and the SDK take about 760 kB of code together; zod alone would bring that near 1.5 MB. */
const MOST_CODE = 1_000_000;

describe('the workflow bundle', () => {
  let code = '';
  let modules: readonly string[] = [];

  beforeAll(async () => {
    const [text = ''] = (await readFile(providedTemporal().bundlePath, 'utf8')).split('\n//# sourceMappingURL=');
    code = text;
    modules = [...code.matchAll(/^\/\*\*\*\/ "\.\/([^"]+)"/gm)].map((match) => match[1] ?? '');
  });

  it('holds our workflows and the SDK', () => {
    expect(modules).toContain('src/workflows/healing.ts');
    expect(modules).toContain('node_modules/@temporalio/workflow/lib/index.js');
  });

  it(`stays under ${MOST_CODE / 1_000} kB of code`, () => {
    expect(Buffer.byteLength(code)).toBeLessThan(MOST_CODE);
  });

  it('holds no zod, no schema, no policy and nothing of the world outside: verdicts are recorded, never computed again', () => {
    expect(modules.filter((name) => /node_modules\/zod\/|\.schema\.ts$|domain\/policy\//.test(name))).toEqual([]);
    expect(modules.filter((name) => name.startsWith('src/') && !/^src\/(?:workflows|domain)\//.test(name))).toEqual([]);
  });
});
