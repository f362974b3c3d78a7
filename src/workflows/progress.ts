import { workflowInfo } from '@temporalio/workflow';
import type { MetricPoint, Milestone, MilestoneKind } from '../domain/milestone.ts';
import { act } from './activity-options.ts';
import { oneLine } from './plain.ts';
import type { Telling } from './telling.ts';

/** Moments of a healing of which it is measured how long they took. */
export type Moment = 'queued' | 'granted' | 'claimed' | 'diagnosed' | 'green' | 'verified';

/** What goes with one step: small, and the same for all steps of a healing. */
export type About = Pick<Milestone, 'healingId' | 'repo' | 'subject' | 'title'> &
  Partial<Pick<Milestone, 'service' | 'environment' | 'url'>>;

/** Steps and numbers of one healing, shown where production is watched: beside the story, in batches, and only where the server wants it. */
export class Progress {
  readonly #wanted: boolean;
  readonly #key: string;
  readonly #telling: Telling;
  readonly #at = new Map<Moment, number>();
  readonly #began = Date.now();
  #steps: Milestone[] = [];
  #points: MetricPoint[] = [];
  #batches = 0;
  #busy = false;
  #sandboxMs = 0;
  #tokens = 0;
  #usd = 0;

  constructor(options: { readonly wanted: boolean; readonly key: string; readonly telling: Telling }) {
    this.#wanted = options.wanted;
    this.#key = options.key;
    this.#telling = options.telling;
  }

  /** Remembers when a moment first came. */
  mark(moment: Moment): void {
    if (!this.#at.has(moment)) this.#at.set(moment, Date.now());
  }

  /** Adds the time of one run in the sandbox. */
  ran(durationMs: number): void {
    this.#sandboxMs += durationMs;
  }

  /** Time that runs in the sandbox took so far, in milliseconds. */
  get ranMs(): number {
    return this.#sandboxMs;
  }

  /** Adds what one question to a model took. */
  asked(tokens: number, usd: number): void {
    this.#tokens += tokens;
    this.#usd += usd;
  }

  /** Shows one step. */
  step(kind: MilestoneKind, text: string, about: About, extra: Pick<Partial<Milestone>, 'sha' | 'outcome'> = {}): void {
    if (!this.#wanted) return;
    this.#steps.push({
      ...about,
      ...extra,
      kind,
      at: new Date().toISOString(),
      title: oneLine(about.title, 200),
      text: oneLine(text, 300),
    });
    this.#send();
  }

  /** Shows what the healing took, at its end. */
  measure(tags: Readonly<Record<string, string>>, attempts: number): void {
    if (!this.#wanted) return;
    const at = new Date().toISOString();
    const point = (name: string, kind: MetricPoint['kind'], value: number): MetricPoint => ({
      name: `suture.healing.${name}`,
      kind,
      value,
      at,
      tags,
    });
    const since = (name: string, moment: Moment): readonly MetricPoint[] => {
      const reached = this.#at.get(moment);
      return reached === undefined ? [] : [point(name, 'gauge', (reached - this.#began) / 1000)];
    };
    const queued = this.#at.get('queued');
    this.#points.push(
      point('ended', 'count', 1),
      point('attempts', 'gauge', attempts),
      point('sandbox_seconds', 'count', this.#sandboxMs / 1000),
      ...(this.#tokens === 0 ? [] : [point('model_tokens', 'count', this.#tokens), point('model_usd', 'count', this.#usd)]),
      point('seconds', 'gauge', (Date.now() - this.#began) / 1000),
      ...since('claim_seconds', 'claimed'),
      ...since('diagnose_seconds', 'diagnosed'),
      ...since('green_seconds', 'green'),
      ...since('verified_seconds', 'verified'),
      ...(queued === undefined ? [] : [point('queue_seconds', 'gauge', ((this.#at.get('granted') ?? Date.now()) - queued) / 1000)]),
    );
    this.#send();
  }

  #send(): void {
    if (this.#busy) return;
    this.#busy = true;
    this.#telling.tell('where production is watched', async () => {
      try {
        await Promise.resolve();
        while (this.#steps.length > 0 || this.#points.length > 0) {
          const [milestones, points] = [this.#steps.splice(0, 10), this.#points.splice(0)];
          this.#batches += 1;
          // A case that begins again has a run of its own.
          const key = `${this.#key}/${workflowInfo().runId}/progress/${this.#batches}`;
          await act('showProgress', `show: ${milestones.map(({ kind }) => kind).join(', ') || 'numbers'}`, { key, milestones, points });
        }
      } finally {
        this.#busy = false;
      }
    });
  }
}
