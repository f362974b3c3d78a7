import type { ForgeDeliveries } from '../contract.ts';
import { Refusal } from './answer.ts';
import type { Api, GitHubApi } from './api.ts';
import type { HookAt } from './hooks.ts';

/** GitHub offers deliveries of the last three days again. */
const MAX_AGE_MS = 3 * 24 * 3_600_000;
/** Deliveries that one walk looks at, and asks for. */
const MAX_LISTED = 1000;
const MAX_ASKED = 100;
const PER_PAGE = 100;

interface Delivery {
  readonly id: number;
  readonly guid: string;
  readonly delivered_at: string;
  readonly status_code: number;
}

const isTaken = (delivery: Delivery): boolean => delivery.status_code >= 200 && delivery.status_code < 300;

/** Of all deliveries, newest first: one of each that failed and was never taken, not even when it was sent again. */
export function neverTaken(deliveries: readonly Delivery[], now: number): readonly Delivery[] {
  const taken = new Set(deliveries.filter(isTaken).map((delivery) => delivery.guid));
  const seen = new Set<string>();
  const failed: Delivery[] = [];
  for (const delivery of deliveries) {
    if (taken.has(delivery.guid) || seen.has(delivery.guid)) continue;
    seen.add(delivery.guid);
    // A refusal by us (4xx: a wrong signature, say) would be refused again.
    const ours = delivery.status_code >= 400 && delivery.status_code < 500 && delivery.status_code !== 408 && delivery.status_code !== 429;
    if (!ours && now - Date.parse(delivery.delivered_at) < MAX_AGE_MS) failed.push(delivery);
  }
  return failed;
}

const cursorOf = (link: string | undefined): string | null => /[?&]cursor=([^&>]+)[^>]*>;\s*rel="next"/.exec(link ?? '')?.[1] ?? null;

/** Where deliveries are kept: the App's own hook, or a hook of one repository. */
interface Hook {
  page(cursor: string | null): Promise<{ readonly deliveries: readonly Delivery[]; readonly next: string | null }>;
  again(id: number): Promise<unknown>;
}

function appHook(github: GitHubApi): Hook {
  return {
    async page(cursor) {
      const { data, headers } = await github.asApp('GET /app/hook/deliveries', {
        per_page: PER_PAGE,
        ...(cursor === null ? {} : { cursor }),
      });
      return { deliveries: data as readonly Delivery[], next: cursorOf(headers.link) };
    },
    again: (id) => github.asApp('POST /app/hook/deliveries/{delivery_id}/attempts', { delivery_id: id }),
  };
}

/** The hook of one repository, by its number. */
export function repositoryHook(api: Api, hook: number): Hook {
  return {
    async page(cursor) {
      const { data, headers } = await api.call('GET /repos/{owner}/{repo}/hooks/{hook_id}/deliveries', {
        hook_id: hook,
        per_page: PER_PAGE,
        ...(cursor === null ? {} : { cursor }),
      });
      return { deliveries: data as readonly Delivery[], next: cursorOf(headers.link) };
    },
    again: (id) =>
      api.call('POST /repos/{owner}/{repo}/hooks/{hook_id}/deliveries/{delivery_id}/attempts', { hook_id: hook, delivery_id: id }),
  };
}

/** The hook of the organisation that a repository belongs to, by its number. */
export function organizationHook(api: Api, hook: number): Hook {
  const at = { org: api.repo.owner, hook_id: hook };
  return {
    async page(cursor) {
      const { data, headers } = await api.call('GET /orgs/{org}/hooks/{hook_id}/deliveries', {
        ...at,
        per_page: PER_PAGE,
        ...(cursor === null ? {} : { cursor }),
      });
      return { deliveries: data as readonly Delivery[], next: cursorOf(headers.link) };
    },
    again: (id) => api.call('POST /orgs/{org}/hooks/{hook_id}/deliveries/{delivery_id}/attempts', { ...at, delivery_id: id }),
  };
}

/** Asks one hook for what was never taken. */
export async function redeliver(hook: Hook, now: number): Promise<number> {
  const listed: Delivery[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Hook['page']>> = await hook.page(cursor);
    listed.push(...page.deliveries);
    cursor = page.next;
    const oldest = page.deliveries.at(-1);
    if (oldest === undefined || now - Date.parse(oldest.delivered_at) > MAX_AGE_MS) break;
  } while (cursor !== null && listed.length < MAX_LISTED);
  let asked = 0;
  for (const delivery of neverTaken(listed, now).slice(0, MAX_ASKED)) {
    try {
      await hook.again(delivery.id);
      asked += 1;
    } catch (error) {
      // Too old for GitHub, or gone: the patrol's own look at branches and pull requests is what remains.
      if (!(error instanceof Refusal)) throw error;
    }
  }
  return asked;
}

/** Lost deliveries of the App's hook, or of the hooks of the configured repositories that point at us. */
export function createDeliveries(
  github: GitHubApi,
  options: { readonly hooks: () => Promise<ReadonlyArray<HookAt & { readonly api: Api }>>; readonly now: () => number },
): ForgeDeliveries {
  return {
    async redeliverFailed() {
      if (github.isApp) return redeliver(appHook(github), options.now());
      let asked = 0;
      for (const { api, id, of } of await options.hooks())
        asked += await redeliver(of === 'repository' ? repositoryHook(api, id) : organizationHook(api, id), options.now());
      return asked;
    },
  };
}
