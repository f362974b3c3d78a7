import { describe, expect, it } from 'vitest';
import { diskFull, isDiskFull, saysDiskFull } from '../../src/domain/disk-full.ts';
import { Failure } from '../../src/domain/failure.ts';

const system = (code: string) => Object.assign(new Error(`${code}: write`), { code });

describe('a full disk', () => {
  it('is known by its code, however deep it lies', () => {
    expect(isDiskFull(system('ENOSPC'))).toBe(true);
    expect(isDiskFull(new Error('outer', { cause: new Error('inner', { cause: system('EDQUOT') }) }))).toBe(true);
    expect(isDiskFull(diskFull({ folder: '/x' }))).toBe(true);
    expect([system('EACCES'), new Error('ENOSPC'), 'ENOSPC', null].map(isDiskFull)).toEqual([false, false, false, false]);
  });

  it('is not what a failure with another code came from', () => {
    expect(isDiskFull(new Failure('too-large', 'the workspace is full', { cause: system('ENOSPC') }))).toBe(false);
  });

  it.each([
    'error: unable to write file: No space left on device',
    'fatal: write error: Disk quota exceeded',
    'sqlite: database or disk is full (13)',
    'Error: ENOSPC: no space left on device, write',
  ])('is heard in %j', (said) => {
    expect(saysDiskFull(said)).toBe(true);
    expect(saysDiskFull('fatal: bad object')).toBe(false);
  });

  it('is one line that names the folder and the way out', () => {
    expect(diskFull({ folder: '/state/cache', setting: 'SUTURE_STATE_DIR' })).toMatchObject({
      code: 'disk-full',
      message: 'the disk that holds /state/cache is full: free some space there, or set SUTURE_STATE_DIR to a folder on another disk',
    });
    expect(diskFull({ folder: '/theirs' }).message).toBe('the disk that holds /theirs is full: free some space there');
  });
});
