import type { ChangeSet } from '../domain/change-set.schema.ts';
import { Failure } from '../domain/failure.ts';
import type { Incident } from '../domain/incident.schema.ts';
import { reaches } from '../domain/policy/effective-policy.ts';
import type { RepositoryPolicy } from '../domain/repository-policy.schema.ts';
import type { Refused } from '../integrations/contract.ts';
import { escapePlain } from '../lib/escape.ts';
import { oneLine } from '../lib/excerpt.ts';
import { audit } from './audit.ts';
import { changeBody, changeTitle, commitMessage } from './change-body.ts';
import type { Activities, PublishedChange } from './contract.ts';
import type { ActivityDeps } from './deps.ts';
import { readDossier } from './dossier.ts';
import { branchFor, changeMarker } from './keys.ts';
import { noteReverts } from './own-reverts.ts';
import { getChangeSet } from './stored.ts';

/** Why a change that reached the publisher must not be written. The judges said so before; the hand that writes looks once more. */
function forbidden(proof: { readonly verdict: string }, trust: string, changeSetBase: string, headSha: string): string | null {
  if (proof.verdict !== 'proven') {
    return `its proof says ${proof.verdict}`;
  }
  if (trust === 'outsider') {
    return 'it was reported by somebody without rights here';
  }
  return changeSetBase === headSha ? null : 'it was made for another revision';
}

/** Commits to the branch of the pull request that is healed, where policy and forge allow that; null where a pull request of our own is the way. */
async function commitForAuthor(
  { forge }: ActivityDeps,
  input: {
    readonly incident: Incident;
    readonly policy: RepositoryPolicy;
    readonly changeSet: ChangeSet;
    readonly message: string;
    readonly key: string;
  },
): Promise<{ readonly kind: 'open'; readonly change: PublishedChange } | Refused | null> {
  const { incident, policy, changeSet, message, key } = input;
  const number = /^pr\/([1-9]\d{0,9})$/.exec(incident.subject)?.[1];
  if (number === undefined || policy.pullRequest.into !== 'author' || !reaches(policy.autonomy, 'push')) return null;
  const pull = await forge.changes.get(incident.repo, Number(number));
  // What was there a moment ago and is not found now is nothing to propose a repair into.
  if (pull === null) return { kind: 'refused', reason: 'closed', detail: `pull request ${number} is not there (any more)` };
  if (pull.state !== 'open' || pull.fromFork || pull.headBranch !== incident.targetBranch) return null;
  const pushed = await forge.changes.commit(incident.repo, { branch: pull.headBranch, changeSet, message, key });
  // A protected branch gets a pull request into it, like every other.
  if (pushed.kind === 'refused') return pushed.reason === 'protected' ? null : pushed;
  return { kind: 'open', change: { number: pull.number, url: pull.url, branch: pull.headBranch, headSha: pushed.sha, ofAuthor: true } };
}

/** Writing a proven change, taking it back, and reading what became of it. */
export function pullRequestActivities(deps: ActivityDeps): Pick<Activities, 'publish' | 'withdraw' | 'readPullRequest'> {
  const { changes } = deps.forge;
  return {
    async publish({ key, healingId, dossier: ref, diagnosis, plan, changeSet: changeSetRef, proof, red, green, webUiUrl }) {
      const { incident, policy } = await readDossier(deps, ref);
      const changeSet = await getChangeSet(deps, changeSetRef);
      const why = forbidden(proof, incident.trust, changeSet.base, incident.headSha);
      if (why !== null) {
        throw new Failure('plan-invalid', `this change is not published: ${why}`);
      }
      const marker = changeMarker(healingId, key);
      const branch = branchFor(healingId, key);
      const refused = async (step: string, answer: { readonly reason: string; readonly detail: string }) => {
        await audit(deps, {
          key: `${key}/refused/${step}/${answer.reason}`,
          action: 'publish-refused',
          healingId,
          facts: { step, reason: answer.reason },
        });
        return { kind: 'refused', reason: answer.reason, detail: oneLine(deps.redact(answer.detail), 500) } as const;
      };
      const message = deps.redact(commitMessage({ incident, diagnosis, plan, healingId }));
      const pushed = await commitForAuthor(deps, { incident, policy, changeSet, message, key });
      if (pushed !== null) {
        if (pushed.kind === 'refused') return refused('commit', pushed);
        await deps.records.putOnce(`commit/${incident.repo.owner}/${incident.repo.name}/${pushed.change.headSha}`, healingId);
        await noteReverts(deps, { repo: incident.repo, plan, healingId, key });
        await audit(deps, {
          key: `${key}/commit`,
          action: 'commit-written',
          healingId,
          facts: { branch: pushed.change.branch, sha: pushed.change.headSha, changeSet: changeSetRef.hash },
        });
        return pushed;
      }
      const found = await changes.findByMarker(incident.repo, marker);
      if (found === null) {
        const committed = await changes.commit(incident.repo, {
          branch,
          changeSet,
          message,
          key,
        });
        if (committed.kind === 'refused') {
          return refused('commit', committed);
        }
        await deps.records.putOnce(`published/${key}`, committed.sha);
        await noteReverts(deps, { repo: incident.repo, plan, healingId, key });
        await deps.records.putOnce(`commit/${incident.repo.owner}/${incident.repo.name}/${committed.sha}`, healingId);
        await audit(deps, {
          key: `${key}/commit`,
          action: 'commit-written',
          healingId,
          facts: { branch, sha: committed.sha, changeSet: changeSetRef.hash },
        });
      }
      const body = changeBody({
        healingId,
        incident,
        diagnosis,
        plan,
        changeSet: changeSetRef,
        proof,
        red,
        green,
        branch,
        ...(webUiUrl === undefined ? {} : { webUiUrl }),
        checkpoint: await deps.audit.checkpoint(),
      });
      const opened = await changes.open(incident.repo, {
        marker,
        title: deps.redact(changeTitle(plan)),
        body: deps.redact(body),
        headBranch: branch,
        baseBranch: incident.targetBranch,
        labels: ['suture', `suture:${incident.signature.slice(0, 8)}`],
        draft: policy.pullRequest.draft,
      });
      if (opened.kind === 'refused') {
        return refused('open', opened);
      }
      const { number, url, headBranch, headSha } = opened.pullRequest;
      const { startChecks } = policy.pullRequest;
      if (startChecks !== undefined)
        await deps.forge.checks.start?.(incident.repo, { workflow: startChecks, branch: headBranch, sha: headSha });
      await audit(deps, {
        key: `${key}/open`,
        action: 'pull-request-opened',
        healingId,
        facts: { number, branch: headBranch, head: headSha, base: incident.targetBranch },
      });
      return { kind: 'open', change: { number, url, branch: headBranch, headSha } };
    },
    async withdraw({ key, healingId, repo, change, comment }) {
      if (change.branch !== undefined && !change.branch.startsWith('suture/')) {
        // The author's own branch: what was committed there is theirs to keep or to take back.
        await audit(deps, { key: `${key}/left`, action: 'change-left-to-person', healingId, repo, facts: { branch: change.branch } });
        return;
      }
      const found =
        change.number === undefined
          ? await changes.findByMarker(repo, changeMarker(healingId, key))
          : await changes.get(repo, change.number);
      const branch = change.branch ?? found?.headBranch ?? branchFor(healingId, key);
      const ours = await deps.records.get(`published/${key}`);
      const head = await deps.forge.repositories.resolve(repo, branch);
      if (ours !== null && head !== null && head !== ours) {
        // A person pushed to it, so it is theirs now.
        await audit(deps, {
          key: `${key}/left`,
          action: 'change-left-to-person',
          healingId,
          repo,
          facts: { number: found?.number ?? null, branch, head },
        });
        return;
      }
      if (found?.state === 'open') {
        await changes.close(repo, found.number, oneLine(escapePlain(deps.redact(comment)), 1_000));
      }
      await changes.deleteBranch(repo, branch);
      await audit(deps, {
        key: `${key}/withdrawn`,
        action: 'change-withdrawn',
        healingId,
        repo,
        facts: { number: found?.number ?? null, branch },
      });
    },
    async readPullRequest({ repo, number }) {
      const facts = await changes.get(repo, number);
      if (facts === null) {
        return { state: 'closed', headSha: '', closedBy: 'unknown' };
      }
      const { state, headSha, mergeSha, closedBy } = facts;
      return {
        state,
        headSha,
        ...(mergeSha === undefined ? {} : { mergeSha }),
        ...(closedBy === undefined ? {} : { closedBy: oneLine(closedBy, 200) }),
      };
    },
  };
}
