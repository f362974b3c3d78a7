import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sign } from '../../lib/hmac-signature.ts';
import { namesIn, readJson, writeJson } from './atomic-file.ts';
import type { ForgeEvent } from './event.schema.ts';
import { serviceFolder } from './paths.ts';
import { OutboxRecord } from './records.schema.ts';

/** Sends one event; resolves with the status that was answered. */
export type Deliver = (url: string, body: string, headers: Readonly<Record<string, string>>) => Promise<{ readonly status: number }>;

/** Where events go and who signs them. */
export interface OutboxTarget {
  readonly url: string;
  readonly secret: string;
  readonly deliver: Deliver;
}

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 60_000;
const GIVE_UP_MS = 3 * 24 * 3_600_000;
const IN_FLIGHT = 4;
const TIMEOUT_MS = 10_000;

/** Delivers over HTTP. */
export const deliverByHttp: Deliver = async (url, body, headers) => {
  const response = await fetch(url, { method: 'POST', body, headers, redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) });
  await response.body?.cancel();
  return { status: response.status };
};

/** Events on their way, as files: they survive restarts and go on until they are accepted with 2xx. */
export interface Outbox {
  /** Keep an event; one with the same delivery id that is still on its way is not kept twice. */
  put(event: ForgeEvent): Promise<void>;
  /** Send everything that is due. Returns how many are still on their way. */
  flush(now?: number): Promise<number>;
}

/** The outbox of a state folder. */
export function createOutbox(stateDir: string, target: OutboxTarget): Outbox {
  const folder = join(serviceFolder(stateDir), 'outbox');
  const send = async (name: string, now: number): Promise<void> => {
    const path = join(folder, name);
    const record = await readJson(path, OutboxRecord);
    if (record === null || record.nextAt > now) {
      return;
    }
    const headers = {
      'content-type': 'application/json',
      'x-suture-event': record.event,
      'x-suture-delivery': record.delivery,
      'x-suture-signature-256': sign(target.secret, record.body),
    };
    const status = await target.deliver(target.url, record.body, headers).then(
      (answer) => answer.status,
      () => null,
    );
    if (status !== null && status >= 200 && status < 300) {
      await rm(path, { force: true });
    } else if (now - Date.parse(record.createdAt) > GIVE_UP_MS) {
      await mkdir(join(serviceFolder(stateDir), 'undeliverable'), { recursive: true });
      await rename(path, join(serviceFolder(stateDir), 'undeliverable', name));
    } else {
      const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(record.attempts, 20));
      await writeJson(path, { ...record, attempts: record.attempts + 1, nextAt: now + wait } satisfies OutboxRecord);
    }
  };
  return {
    async put(event) {
      const names = await namesIn(folder);
      if (names.some((name) => name.endsWith(`-${event.delivery}.json`))) {
        return;
      }
      const order = String(Date.now()).padStart(15, '0');
      const record: OutboxRecord = {
        delivery: event.delivery,
        event: event.event,
        repo: event.repository,
        body: JSON.stringify(event),
        createdAt: new Date().toISOString(),
        attempts: 0,
        nextAt: 0,
      };
      await writeJson(join(folder, `${order}-${event.delivery}.json`), record);
    },
    async flush(now = Date.now()) {
      const names = [...(await namesIn(folder))];
      const lane = async (): Promise<void> => {
        for (let name = names.shift(); name !== undefined; name = names.shift()) {
          await send(name, now);
        }
      };
      await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
      return (await namesIn(folder)).length;
    },
  };
}
