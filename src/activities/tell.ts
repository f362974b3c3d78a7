import type { Addressee } from '../domain/approval-ladder.ts';
import { Failure } from '../domain/failure.ts';
import { audience, type Tellable } from '../domain/notify-ladder.ts';
import type { Notifier } from '../integrations/contract.ts';
import type { ActivityDeps } from './deps.ts';
import { keyHash } from './keys.ts';

/** How long one notifier may take, in milliseconds: less than its activity may, so that one that hangs is named and keeps no other from being heard. */
const NOTIFIER_MS = 20_000;

type TellDeps = Pick<ActivityDeps, 'notifiers' | 'records' | 'log' | 'notifyRules' | 'notifierMs'>;

/** Gives up on a call after a while; what it still does later is harmless, because it is found by its key. */
export async function bounded<T>(ms: number, what: string, call: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Failure('notifier-unavailable', `${what} did not answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([call(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Who hears this. A policy may name notifiers that are not configured here: when none of its is, the server's own ladder is used. */
export function hearers(deps: TellDeps, told: Tellable, named: readonly Addressee[] = []): readonly Addressee[] {
  const there = named.filter(({ notifier }) => deps.notifiers.has(notifier));
  if (there.length < named.length)
    deps.log.warn({ named: named.map(({ notifier }) => notifier) }, 'the policy names a notifier that is not configured on this server');
  return there.length > 0 ? there : audience(deps.notifyRules ?? [], deps.notifiers.keys(), told);
}

/** Of one notifier that is told in several places, each place has a key of its own. */
function keyFor(key: string, hearer: Addressee, all: readonly Addressee[]): string {
  const first = all.find(({ notifier }) => notifier === hearer.notifier);
  return first === hearer ? key : `${key}#${keyHash(JSON.stringify(hearer.to), 12)}`;
}

/**
 * Tells each of them once; one that fails does not keep the others from it, and who was told is not told again by a repeat. A notifier that
 * catches up by itself keeps what it could not deliver, so its failure ends here; any other failure is thrown for a repeat.
 */
export async function tellEach(
  deps: TellDeps,
  key: string,
  hearers: readonly Addressee[],
  tell: (notifier: Notifier, key: string, to: readonly string[]) => Promise<void>,
): Promise<{ readonly told: number; readonly kept: number }> {
  let told = 0;
  let kept = 0;
  const results = await Promise.allSettled(
    hearers.map(async (hearer) => {
      const notifier = deps.notifiers.get(hearer.notifier);
      if (notifier === undefined) return;
      const own = keyFor(key, hearer, hearers);
      const record = `told/${hearer.notifier}/${own}`;
      if ((await deps.records.get(record)) === null) {
        try {
          await bounded(deps.notifierMs ?? NOTIFIER_MS, hearer.notifier, () => tell(notifier, own, hearer.to));
        } catch (error) {
          if (notifier.catchUp === undefined || !(error instanceof Failure) || error.code === 'bug') throw error;
          kept += 1;
          deps.log.warn({ notifier: hearer.notifier, code: error.code, reason: error.message }, 'not delivered now; it is caught up later');
          return;
        }
        await deps.records.putOnce(record, 'told');
      }
      told += 1;
    }),
  );
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return { told, kept };
}
