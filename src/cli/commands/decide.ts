import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
import type { HealingView } from '../../domain/healing-view.ts';
import type { DecisionResult } from '../../temporal/contract.ts';
import { withHealings } from '../connect.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { noteRefusal } from '../note-refusal.ts';
import { type Output, plain } from '../output.ts';
import { diffLines, questionLines, readDiff, repairLines } from '../show-change.ts';

/** Who acts at this terminal: whoever can reach the state folder and Temporal is a maintainer of this Suture, by the name of the account or SUDO_USER. */
export function terminalActor(as: string | undefined): { readonly id: string; readonly trust: 'maintainer' } {
  return { id: as ?? process.env['SUDO_USER'] ?? userInfo().username, trust: 'maintainer' };
}

function report(result: DecisionResult, healing: string, done: string, out: Output): number {
  switch (result.kind) {
    case 'applied':
      out.result(done, result);
      return EXIT_CODES.ok.code;
    case 'stored':
      out.result('stored: no worker answered in time, it is applied as soon as one does', result);
      return EXIT_CODES.ok.code;
    case 'refused':
      out.result(`refused (${result.reason}): ${plain(result.detail)}`, result);
      return EXIT_CODES.refused.code;
    case 'not-found':
      out.result(`no healing ${healing} is under way`, result);
      return EXIT_CODES.notFound.code;
  }
}

/** Which change set a command is about: the one that is shown, or the one that was named. Null when there is none, which is said. */
function changeSetOf(view: HealingView | null, healing: string, hash: string | undefined, out: Output): string | null {
  const shown = view?.approval?.changeSetHash;
  if (hash !== undefined) return shown?.startsWith(hash) === true && hash.length >= 8 ? shown : hash;
  if (shown !== undefined) return shown;
  out.result(view === null ? `no healing ${healing} is under way` : `${healing} waits for nobody: it is ${view.state}`, {
    kind: 'not-found',
  });
  return null;
}

/** Shows what is decided on, before it is. */
async function show(view: HealingView, stateDir: string, out: Output): Promise<void> {
  for (const line of [...repairLines(view), ...questionLines(view)]) out.detail(line);
  const ref = view.approval?.diff;
  if (ref === undefined) return;
  const diff = await readDiff(stateDir, ref);
  const lines = diff === null ? [`the diff is artifact ${ref.sha256} of the machine that serves`] : diffLines(diff, view.healingId);
  for (const line of lines) out.detail(line);
}

async function confirmed(question: string): Promise<boolean> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await prompt.question(`         ${question} (y/n) `)).trim());
  } finally {
    prompt.close();
  }
}

/** How a decision is given at this terminal. */
export interface DecideOptions {
  readonly hash?: string;
  readonly as?: string;
  readonly comment?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** `suture approve` and `suture reject`: shows the change and its proof, then decides on that very change set, or on the one named by its hash. A terminal is asked first. */
export async function decide(healing: string, verdict: 'approve' | 'reject', options: DecideOptions, out: Output): Promise<number> {
  return withHealings(process.env, async (healings, stateDir) => {
    const view = await healings.view(healing);
    const changeSetHash = changeSetOf(view, healing, options.hash, out);
    if (changeSetHash === null) return EXIT_CODES.notFound.code;
    if (view?.approval?.changeSetHash === changeSetHash && options.json !== true) await show(view, stateDir, out);
    const asks = process.stdin.isTTY === true && options.yes !== true && options.json !== true && options.hash === undefined;
    if (asks && !(await confirmed(`${verdict} change set ${changeSetHash.slice(0, 12)}?`))) {
      out.result('nothing was decided', { kind: 'nothing' });
      return EXIT_CODES.ok.code;
    }
    const decision = {
      id: `cli-${randomUUID()}`,
      verdict,
      changeSetHash,
      actor: terminalActor(options.as),
      via: 'cli' as const,
      ...(options.comment === undefined ? {} : { comment: options.comment.slice(0, 500) }),
    };
    const result = await healings.decide(healing, decision);
    await noted(stateDir, healing, decision, result, { verdict });
    const what = `change set ${changeSetHash.slice(0, 12)} of ${healing}, by ${decision.actor.id}`;
    return report(
      result,
      healing,
      verdict === 'approve' ? `approved ${what}; the healing goes on` : `rejected ${what}; the healing ends`,
      out,
    );
  });
}

async function noted(
  stateDir: string,
  healingId: string,
  { id, actor, changeSetHash }: { readonly id: string; readonly actor: { readonly id: string }; readonly changeSetHash: string },
  result: DecisionResult,
  facts: Readonly<Record<string, string>>,
): Promise<void> {
  if (result.kind !== 'refused') return;
  await noteRefusal(stateDir, {
    id,
    healingId,
    actor: actor.id,
    facts: { ...facts, type: result.reason, hash: changeSetHash.slice(0, 64) },
  });
}

/** `suture delegate`: an approver hands the decision to somebody else, who must have rights in the repository. */
export async function delegate(
  healing: string,
  to: string,
  options: { readonly hash?: string; readonly as?: string },
  out: Output,
): Promise<number> {
  return withHealings(process.env, async (healings, stateDir) => {
    const changeSetHash = changeSetOf(await healings.view(healing), healing, options.hash, out);
    if (changeSetHash === null) return EXIT_CODES.notFound.code;
    const request = {
      id: `cli-${randomUUID()}`,
      changeSetHash,
      actor: terminalActor(options.as),
      to: to.replace(/^@/, ''),
      via: 'cli' as const,
    };
    const result = await healings.delegate(healing, request);
    await noted(stateDir, healing, request, result, { verdict: 'delegate', to: request.to.slice(0, 200) });
    return report(
      result,
      healing,
      `${plain(request.to)} may decide on change set ${changeSetHash.slice(0, 12)} of ${healing} now, too`,
      out,
    );
  });
}

/** `suture split`: what was joined from another healing goes its own way again. */
export async function split(healing: string, joined: string, options: { readonly as?: string }, out: Output): Promise<number> {
  return withHealings(process.env, async (healings) =>
    report(
      await healings.split(healing, { id: `cli-${randomUUID()}`, actor: terminalActor(options.as), joined }),
      healing,
      `${plain(joined)} goes its own way; it is not joined to ${healing} again`,
      out,
    ),
  );
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
      `stopped ${healing}; what it began is taken back`,
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
