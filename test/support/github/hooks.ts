import { createHmac, randomUUID } from 'node:crypto';
import type { Json } from './wire.ts';
import { stamp } from './world.ts';

/** One webhook: the App's own, or one of a repository or organisation. */
export interface Hook {
  readonly id: number;
  readonly target: { readonly type: 'integration' | 'repository' | 'organization'; readonly id: number; readonly name: string };
  name: string;
  active: boolean;
  events: readonly string[];
  config: { url?: string; content_type: string; secret?: string; insecure_ssl: string };
  readonly createdAt: string;
  updatedAt: string;
}

/** One try to deliver one event. */
export interface Delivery {
  readonly id: number;
  readonly guid: string;
  readonly hookId: number;
  readonly redelivery: boolean;
  readonly event: string;
  readonly action: string | null;
  readonly payload: Json;
  readonly headers: Readonly<Record<string, string>>;
  deliveredAt: string;
  durationMs: number;
  /** 0 while under way, 502 when nobody answered. */
  statusCode: number;
  status: string;
}

/** GitHub waits so long for an answer. */
const TIMEOUT_MS = 10_000;

/** Webhooks and their deliveries. */
export class Hooks {
  readonly hooks: Hook[] = [];
  readonly deliveries: Delivery[] = [];
  readonly #nextId: () => number;
  readonly #now: () => number;
  readonly #underWay = new Set<Promise<void>>();
  readonly #lost: Array<(delivery: Delivery) => boolean> = [];

  constructor(nextId: () => number, now: () => number) {
    this.#nextId = nextId;
    this.#now = now;
  }

  /** From now on matching deliveries never arrive, until the returned function is called. */
  lose(matches: (delivery: Delivery) => boolean): () => void {
    this.#lost.push(matches);
    return () => {
      const at = this.#lost.indexOf(matches);
      if (at >= 0) this.#lost.splice(at, 1);
    };
  }

  add(target: Hook['target'], config: Json, events: readonly string[], active = true): Hook {
    const at = stamp(this.#now());
    const hook: Hook = {
      id: this.#nextId(),
      target,
      name: 'web',
      active,
      events,
      config: { content_type: 'form', insecure_ssl: '0', ...config },
      createdAt: at,
      updatedAt: at,
    };
    this.hooks.push(hook);
    return hook;
  }

  /** Starts the deliveries of one event to everybody who subscribed. */
  deliver(event: string, payload: Json, repo: string): void {
    for (const hook of this.hooks) {
      const { type, name } = hook.target;
      const concerned = type === 'integration' || name === repo || name === repo.split('/')[0];
      const wanted =
        hook.events.includes('*') || hook.events.includes(event) || (type === 'integration' && event.startsWith('installation'));
      if (!concerned || !wanted || !hook.active || hook.config.url === undefined || hook.config.url === '') continue;
      const { installation, ...rest } = payload;
      this.send(hook, event, type === 'integration' ? { ...rest, installation } : rest);
    }
  }

  /** One delivery; `earlier` makes it a redelivery. */
  send(hook: Hook, event: string, payload: Json, earlier?: Delivery): Delivery {
    const body = JSON.stringify(payload);
    const form = hook.config.content_type === 'form';
    const sent = form ? `payload=${encodeURIComponent(body)}` : body;
    const guid = earlier?.guid ?? randomUUID();
    const headers: Record<string, string> = {
      accept: '*/*',
      'content-type': form ? 'application/x-www-form-urlencoded' : 'application/json',
      'user-agent': 'GitHub-Hookshot/0000000',
      'x-github-delivery': guid,
      'x-github-event': event,
      'x-github-hook-id': String(hook.id),
      'x-github-hook-installation-target-id': String(hook.target.id),
      'x-github-hook-installation-target-type': hook.target.type,
    };
    if (hook.config.secret !== undefined && hook.config.secret !== '') {
      headers['x-hub-signature'] = `sha1=${createHmac('sha1', hook.config.secret).update(sent).digest('hex')}`;
      headers['x-hub-signature-256'] = `sha256=${createHmac('sha256', hook.config.secret).update(sent).digest('hex')}`;
    }
    const delivery: Delivery = {
      id: this.#nextId(),
      guid,
      hookId: hook.id,
      redelivery: earlier !== undefined,
      event,
      action: payload.action ?? null,
      payload,
      headers,
      deliveredAt: new Date(this.#now()).toISOString(),
      durationMs: 0,
      statusCode: 0,
      status: 'Pending',
    };
    this.deliveries.push(delivery);
    const going = this.#go(hook, delivery, sent).finally(() => this.#underWay.delete(going));
    this.#underWay.add(going);
    return delivery;
  }

  async #go(hook: Hook, delivery: Delivery, body: string): Promise<void> {
    const from = this.#now();
    try {
      if (this.#lost.some((matches) => matches(delivery))) throw new Error('lost on the way');
      const answer = await fetch(hook.config.url ?? '', {
        method: 'POST',
        headers: delivery.headers,
        body,
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await answer.arrayBuffer();
      delivery.statusCode = answer.status;
      delivery.status = answer.ok ? 'OK' : `Invalid HTTP Response: ${answer.status}`;
    } catch {
      delivery.statusCode = 502;
      delivery.status = 'failed to connect to host';
    }
    delivery.durationMs = this.#now() - from;
  }

  get busy(): boolean {
    return this.#underWay.size > 0;
  }

  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }
}
