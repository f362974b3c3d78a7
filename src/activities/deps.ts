import type { Reasoner } from '../agents/contract.ts';
import type { BudgetLimits } from '../domain/budget.ts';
import type { NotifyRule } from '../domain/notify-ladder.ts';
import type { ProductionAction } from '../domain/production-action.schema.ts';
import type { RepositoryPolicy } from '../domain/repository-policy.schema.ts';
import type { HealingSettings } from '../domain/settings.ts';
import type { CommandDesk, Forge, HealthSource, Model, Notifier, Telemetry } from '../integrations/contract.ts';
import type { Sandbox, SandboxLimits } from '../sandbox/contract.ts';
import type { ArtifactStore, AuditTrail, BudgetLedger, RecordStore, Retention } from '../store/contract.ts';
import type { Healings } from '../temporal/contract.ts';
import type { RunCall } from './run-call.ts';

/** Structured log to stderr; `error` means a bug of ours. */
export interface ActivityLog {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/** What activities are made from; every part can be replaced in a test by passing another. */
export interface ActivityDeps {
  /** Folder that holds all state, named when its disk is full; absent where nothing outlives the process. */
  readonly stateDir?: string;
  readonly forge: Forge;
  readonly sandbox: Sandbox;
  readonly limits: SandboxLimits;
  readonly reasoner: Reasoner;
  /** Absent where no model is configured: then everything that only a model could heal is escalated. */
  readonly model: Model | null;
  readonly budget: BudgetLedger;
  /** What may be used; a policy can only be stricter. */
  readonly budgetLimits: BudgetLimits;
  /** Absent where no production is measured. */
  readonly health: HealthSource | null;
  /** By the id of their integration. */
  readonly notifiers: ReadonlyMap<string, Notifier>;
  /** Who hears what, in order; absent or empty: every notifier hears everything. */
  readonly notifyRules?: readonly NotifyRule[];
  /** How long one notifier may take, in milliseconds; absent: 20 s. */
  readonly notifierMs?: number;
  readonly telemetry: readonly Telemetry[];
  /** People who command from elsewhere than the forge, by the id of the signal's source. */
  readonly desks: ReadonlyMap<string, CommandDesk>;
  /** What may be done to production, and who does it. */
  readonly actions: { readonly defined: Readonly<Record<string, ProductionAction>>; readonly run: RunCall };
  readonly artifacts: ArtifactStore;
  readonly records: RecordStore;
  /** Absent where the state folder does not outlive its process. */
  readonly retention?: Retention;
  readonly audit: AuditTrail;
  readonly healings: Healings;
  /** Parses `.github/suture.yml`; throws `Failure` code `policy-invalid` naming key and line. */
  readonly parsePolicy: (text: string) => RepositoryPolicy;
  /** Removes secrets that we hold, and token-like strings, from text that leaves towards people, models or artifacts. */
  readonly redact: (text: string) => string;
  /** Settings for healings that the patrol starts. */
  readonly settings: HealingSettings;
  readonly now: () => Date;
  readonly log: ActivityLog;
}

/** What running commands and judging what they came to needs. */
export type ProvingDeps = Pick<
  ActivityDeps,
  'forge' | 'sandbox' | 'limits' | 'artifacts' | 'records' | 'audit' | 'parsePolicy' | 'redact' | 'settings'
>;
