import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/sandbox/contract.ts';
import { manifestOf } from '../../src/sandbox/truefoundry/manifest.ts';

/** A Python that has the vendor's own `truefoundry-sdk`, from PyPI. */
const python = process.env['SUTURE_TEST_TRUEFOUNDRY_PYTHON'] ?? 'python3';

function whyNot(): string | null {
  try {
    execFileSync(python, ['-c', 'import truefoundry_sdk'], { stdio: 'ignore', timeout: 60_000 });
    return null;
  } catch {
    return `${python} has no truefoundry-sdk; set SUTURE_TEST_TRUEFOUNDRY_PYTHON to one that has`;
  }
}

const missing = whyNot();
if (missing !== null) process.stdout.write(`skipped: TrueFoundry's own models: ${missing}\n`);

/** Validates with the vendor's models, and says which of our keys those do not know: they let unknown ones through. */
const CHECK = `
import json, sys
from truefoundry_sdk import Job, JobRunStatus
from pydantic import BaseModel
def unknown(model, path):
    found = []
    for name in (model.model_extra or {}):
        found.append(path + name)
    for name in type(model).model_fields:
        value = getattr(model, name)
        for at, one in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(one, BaseModel):
                found += unknown(one, path + name + '.')
    return found
job = Job.model_validate(json.load(sys.stdin))
print(json.dumps({'unknown': unknown(job, ''), 'states': [state.value for state in JobRunStatus] if hasattr(JobRunStatus, '__members__') else None}))
`;

describe.skipIf(missing !== null)(`TrueFoundry's own models${missing === null ? '' : `: ${missing}`}`, () => {
  const manifest = manifestOf({
    url: 'https://app.truefoundry.com',
    token: 'x',
    workspace: 'cluster-1:sandbox',
    application: 'suture-sandbox',
    image: `example/toolchains@sha256:${'1'.repeat(64)}`,
    exchange: 'https://suture.example.com',
    egressRestricted: true,
    limits: DEFAULT_LIMITS,
  });
  const validate = (value: object): { readonly unknown: readonly string[] } =>
    JSON.parse(execFileSync(python, ['-c', CHECK], { input: JSON.stringify(value), encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] }));

  it('accept our manifest and know every key of it', () => {
    expect(validate(manifest).unknown).toEqual([]);
  });

  it('refuse one that lacks what they need, so the check can fail', () => {
    const { trigger: _left, ...without } = manifest as Record<string, unknown>;
    expect(() => validate(without)).toThrow(/trigger/);
    expect(validate({ ...manifest, retry: 1 }).unknown).toEqual(['retry']);
  });
});
