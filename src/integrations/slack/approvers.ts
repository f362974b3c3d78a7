import { z } from 'zod';
import type { SlackApi } from './api.ts';

const Users = z.object({ users: z.array(z.string()).default([]) });

/** Members of user groups, asked of Slack and remembered briefly. */
export interface UserGroups {
  /** Of these groups, the ones that a user is in. Throws when Slack cannot be asked: nobody is let in by an old list. */
  of(user: string, groups: readonly string[]): Promise<readonly string[]>;
}

/** User groups by the vendor's own word; members are asked for again after `cacheMs`. */
export function createUserGroups(api: SlackApi, options: { readonly cacheMs: number; readonly now: () => number }): UserGroups {
  const held = new Map<string, { readonly users: Promise<ReadonlySet<string>>; readonly until: number }>();

  function members(group: string): Promise<ReadonlySet<string>> {
    const known = held.get(group);
    if (known !== undefined && known.until > options.now()) return known.users;
    const users = api.call('usergroups.users.list', { usergroup: group }, Users).then((answer) => new Set(answer.users));
    held.set(group, { users, until: options.now() + options.cacheMs });
    users.catch(() => held.delete(group));
    return users;
  }

  return {
    async of(user, groups) {
      const found: string[] = [];
      for (const group of groups) if ((await members(group)).has(user)) found.push(group);
      return found;
    },
  };
}
