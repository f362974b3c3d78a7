import type { Actor } from '../../domain/signal.schema.ts';

/** An account as payloads carry it. */
export interface Account {
  readonly login: string;
  readonly type?: string | undefined;
}

/** Whether an account is a machine: an App, or one that GitHub says is. */
export function isBot(account: Account): boolean {
  return account.type === 'Bot' || account.login.toLowerCase().endsWith('[bot]');
}

/** GitHub compares logins without case. */
export function sameLogin(one: string | undefined, other: string): boolean {
  return one?.toLowerCase() === other.toLowerCase();
}

/** Who reports what a machine found out: GitHub itself, about the repository's own branches. */
export const GITHUB: Actor = { id: 'github', trust: 'system' };

/** A check of code that somebody without rights here wrote. */
export const FORK: Actor = { id: 'github', trust: 'outsider' };

/** A person, with what a payload says of them. It is never more than a first guess: before anything is done for somebody, GitHub is asked what they may. */
export function personActor(account: Account | undefined, association: string | undefined): Actor {
  const known = ['OWNER', 'MEMBER', 'COLLABORATOR'].includes(association ?? '');
  return account === undefined
    ? { id: 'unknown', trust: 'outsider' }
    : { id: account.login, trust: known && !isBot(account) ? 'collaborator' : 'outsider' };
}

/** Who changed something: us, or somebody of whom the payload says nothing more. */
export function senderActor(sender: Account | undefined, login: string): Actor {
  return sameLogin(sender?.login, login) ? { id: login, trust: 'system' } : personActor(sender, undefined);
}
