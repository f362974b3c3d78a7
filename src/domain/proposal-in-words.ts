import type { Proposal } from './plan.schema.ts';

/** What is proposed beside a change, in one line for people. */
export function proposalInWords(proposal: Proposal): string {
  switch (proposal.kind) {
    case 'quarantine':
      return `Proposed: quarantine ${proposal.test} until ${proposal.until.slice(0, 10)}, for ${proposal.owner} to mend: ${proposal.why}`;
    case 'production-action':
      return `Proposed: the production action ${proposal.name}: ${proposal.why}`;
    case 'expires':
      return `Until ${proposal.until.slice(0, 10)} only: ${proposal.what}: ${proposal.why}`;
  }
}
