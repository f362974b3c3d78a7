import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/config/secret.ts';
import { createLogger } from '../../src/lib/logger.ts';
import { createRedactor } from '../../src/lib/redact.ts';

function recorded(): { readonly lines: string[]; readonly log: ReturnType<typeof createLogger> } {
  const lines: string[] = [];
  const log = createLogger({
    level: 'info',
    name: 'test',
    redact: createRedactor(['hunter2hunter2']),
    target: { write: (line: string) => lines.push(line) },
  });
  return { lines, log };
}

describe('logger', () => {
  it('writes one JSON line with level, name and time', () => {
    const { lines, log } = recorded();
    log.info({ healingId: 'heal/a/b/branch/main' }, 'started');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'info', name: 'test', msg: 'started', healingId: 'heal/a/b/branch/main' });
  });

  it('escapes what would act on a terminal or end the line', () => {
    const { lines, log } = recorded();
    log.warn({ delivery: 'a\r\nb\u001b[2J\u202ec\u009bd\u2028e' }, 'odd');
    expect(lines).toHaveLength(1);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these must be gone
    expect(lines[0]?.trimEnd()).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e\u2028]/);
    expect(JSON.parse(lines[0] ?? '').delivery).toBe('a\r\nb\u001b[2J\u202ec\u009bd\u2028e');
  });

  it('does not print secrets, wherever they stand', () => {
    const { lines, log } = recorded();
    log.error(
      {
        err: new Error('login with hunter2hunter2', { cause: new Error('hunter2hunter2') }),
        token: new Secret('hunter2hunter2'),
        deep: [{ at: 'hunter2hunter2' }],
      },
      'hunter2hunter2',
    );
    expect(lines[0]).not.toContain('hunter2');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ token: '[secret]', err: { type: 'Error' } });
  });

  it('is silent below its level', () => {
    const { lines, log } = recorded();
    log.debug({}, 'nobody hears this');
    expect(lines).toEqual([]);
  });

  it('cuts endless texts', () => {
    const { lines, log } = recorded();
    log.info({ body: 'x'.repeat(100_000) }, 'big');
    expect((lines[0] ?? '').length).toBeLessThan(10_000);
  });
});
