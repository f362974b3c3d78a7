import { escapeMarkdown, escapePlain, fenced, inlineCode } from '../lib/escape.ts';
import { oneLine } from '../lib/excerpt.ts';
import { audit } from './audit.ts';
import type { Activities } from './contract.ts';
import type { ActivityDeps } from './deps.ts';
import { readDossier } from './dossier.ts';
import { branchFor, changeMarker } from './keys.ts';

/** Taking back a fix of ours that did harm, by a pull request like every other change. */
export function revertChangeActivities(deps: ActivityDeps): Pick<Activities, 'publishRevert'> {
  const { changes, repositories } = deps.forge;
  return {
    async publishRevert({ key, healingId, repo, dossier, sha, reason }) {
      const { incident } = await readDossier(deps, dossier);
      const marker = changeMarker(healingId, key);
      const branch = branchFor(healingId, key);
      const refused = async (why: string, detail: string) => {
        await audit(deps, { key: `${key}/refused/${why}`, action: 'revert-refused', healingId, repo, facts: { reason: why, sha } });
        return { kind: 'refused', reason: why, detail: oneLine(deps.redact(detail), 500) } as const;
      };
      if ((await changes.findByMarker(repo, marker)) === null) {
        const head = await repositories.resolve(repo, incident.targetBranch);
        if (head === null) return refused('closed', `the branch ${incident.targetBranch} is gone`);
        const [commit] = (await repositories.commits(repo, null, sha, 1)).commits;
        const inverse = await repositories.revertOf(repo, sha, head, (commit?.parents.length ?? 1) > 1 ? 1 : undefined);
        if (inverse === null) return refused('conflict', `commit ${sha.slice(0, 10)} cannot be undone cleanly: later commits build on it`);
        const committed = await changes.commit(repo, {
          branch,
          changeSet: inverse,
          message: `Take back ${sha.slice(0, 10)}, which made production worse\n\n${oneLine(escapePlain(deps.redact(reason)), 300)}\n\nSuture-Healing: ${oneLine(healingId, 300)}\n`,
          key,
        });
        if (committed.kind === 'refused') return refused(committed.reason, committed.detail);
        await deps.records.putOnce(`published/${key}`, committed.sha);
        await deps.records.putOnce(`commit/${repo.owner}/${repo.name}/${committed.sha}`, healingId);
      }
      const opened = await changes.open(repo, {
        marker,
        title: `Take back ${sha.slice(0, 10)}, which made production worse`,
        body: deps.redact(
          [
            `**${escapeMarkdown(incident.title)}**`,
            `The fix that Suture merged as ${inlineCode(sha)} was measured in production: ${escapeMarkdown(reason)}.`,
            'This takes it back, whole. The failure that it was for is open again; nothing more is healed here until a person resumes:',
            fenced(`suture resume ${repo.owner}/${repo.name}`, 'sh'),
          ].join('\n\n'),
        ),
        headBranch: branch,
        baseBranch: incident.targetBranch,
        labels: ['suture', `suture:${incident.signature.slice(0, 8)}`],
        draft: false,
      });
      if (opened.kind === 'refused') return refused(opened.reason, opened.detail);
      const { number, url, headBranch, headSha } = opened.pullRequest;
      await audit(deps, {
        key: `${key}/open`,
        action: 'revert-opened',
        healingId,
        repo,
        facts: { number, branch: headBranch, head: headSha, sha },
      });
      return { kind: 'open', change: { number, url, branch: headBranch, headSha } };
    },
  };
}
