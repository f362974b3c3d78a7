import { z } from 'zod';
import { NOTICE_KINDS } from '../domain/notify-ladder.ts';
import { OUTCOMES } from '../domain/outcome.ts';
import { ActionName, ProductionAction } from '../domain/production-action.schema.ts';
import { Autonomy } from '../domain/verdict.schema.ts';
import { AgentsConfig } from './agents-config.schema.ts';
import { SandboxConfig } from './sandbox-config.schema.ts';

const ms = z
  .number()
  .int()
  .nonnegative()
  .max(30 * 24 * 3_600_000);
const port = z.number().int().min(0).max(65_535);

/** Waits of a healing, in milliseconds. */
const TimingsConfig = z.strictObject({
  slotLeaseMs: ms.default(3_600_000).describe('How long a healing may hold a slot without a sign of life.'),
  approvalReminderMs: ms.default(4 * 3_600_000).describe('Pause between two reminders of an approval.'),
  approvalReminders: z.number().int().min(0).max(20).default(5).describe('Reminders before an approval expires.'),
  checkPollMs: ms.default(30_000).describe('Slow poll behind the events of checks.'),
  checkTimeoutMs: ms.default(2 * 3_600_000).describe('How long the checks of a repair may take.'),
  deployPollMs: ms.default(15_000).describe('Slow poll behind the events of deployments.'),
  deployTimeoutMs: ms.default(1_800_000).describe('How long a deployment may take.'),
  verifyPollMs: ms.default(30_000).describe('Pause between two readings of production health.'),
  verifyWindowMs: ms.default(1_200_000).describe('How long health must hold after a deployment.'),
  watchMs: z
    .array(ms)
    .max(5)
    .default([24 * 3_600_000, 7 * 24 * 3_600_000])
    .describe('When production is looked at again after a verified deployment; the healing stays open until the last.'),
  verifyTimeoutMs: ms.default(3_600_000).describe('How long health may take to come back.'),
  cooldownMs: ms.default(900_000).describe('How long a closed problem stays open to absorb repeats.'),
  gatherMs: ms.default(2_000).describe('Pause after the first signal in which its siblings are collected.'),
  ledgerTtlMs: ms.default(7 * 24 * 3_600_000).describe('How long a signature and its attempts are remembered.'),
  workerLostMs: ms
    .min(500)
    .default(30_000)
    .describe('How long an activity may be silent before its worker counts as lost and another takes over.'),
});

/** Limits of one scope, each with its default. */
const BudgetOf = (tokens: number, usd: number, minutes: number, attempts: number, pullRequests: number) =>
  z
    .strictObject({
      tokens: z.number().int().nonnegative().default(tokens).describe('Tokens that models read and write.'),
      usd: z.number().nonnegative().default(usd).describe('Money in US dollars, by the configured prices.'),
      minutes: z.number().nonnegative().default(minutes).describe('Minutes that commands run in the sandbox.'),
      attempts: z.number().int().nonnegative().default(attempts).describe('Attempts to heal.'),
      pullRequests: z.number().int().nonnegative().default(pullRequests).describe('Pull requests that are opened.'),
    })
    .prefault({});

/** Configuration of one server: `config.yml` in the state folder, then `SUTURE_*` environment variables over it. Unknown keys are errors. */
export const ServerConfig = z.strictObject({
  temporal: z
    .strictObject({
      address: z
        .string()
        .max(200)
        .optional()
        .describe('`host:port` of a Temporal frontend; absent: the dev server that `suture start` runs.'),
      namespace: z.string().max(100).default('default').describe('Temporal namespace.'),
      taskQueue: z.string().max(100).default('suture').describe('Temporal task queue of worker and ingress.'),
      port: port.default(7233).describe('Port of the dev server; 0 picks a free one.'),
      uiPort: port.default(8233).describe("Port of the dev server's Web UI; 0 picks a free one."),
      cachedWorkflows: z
        .number()
        .int()
        .min(0)
        .max(10_000)
        .default(200)
        .describe('Workflows that a worker keeps in memory; others are read back from Temporal when something happens to them.'),
      executable: z.string().max(500).optional().describe('Path of a `temporal` executable to use instead of looking for one.'),
    })
    .prefault({})
    .describe('Where Temporal is.'),
  ingress: z
    .strictObject({
      host: z.string().max(100).default('127.0.0.1').describe('Address that the ingress listens on; it speaks plain HTTP.'),
      port: port.default(8080).describe('Port of the ingress; 0 picks a free one.'),
      deliveriesPerSecond: z
        .number()
        .int()
        .positive()
        .max(100_000)
        .default(500)
        .describe('Deliveries per second and source that are let through; bursts of five times as many.'),
      people: z
        .array(
          z.strictObject({
            id: z
              .string()
              .regex(/^[A-Za-z0-9][A-Za-z0-9:._-]{0,199}$/)
              .describe('Who decides under this token, as a policy would name them.'),
            trust: z
              .enum(['maintainer', 'collaborator', 'outsider'])
              .default('maintainer')
              .describe('How far they are trusted; what outsiders report is analysed only, and they decide nothing.'),
            groups: z.array(z.string().min(1).max(200)).max(50).default([]).describe('Groups that they are in, as a policy names them.'),
            tokenSha256: z
              .string()
              .regex(/^[0-9a-f]{64}$/)
              .describe('SHA-256 of their bearer token, hexadecimal; the token itself is not kept.'),
            agent: z.boolean().default(false).describe('A program speaks under this token: it is let in to agents, and to no decision.'),
            until: z.iso.datetime().optional().describe('When the token ends to be good, ISO 8601 UTC; absent: it does not.'),
          }),
        )
        .max(200)
        .default([])
        .describe('People, and agents of theirs, who may come over HTTP, besides the holder of the secret `decision-token`.'),
    })
    .prefault({})
    .describe('The front door.'),
  autonomyCeiling: Autonomy.default('propose').describe('The most that any healing may do by itself; a repository can only be stricter.'),
  timings: TimingsConfig.prefault({}).describe('Waits of a healing, in milliseconds.'),
  caps: z
    .strictObject({
      attempts: z.number().int().positive().max(3).default(3).describe('Healing attempts per signature, counted across healings.'),
      candidates: z
        .number()
        .int()
        .positive()
        .max(5)
        .default(3)
        .describe('Plans tried within one attempt, as long as none makes the failing command green.'),
      probes: z.number().int().positive().max(300).default(120).describe('Probes, trials and questions to a model within an attempt.'),
      slotsPerRepository: z.number().int().positive().max(100).default(3).describe('Healings of one repository at work at the same time.'),
      signals: z.number().int().positive().max(500).default(100).describe('Signals that a healing keeps; later repeats are only counted.'),
      signalsPerRun: z
        .number()
        .int()
        .positive()
        .max(5_000)
        .default(1_000)
        .describe('Signals after which a healing that watches production goes on in a new run, with a short history.'),
    })
    .prefault({})
    .describe('Caps of a healing.'),
  budget: z
    .strictObject({
      perIncident: BudgetOf(200_000, 2, 60, 3, 3).describe('For one incident.'),
      perRepositoryDay: BudgetOf(1_000_000, 10, 1_440, 100, 20).describe('For one repository on one day, UTC.'),
      perOrganisationDay: BudgetOf(5_000_000, 50, 7_200, 500, 100).describe('For all repositories of one owner on one day.'),
      perDay: BudgetOf(10_000_000, 100, 28_800, 3_000, 500).describe('For everything on one day.'),
    })
    .prefault({})
    .describe('What healings may use before they pause and ask a person; a repository can only be stricter.'),
  model: z.string().max(50).optional().describe('Which integration answers as a language model; absent: no model is asked.'),
  notify: z
    .array(
      z.strictObject({
        kinds: z.array(z.enum(NOTICE_KINDS)).min(1).describe('What is heard.'),
        notifier: z.string().min(1).max(50).describe('Id of the integration that tells.'),
        to: z
          .array(z.string().min(1).max(200))
          .max(20)
          .default([])
          .describe('Addresses, channels or groups, in its words; empty: as it is configured.'),
        fromReminder: z.number().int().positive().max(20).optional().describe('Of reminders, only this one and later ones.'),
        outcomes: z.array(z.enum(OUTCOMES)).min(1).optional().describe('Of outcomes, only these.'),
      }),
    )
    .max(100)
    .default([])
    .describe('Who hears what; empty: every configured notifier hears everything.'),
  actions: z
    .record(ActionName, ProductionAction)
    .default({})
    .describe('What may be done to production other than changing code, by name; a policy chooses among them for its services.'),
  telemetry: z
    .boolean()
    .default(false)
    .describe('Whether steps of healings and numbers of Suture are shown where production is watched, such as Datadog.'),
  patrolEveryMs: ms.default(300_000).describe('Pause between two patrols of the served repositories.'),
  retentionDays: z
    .number()
    .int()
    .min(45)
    .max(3_650)
    .default(90)
    .describe('Days that logs, plans, records, hand-overs and notifications are kept; the audit trail is kept for ever.'),
  agents: AgentsConfig.prefault({}).describe('Agents over MCP.'),
  sandbox: SandboxConfig.prefault({}).describe('Where untrusted commands run, and within which limits.'),
  forge: z.string().max(50).default('local').describe('Which integration serves repositories.'),
  integrations: z
    .record(z.string().max(50), z.unknown())
    .default({})
    .describe("Configuration of each integration by its id; checked by the integration's own schema."),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('Least important log line that is written.'),
});
export type ServerConfig = z.infer<typeof ServerConfig>;
