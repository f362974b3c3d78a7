import { z } from 'zod';
import { CorrelationRule, DEFAULT_CORRELATION } from './correlation.schema.ts';
import { Dependencies, SandboxWishes } from './dependencies.schema.ts';
import { ReportFormat } from './incident.schema.ts';
import { ActionName, WantedAction } from './production-action.schema.ts';
import { Autonomy } from './verdict.schema.ts';

/** At most 30 days. */
const Minutes = z.number().int().positive().max(43_200);

/** One monitor: beyond `threshold` over `minutes` it alerts, beyond `warning` it warns. */
const Watched = (max: number) =>
  z.strictObject({
    threshold: z.number().positive().max(max).describe('Beyond it the monitor alerts.'),
    warning: z.number().positive().max(max).optional().describe('Beyond it the monitor warns.'),
    minutes: z
      .union([z.literal(1), z.literal(5), z.literal(10), z.literal(15), z.literal(30), z.literal(60)])
      .default(5)
      .describe('Window that it looks at.'),
  });

/** Limits by unit; what is absent is the server's. */
const Budget = z.strictObject({
  tokens: z.number().int().nonnegative().optional().describe('Tokens that models read and write.'),
  usd: z.number().nonnegative().optional().describe("Money in US dollars, by the server's prices."),
  minutes: z.number().nonnegative().optional().describe('Minutes that commands run in the sandbox.'),
  attempts: z.number().int().nonnegative().optional().describe('Attempts to heal.'),
  pullRequests: z.number().int().nonnegative().optional().describe('Pull requests that are opened.'),
});

const Command = z.string().min(1).max(2000);

/** `.github/suture.yml` of the served repository, read from its default branch only. Unknown keys are errors. */
export const RepositoryPolicy = z.strictObject({
  version: z.literal(1).describe('Version of this file format.'),
  autonomy: Autonomy.default('propose').describe('How far a healing may go without a person; the server may allow less.'),
  checks: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(100).describe('Name of the check as the forge reports it.'),
        run: Command.describe('Command that reproduces it, run by `sh -c` in the repository root inside the sandbox.'),
        setup: Command.optional().describe('Command run before it; when it fails, the run says nothing about the code.'),
        report: ReportFormat.default('exit-code').describe('Format of its test report.'),
        reportPath: z
          .string()
          .max(300)
          .optional()
          .describe('Where a `junit` or `jest-json` report is written; the latter may be in the output instead.'),
        timeoutSeconds: z.number().int().positive().max(600).default(600).describe('Wall-clock limit of one run.'),
      }),
    )
    .max(10)
    .default([])
    .describe('How the checks of this repository are reproduced.'),
  dependencies: z
    .union([z.literal('auto'), z.array(Dependencies).max(6)])
    .default('auto')
    .describe('What is installed before commands run, in a job that sees manifests alone; `auto`: what the lock files at the root say.'),
  sandbox: SandboxWishes.prefault({}).describe('What is asked of the sandbox; the server may allow less.'),
  rerun: z.boolean().default(true).describe('Whether checks that fail at the forge and not in the sandbox are run again once.'),
  format: z
    .strictObject({
      check: z.string().max(100).describe('Name of the check above that complains about format.'),
      fix: Command.describe("Command that formats, at the repository's own version and configuration."),
    })
    .optional()
    .describe("The repository's own formatter."),
  lint: z
    .strictObject({
      check: z.string().max(100).describe('Name of the check above that complains about lint.'),
      fix: Command.describe("Command that repairs what is safe, at the repository's own version and configuration."),
    })
    .optional()
    .describe("The repository's own linter; absent: what its files tell."),
  generated: z
    .array(
      z.strictObject({
        paths: z.array(z.string().min(1).max(300)).min(1).max(20).describe('Globs of the files that it makes; nothing else may change.'),
        run: Command.describe('Command that makes them.'),
      }),
    )
    .max(20)
    .default([])
    .describe('Generators of files that are kept in the repository.'),
  flaky: z
    .strictObject({
      owner: z.string().min(1).max(200).optional().describe('Who mends flaky tests; absent: who CODEOWNERS names for the test.'),
      quarantineDays: z.number().int().positive().max(90).default(14).describe('Days after which a proposed quarantine ends.'),
      maxQuarantined: z.number().int().min(0).max(20).default(5).describe('Tests that one healing proposes to quarantine at most.'),
    })
    .prefault({})
    .describe('What becomes of flaky tests.'),
  security: z
    .array(
      z.strictObject({
        package: z.string().min(1).max(214).describe('Name of the package, as its manager names it.'),
        atLeast: z
          .string()
          .regex(/^v?\d[A-Za-z0-9.+-]{0,50}$/, 'must be a version')
          .describe('The oldest version that is safe.'),
      }),
    )
    .max(200)
    .default([])
    .describe('Versions below which no healing goes, because what is older is not safe.'),
  pins: z
    .strictObject({
      days: z
        .number()
        .int()
        .positive()
        .max(180)
        .default(30)
        .describe('Days after which a package that a healing holds back is looked at again.'),
    })
    .prefault({})
    .describe('Packages that a healing holds at an earlier version.'),
  recipes: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Whether known repairs of known breakages are tried.'),
      except: z.array(z.string().min(1).max(60)).max(50).default([]).describe('Ids of recipes that are not.'),
    })
    .prefault({})
    .describe('Known repairs: see docs/strategies.md for the list.'),
  config: z
    .array(z.string().min(1).max(300))
    .max(50)
    .default([])
    .describe('Globs of configuration files that may be taken back to their last green content.'),
  services: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(100).describe('Service name as alerts use it.'),
        environment: z.string().min(1).max(100).default('production').describe('Deployment environment.'),
        deploy: z
          .enum(['create', 'watch', 'workflow', 'hook'])
          .default('create')
          .describe(
            'How it is deployed: `create` a deployment at the forge, `watch` the one that a merge starts, run a `workflow`, or a `hook` of the server.',
          ),
        workflow: z
          .string()
          .regex(/^[A-Za-z0-9_.-]+\.ya?ml$/)
          .max(100)
          .optional()
          .describe('File name of the workflow that deploys, for `deploy: workflow`.'),
        inputs: z
          .record(z.string().regex(/^[A-Za-z0-9_-]{1,50}$/), z.string().max(200))
          .default({})
          .describe(
            'Inputs of that workflow; `$SHA` and `$ENVIRONMENT` in a value are replaced. Without `$SHA` in one it cannot roll back.',
          ),
        hook: ActionName.optional().describe("Name in the server's `actions` of the call that deploys, for `deploy: hook`."),
        owner: z.string().max(200).optional().describe('Who owns it: named in every hand-over.'),
        maxErrorRate: z.number().min(0).max(1).default(0.01).describe('Share of failed requests that is still healthy.'),
        monitors: z
          .strictObject({
            errorRate: Watched(1).optional().describe('Share of failed requests, 0 to 1.'),
            latency: Watched(3_600).optional().describe('Latency in seconds.'),
            cpu: Watched(1e12).optional().describe('CPU use, in the unit of the metric.'),
            tags: z
              .array(z.string().regex(/^[A-Za-z][A-Za-z0-9_.:/-]{0,199}$/))
              .max(10)
              .default([])
              .describe('Further tags of the monitors, such as `team:identity`.'),
          })
          .optional()
          .describe('Monitors that `suture setup datadog` keeps; their thresholds are limits after a deployment, too.'),
        trend: z
          .strictObject({
            rise: z.number().min(1).max(100).default(1.2).describe('Times what was usual, beyond which a value is not as usual.'),
            deviations: z
              .number()
              .min(0)
              .max(100)
              .default(3)
              .describe('Robust deviations above what was usual that it takes too, in windows of less than a day.'),
            hours: z
              .number()
              .min(0)
              .max(1)
              .default(0.75)
              .describe('Share of the hours that must be above the same hours before, in windows of a day and more.'),
          })
          .prefault({})
          .describe('When error rate, latency and CPU are beyond their own trend from before the problem was reported.'),
        actions: z
          .array(WantedAction)
          .max(5)
          .default([])
          .describe(
            'Production actions of the server that may be tried while an alert stands and nothing in the repository shows why, in this order.',
          ),
        quietMinutes: z
          .number()
          .int()
          .positive()
          .max(240)
          .optional()
          .describe('Minutes for which its monitors tell nobody while Suture deploys it; absent: they do.'),
        verifyMinutes: z
          .number()
          .positive()
          .max(1440)
          .optional()
          .describe("Minutes for which it must stay healthy after a deployment of ours; absent: the server's, 20 minutes."),
        watchHours: z
          .array(z.number().positive().max(720))
          .max(5)
          .optional()
          .describe("Hours after which it is looked at again, each; absent: the server's, after 24 hours and 7 days; empty: never."),
      }),
    )
    .max(20)
    .default([])
    .describe('Production services that run from this repository.'),
  correlation: z
    .strictObject({
      rules: z
        .array(CorrelationRule)
        .max(10)
        .default([...DEFAULT_CORRELATION])
        .describe('When two problems are one; the first rule that fits says why. Empty: only the same signature.'),
      waitMinutes: z
        .number()
        .min(0)
        .max(120)
        .default(5)
        .describe(
          'Minutes for which an alert that nothing in the repository explains waits for what does, before it is acted on or handed over.',
        ),
    })
    .prefault({})
    .describe('When code failures and alerts are one incident.'),
  pullRequest: z
    .strictObject({
      draft: z.boolean().default(false).describe('Whether repairs are proposed as drafts; a draft is never merged by Suture.'),
      into: z
        .enum(['branch', 'author'])
        .default('branch')
        .describe(
          'Repair of a pull request: `branch` proposes one into its branch, `author` commits to that branch, from autonomy `push` on.',
        ),
      startChecks: z
        .string()
        .regex(/^[A-Za-z0-9_.-]+\.ya?ml$/)
        .max(100)
        .optional()
        .describe('File name of a workflow that is run on the branch of a repair, where nothing starts its checks by itself.'),
    })
    .prefault({})
    .describe('How repairs are proposed.'),
  approval: z
    .strictObject({
      byReview: z.boolean().default(true).describe('Whether an approving review counts as approval.'),
      byRequester: z.boolean().default(true).describe('Whether who asked for a healing may approve it.'),
      remindEvery: Minutes.optional().describe("Minutes between two reminders; absent: the server's."),
      reminders: z.number().int().min(0).max(20).optional().describe("Reminders at most; absent: the server's."),
      expireAfter: Minutes.optional().describe(
        'Minutes after which nobody can decide any more; absent: one pause after the last reminder or escalation.',
      ),
      escalate: z
        .array(
          z.strictObject({
            after: Minutes.describe('Minutes without a decision.'),
            approvers: z.array(z.string().min(1).max(200)).min(1).max(10).describe('Who may decide from then on, too.'),
            tell: z
              .array(
                z.strictObject({
                  notifier: z.string().min(1).max(50).describe('Id of the notifier that tells them.'),
                  to: z
                    .array(z.string().min(1).max(200))
                    .max(10)
                    .default([])
                    .describe('Addresses, channels or groups, in its words; empty: as it is configured.'),
                }),
              )
              .max(5)
              .default([])
              .describe("Who is told; empty: by the server's ladder."),
          }),
        )
        .max(5)
        .default([])
        .describe('Who is asked next while nobody decides.'),
    })
    .prefault({})
    .describe('What counts as approval.'),
  approvers: z
    .array(z.string().min(1).max(200))
    .max(50)
    .default([])
    .describe('Whose approval counts: ids of people, `slack-group:S…`, `github-team:org/slug`, `role:maintainer`; empty: any maintainer.'),
  protectedPaths: z
    .array(z.string().min(1).max(300))
    .max(100)
    .default([])
    .describe('Globs that a healing never changes without a person, besides the built-in ones.'),
  gateAllow: z
    .array(
      z.strictObject({
        code: z.string().max(60).describe('Code of the finding, as the hand-over names it.'),
        path: z.string().min(1).max(300).describe('Glob of the paths where it is accepted.'),
      }),
    )
    .max(50)
    .default([])
    .describe('Kinds of gate finding that are accepted for one path glob each.'),
  maxFiles: z.number().int().positive().max(100).default(20).describe('Files that one healing may change.'),
  maxBytes: z.number().int().positive().max(1_048_576).default(262_144).describe('Bytes that one healing may write.'),
  attempts: z.number().int().positive().max(3).default(3).describe('Healing attempts per signature.'),
  confirmations: z
    .number()
    .int()
    .min(0)
    .max(5)
    .default(3)
    .describe(
      'Rounds, each without and with the change, that a repair takes beyond the first five runs; none where a tool of the repository repaired what it complained of. Each makes it less likely that a failure which comes and goes is taken for repaired.',
    ),
  maxOpenPullRequests: z
    .number()
    .int()
    .positive()
    .max(100)
    .default(10)
    .describe('Open pull requests of Suture at the same time; with more than that a person is asked before another is opened.'),
  budget: z
    .strictObject({
      perIncident: Budget.prefault({}).describe('For one incident.'),
      perDay: Budget.prefault({}).describe('For all incidents of this repository on one day, UTC.'),
    })
    .prefault({})
    .describe('What healings may use before they pause and ask; the server may allow less.'),
  revert: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Whether reverts may be proposed at all.'),
      maxAgeDays: z.number().int().positive().max(365).default(14).describe('Commits older than this are never reverted.'),
      maxPerDay: z.number().int().min(0).max(50).default(5).describe('Reverts that are proposed in one day (UTC) at most.'),
      optOutLabel: z
        .string()
        .max(100)
        .default('no-revert')
        .describe('A commit whose message carries this word in brackets is never reverted.'),
    })
    .prefault({})
    .describe('Limits of the revert strategy.'),
});
export type RepositoryPolicy = z.infer<typeof RepositoryPolicy>;
