import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import type { DecisionResult } from '../../temporal/contract.ts';
import { withHealings } from '../connect.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import type { Output } from '../output.ts';

/** Who acts at this terminal: whoever can reach the state folder and Temporal is a maintainer of this Suture, by the name of the account or SUDO_USER. */
export function terminalActor(as: string | undefined): { readonly id: string; readonly trust: 'maintainer' } {
  return { id: as ?? process.env['SUDO_USER'] ?? userInfo().username, trust: 'maintainer' };
}

function report(result: DecisionResult, healing: string, out: Output): number {
  switch (result.kind) {
    case 'applied':
      out.result(`done: ${healing} is ${result.receipt.state}`, result);
      return EXIT_CODES.ok.code;
    case 'stored':
      out.result('stored: no worker answered in time, it is applied as soon as one does', result);
      return EXIT_CODES.ok.code;
    case 'refused':
      out.result(`refused (${result.reason}): ${result.detail}`, result);
      return EXIT_CODES.refused.code;
    case 'not-found':
      out.result(`no healing ${healing} is under way`, result);
      return EXIT_CODES.notFound.code;
  }
}

/** `suture approve` and `suture reject`: a decision on the change set that the healing shows now, or on the one named by its hash. */
export async function decide(
  healing: string,
  verdict: 'approve' | 'reject',
  options: { readonly hash?: string; readonly as?: string; readonly comment?: string },
  out: Output,
): Promise<number> {
  return withHealings(process.env, async (healings) => {
    const view = options.hash === undefined ? await healings.view(healing) : null;
    const changeSetHash = options.hash ?? view?.approval?.changeSetHash;
    if (changeSetHash === undefined) {
      out.result(view === null ? `no healing ${healing} is under way` : `${healing} waits for nobody: it is ${view.state}`, {
        kind: 'not-found',
      });
      return EXIT_CODES.notFound.code;
    }
    const decision = {
      id: `cli-${randomUUID()}`,
      verdict,
      changeSetHash,
      actor: terminalActor(options.as),
      via: 'cli' as const,
      ...(options.comment === undefined ? {} : { comment: options.comment.slice(0, 500) }),
    };
    return report(await healings.decide(healing, decision), healing, out);
  });
}

/** `suture cancel`: stop one healing; what it began is undone. */
export async function cancel(healing: string, options: { readonly as?: string; readonly comment?: string }, out: Output): Promise<number> {
  return withHealings(process.env, async (healings) =>
    report(
      await healings.stop(healing, {
        id: `cli-${randomUUID()}`,
        actor: terminalActor(options.as),
        comment: (options.comment ?? 'stopped from the command line').slice(0, 500),
      }),
      healing,
      out,
    ),
  );
}

/** `suture pause` and `suture resume`: the stop switch of a repository. */
export async function pause(repository: string, paused: boolean, options: { readonly as?: string }, out: Output): Promise<number> {
  const match = /^([A-Za-z0-9_][\w.-]*)\/([A-Za-z0-9_][\w.-]*)$/.exec(repository);
  if (match === null) {
    out.bad('the repository must be owner/name');
    return EXIT_CODES.usage.code;
  }
  return withHealings(process.env, async (healings) => {
    const actor = terminalActor(options.as);
    await healings.pauseRepository({ owner: match[1] ?? '', name: match[2] ?? '' }, { paused, actor });
    out.result(`${repository} is ${paused ? 'paused' : 'at work again'}, by ${actor.id}`, { repository, paused, by: actor.id });
    return EXIT_CODES.ok.code;
  });
}
