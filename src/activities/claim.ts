import { escapeMarkdown, escapePlain, inlineCode } from '../lib/escape.ts';
import { oneLine } from '../lib/excerpt.ts';
import { audit } from './audit.ts';
import type { Activities, ClaimFacts } from './contract.ts';
import type { ActivityDeps } from './deps.ts';
import { claimMarker, keyHash } from './keys.ts';

const isLink = (url: string): boolean => /^https?:\/\/[^\s<>()"'`]+$/.test(url);

/** Body of the one live comment: what is known and done, signed as a machine. Everything from outside is escaped. */
export function claimBody(facts: ClaimFacts): string {
  const state =
    facts.outcome === undefined
      ? `${facts.state}${facts.attempt > 0 ? `, attempt ${facts.attempt}` : ''}`
      : `${facts.outcome.kind} (${facts.outcome.reason})`;
  const lines = facts.lines.map((line) => `- ${escapeMarkdown(line)}`);
  const link = facts.webUiUrl !== undefined && isLink(facts.webUiUrl) ? [`History: <${facts.webUiUrl}>`] : [];
  return [
    `**Suture: ${escapeMarkdown(facts.title)}**`,
    `State: ${escapeMarkdown(state)}`,
    ...(lines.length === 0 ? [] : [lines.join('\n')]),
    ...link,
    facts.outcome === undefined
      ? `This comment is edited as it goes on. To stop it: ${inlineCode(`suture cancel ${facts.healingId}`)}.`
      : 'This healing has ended.',
  ].join('\n\n');
}

/** The live comment of a healing: created once, then edited. */
export function claimActivities(deps: ActivityDeps): Pick<Activities, 'updateClaim'> {
  return {
    async updateClaim({ facts }) {
      const body = deps.redact(claimBody(facts));
      await deps.forge.claims.upsert(facts.repo, {
        subject: facts.subject,
        marker: claimMarker(facts.healingId),
        title: oneLine(escapePlain(deps.redact(facts.title)), 200),
        body,
        finished: facts.outcome !== undefined,
        ...(facts.webUiUrl === undefined || !isLink(facts.webUiUrl) ? {} : { url: facts.webUiUrl }),
      });
      await audit(deps, {
        key: `claim/${facts.healingId}/${keyHash(body, 32)}`,
        action: 'claim-updated',
        healingId: facts.healingId,
        repo: facts.repo,
        facts: { state: facts.state, attempt: facts.attempt, outcome: facts.outcome?.kind ?? null },
      });
    },
  };
}
