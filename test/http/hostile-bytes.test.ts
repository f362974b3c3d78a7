import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Signal } from '../../src/domain/signal.schema.ts';
import { DATADOG_PAYLOAD } from '../../src/integrations/datadog/payload.ts';
import { alert, NOW, realSources, report } from './support.ts';

const sources = [...realSources()];

/** Whatever a source makes of a body, it does not throw, and its signals are what they must be. */
function holds(bytes: Uint8Array): void {
  for (const [id, source] of sources) {
    const parsed = source.parse({ headers: {}, body: bytes, receivedAt: NOW });
    if (parsed.kind !== 'signals') {
      expect(parsed.reason, id).not.toBe('');
      continue;
    }
    for (const signal of parsed.signals) {
      expect(Signal.parse(signal)).toEqual(signal);
      expect(/[\u0000-\u001f\u007f-\u009f]/.test(signal.id + signal.subject + signal.summary + (signal.service ?? '')), id).toBe(false);
    }
  }
}

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.constantFrom('Triggered', 'Recovered', 'service:auth', '$TAGS', '', '4711', String(NOW.getTime()), '\u202e', '\u0000', 'constructor'),
);

describe('every alert source', () => {
  it('survives arbitrary bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 2_000 }), holds), { numRuns: 200 });
  });

  it('survives arbitrary JSON', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (json) => holds(Buffer.from(json))),
      { numRuns: 200 },
    );
  });

  it('survives odd values in the fields of a Datadog delivery', () => {
    const fields = fc.record(
      Object.fromEntries(
        Object.keys(DATADOG_PAYLOAD).map((key) => [
          key,
          fc.oneof({ weight: 3, arbitrary: text }, { weight: 1, arbitrary: fc.jsonValue() }),
        ]),
      ),
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fields, (delivery) => holds(Buffer.from(JSON.stringify({ ...JSON.parse(alert()), ...delivery })))),
      { numRuns: 300 },
    );
  });

  it('survives odd values in the fields of a report by hand', () => {
    const fields = fc.record(
      {
        repository: text,
        subject: text,
        summary: text,
        check: text,
        service: text,
        sha: text,
        idempotencyKey: text,
        facts: fc.dictionary(text, text, { maxKeys: 5 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fields, (more) => holds(Buffer.from(report(more)))),
      { numRuns: 300 },
    );
  });

  it('survives odd values in the fields of a forge event', () => {
    const event = fc.record({
      event: fc.constantFrom('check_completed', 'pull_request', 'push', 'deployment_status', 'x'),
      delivery: text,
      repository: fc.jsonValue(),
      actor: fc.jsonValue(),
      check: fc.jsonValue(),
    });
    fc.assert(
      fc.property(event, (each) => holds(Buffer.from(JSON.stringify(each)))),
      { numRuns: 200 },
    );
  });
});
