import type { Signal } from './signal.schema.ts';
import type { Autonomy } from './verdict.schema.ts';

/** Every wait of a healing, in milliseconds; part of the immutable workflow input so that tests run in milliseconds. */
export interface HealingTimings {
  /** How long to wait for a slot before escalating nothing and ending; slots are granted by the coordinator. */
  readonly slotLeaseMs: number;
  /** One step of the reminder ladder of an approval. */
  readonly approvalReminderMs: number;
  /** Reminders before the approval expires. */
  readonly approvalReminders: number;
  /** Slow poll behind the check events. */
  readonly checkPollMs: number;
  readonly checkTimeoutMs: number;
  readonly deployPollMs: number;
  readonly deployTimeoutMs: number;
  /** One reading of production health. */
  readonly verifyPollMs: number;
  /** Health must hold for this long after the deployment. */
  readonly verifyWindowMs: number;
  readonly verifyTimeoutMs: number;
  /** After a verified deployment production is looked at again so long after it, each; absent: never. */
  readonly watchMs?: readonly number[];
  /** How long a closed problem stays open to absorb repeats. */
  readonly cooldownMs: number;
  /** Pause after the first signal in which its siblings are collected. */
  readonly gatherMs: number;
  /** How long the coordinator remembers a signature. */
  readonly ledgerTtlMs: number;
  /** How long an activity may be silent before its worker counts as lost and another takes over; absent: 30 seconds. */
  readonly workerLostMs?: number;
}

/** Caps of a healing. */
export interface HealingCaps {
  /** Healing attempts per signature, counted across healings (product limit: 3). */
  readonly attempts: number;
  /** Probes, trials and questions within an attempt (bisection). */
  readonly probes: number;
  /** Plans tried within an attempt while none makes the failing command green; absent in inputs that were recorded before there was a choice: 1. */
  readonly candidates?: number;
  /** Healings of one repository at work at the same time. */
  readonly slotsPerRepository: number;
  /** Signals kept in state; later repeats are only counted. */
  readonly signals: number;
  /** Signals after which a healing that watches production goes on in a new run with a short history; absent: when Temporal suggests it. */
  readonly signalsPerRun?: number;
}

/** The server's part of the policy: the repository's own policy file can only be stricter. */
export interface HealingSettings {
  readonly timings: HealingTimings;
  readonly caps: HealingCaps;
  readonly autonomyCeiling: Autonomy;
  /** Stop before anything is written outside the sandbox. */
  readonly dryRun: boolean;
  /** Show steps and numbers where production is watched. */
  readonly telemetry?: boolean;
}

/** The only argument of a healing's start: immutable for the whole run. */
export interface HealingInput {
  readonly repo: { readonly owner: string; readonly name: string };
  readonly subject: string;
  readonly settings: HealingSettings;
  /** What a person asked to heal; absent for signals from outside. */
  readonly request?: {
    /** Command that fails, given by an authenticated person. */
    readonly run: string;
    readonly timeoutSeconds: number;
    /** Branch or commit to heal; default: the default branch. */
    readonly revision?: string;
  };
  /** Link to this healing in the Web UI. */
  readonly webUiUrl?: string;
  /** Signals handed over by continue-as-new: what arrived while the healing before cooled; absent at first start. */
  readonly carried?: readonly Signal[];
  /** The problem came back while production was still watched: what was tried before. */
  readonly reopened?: {
    readonly tried: ReadonlyArray<{
      readonly strategy: string;
      readonly planTitle: string;
      readonly fingerprint: string;
      readonly result: string;
    }>;
  };
}
