import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { RepositoryPolicy } from '../../src/domain/repository-policy.schema.ts';

const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const published = JSON.parse(readFileSync(path('schema/suture.schema.json'), 'utf8')) as {
  readonly $id: string;
  readonly additionalProperties: boolean;
  readonly properties: Readonly<Record<string, { readonly description?: string }>>;
};

describe('the published schema of the policy file', () => {
  it('says what the code says', async () => {
    await expect(promisify(execFile)(process.execPath, [path('scripts/generate-schema.ts'), '--check'])).resolves.toMatchObject({
      stderr: '',
    });
  });

  it('describes every key, refuses others and names no host', () => {
    expect(Object.keys(published.properties)).toEqual(Object.keys(RepositoryPolicy.shape));
    for (const [key, value] of Object.entries(published.properties)) expect(value.description, key).toBeTruthy();
    expect(published.additionalProperties).toBe(false);
    expect(published.$id).toMatch(/^urn:/);
  });

  it('can be read back as a schema that agrees with ours', () => {
    const again = z.fromJSONSchema(published as never);
    for (const value of [
      { version: 1 },
      { version: 1, maxFiles: 0 },
      { version: 2 },
      { version: 1, unknown: 1 },
      { version: 1, checks: [{ name: 'a' }] },
    ]) {
      expect(again.safeParse(value).success, JSON.stringify(value)).toBe(RepositoryPolicy.safeParse(value).success);
    }
  });
});
