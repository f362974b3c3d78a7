import type { Actor, ActorTrust } from './signal.schema.ts';

/** One entry of a policy's `approvers`. */
export type Approver =
  | { readonly kind: 'actor'; readonly id: string }
  /** `slack-group:S…`, `github-team:org/slug`: the vendor says who is in it. */
  | { readonly kind: 'group'; readonly name: string }
  | { readonly kind: 'role'; readonly trust: 'maintainer' | 'collaborator' };

const ROLES = ['maintainer', 'collaborator'] as const;

/** Group prefixes with the form of what follows. */
const GROUPS: ReadonlyArray<{ readonly prefix: string; readonly form: RegExp; readonly example: string }> = [
  { prefix: 'slack-group:', form: /^S[A-Z0-9]{2,20}$/, example: 'slack-group:S0123456789' },
  { prefix: 'github-team:', form: /^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/[a-z0-9][a-z0-9._-]{0,99}$/, example: 'github-team:acme/platform' },
];

/** Reads one entry; a text says what is wrong with it. */
export function readApprover(text: string): Approver | string {
  if (text.startsWith('role:')) {
    const trust = ROLES.find((role) => text === `role:${role}`);
    return trust === undefined ? 'a role is `role:maintainer` or `role:collaborator`' : { kind: 'role', trust };
  }
  for (const { prefix, form, example } of GROUPS) {
    if (!text.startsWith(prefix)) continue;
    return form.test(text.slice(prefix.length)) ? { kind: 'group', name: text } : `must look like \`${example}\``;
  }
  return /^\S+$/.test(text) ? { kind: 'actor', id: text } : 'must be the id of a person, a group or a role, without blanks';
}

/** Of these entries, the groups whose members a vendor must be asked for. */
export function groupsOf(approvers: readonly string[], prefix = ''): readonly string[] {
  return approvers.filter((text) => {
    const read = readApprover(text);
    return typeof read === 'object' && read.kind === 'group' && text.startsWith(prefix);
  });
}

const RANK: Readonly<Record<ActorTrust, number>> = { outsider: 0, collaborator: 1, maintainer: 2, system: -1 };

function matches(text: string, actor: Actor): boolean {
  const read = readApprover(text);
  if (typeof read === 'string') return false;
  switch (read.kind) {
    case 'actor':
      return read.id === actor.id;
    case 'group':
      return actor.groups?.includes(read.name) ?? false;
    case 'role':
      return RANK[actor.trust] >= RANK[read.trust] || (actor.groups?.includes(text) ?? false);
  }
}

/** Whether somebody is among the approvers, by id, confirmed group or role; nobody named means any maintainer. An outsider never is, whatever names them. */
export function isApprover(approvers: readonly string[], actor: Actor): boolean {
  if (actor.trust === 'outsider' || actor.trust === 'system') return false;
  return approvers.length === 0 ? actor.trust === 'maintainer' : approvers.some((text) => matches(text, actor));
}

/** Who may decide now, for people. */
export function deciders({
  approvers,
  delegates = [],
}: {
  readonly approvers: readonly string[];
  readonly delegates?: readonly string[];
}): string {
  if (approvers.length > 0) return [...approvers, ...delegates].join(', ');
  return ['any maintainer of the repository', ...delegates].join(', ');
}
