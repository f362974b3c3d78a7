import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { endWithParent } from '../../src/lib/with-parent.ts';

/**
 * STAND-IN for a Datadog monitor: measures the deployed service with real requests and posts the payload that Suture configures in
 * Datadog to the ingress, with the secret header. Not Datadog; everything it says was measured here.
 * Environment: SERVICE_URL, BODIES_FILE, WEBHOOK_URL, WEBHOOK_TOKEN, THRESHOLD (share of failed logins).
 */
const need = (name: string): string => {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is needed`);
  return value;
};
endWithParent(() => process.exit(0));
const serviceUrl = need('SERVICE_URL');
const threshold = Number(need('THRESHOLD'));
const bodies = JSON.parse(await readFile(need('BODIES_FILE'), 'utf8')) as unknown[];
const MONITOR = '4711';
const PATH = '/api/auth/login';

/** Share of logins that fail, asked 16 at a time. */
async function measure(): Promise<number> {
  let failed = 0;
  let next = 0;
  const lane = async () => {
    for (let index = next++; index < bodies.length; index = next++) {
      try {
        const answer = await fetch(`${serviceUrl}${PATH}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(bodies[index]),
          signal: AbortSignal.timeout(5000),
        });
        await answer.body?.cancel();
        if (!answer.ok) failed++;
      } catch {
        failed++;
      }
    }
  };
  await Promise.all(Array.from({ length: 16 }, lane));
  return failed / bodies.length;
}

async function post(transition: 'Triggered' | 'Recovered', rate: number, cycle: string): Promise<void> {
  const now = String(Date.now());
  const body = {
    id: now,
    date: now,
    last_updated: now,
    title: `[${transition}] Authentication errors at ${(rate * 100).toFixed(1)} % on ${PATH}`,
    alert_id: MONITOR,
    alert_title: `Authentication errors at ${(rate * 100).toFixed(1)} % on ${PATH}`,
    alert_transition: transition,
    alert_cycle_key: cycle,
    alert_scope: 'env:production',
    alert_metric: 'auth.login.errors',
    alert_status: `${(rate * 100).toFixed(1)} % of ${bodies.length} logins failed`,
    aggreg_key: '$AGGREG_KEY',
    tags: 'env:production,service:auth-service',
    link: '',
  };
  for (;;) {
    try {
      const answer = await fetch(need('WEBHOOK_URL'), {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-suture-token': need('WEBHOOK_TOKEN') },
        body: JSON.stringify(body),
      });
      process.stdout.write(`${JSON.stringify({ transition, rate, status: answer.status, answer: await answer.json() })}\n`);
      if (answer.status !== 503) return;
    } catch {
      // the ingress is away for a moment; Datadog tries again too
    }
    await delay(500);
  }
}

process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
let cycle: string | null = null;
for (;;) {
  const rate = await measure();
  if (rate > threshold && cycle === null) {
    cycle = `${MONITOR}-${Date.now()}`;
    await post('Triggered', rate, cycle);
  } else if (rate <= threshold && cycle !== null) {
    await post('Recovered', rate, cycle);
    cycle = null;
  }
  await delay(1000);
}
