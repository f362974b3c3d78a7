import type { HealingRecord } from './healing-record.ts';

/** Whether what fails is the set-up: then its failure is what probes look for. */
export function setupOf({ red }: Pick<HealingRecord, 'red'>): { readonly setup?: true } {
  return red?.run.setupFailed === true ? { setup: true } : {};
}
