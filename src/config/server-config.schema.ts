import { z } from 'zod';
import { Autonomy } from '../domain/verdict.schema.ts';

const ms = z
  .number()
  .int()
  .nonnegative()
  .max(30 * 24 * 3_600_000);

/** Waits of a healing, in milliseconds. */
export const TimingsConfig = z.strictObject({
  slotLeaseMs: ms.default(3_600_000),
  approvalReminderMs: ms.default(4 * 3_600_000),
  approvalReminders: z.number().int().min(0).max(20).default(5),
  checkPollMs: ms.default(30_000),
  checkTimeoutMs: ms.default(2 * 3_600_000),
  deployPollMs: ms.default(15_000),
  deployTimeoutMs: ms.default(1_800_000),
  verifyPollMs: ms.default(30_000),
  verifyWindowMs: ms.default(1_200_000),
  verifyTimeoutMs: ms.default(3_600_000),
  cooldownMs: ms.default(900_000),
  gatherMs: ms.default(2_000),
  ledgerTtlMs: ms.default(7 * 24 * 3_600_000),
});

/** Configuration of one server: `config.yml` in the state folder, then `SUTURE_*` environment variables over it. */
export const ServerConfig = z.strictObject({
  temporal: z
    .strictObject({
      /** `host:port` of a Temporal frontend; absent: the dev server that `suture start` runs. */
      address: z.string().max(200).optional(),
      namespace: z.string().max(100).default('default'),
      taskQueue: z.string().max(100).default('suture'),
      /** Port of the dev server; 0 picks a free one. */
      port: z.number().int().min(0).max(65_535).default(7233),
      uiPort: z.number().int().min(0).max(65_535).default(8233),
      /** Path of a `temporal` executable to use instead of looking for one. */
      executable: z.string().max(500).optional(),
    })
    .prefault({}),
  ingress: z
    .strictObject({
      host: z.string().max(100).default('127.0.0.1'),
      port: z.number().int().min(0).max(65_535).default(8080),
      /** Deliveries per second and source that are let through; bursts of five times as many. */
      deliveriesPerSecond: z.number().int().positive().max(100_000).default(500),
    })
    .prefault({}),
  autonomyCeiling: Autonomy.default('propose'),
  timings: TimingsConfig.prefault({}),
  caps: z
    .strictObject({
      attempts: z.number().int().positive().max(3).default(3),
      probes: z.number().int().positive().max(40).default(20),
      slotsPerRepository: z.number().int().positive().max(100).default(3),
      signals: z.number().int().positive().max(500).default(100),
    })
    .prefault({}),
  patrolEveryMs: ms.default(300_000),
  sandbox: z
    .strictObject({
      backend: z.literal('local').default('local'),
      memoryBytes: z
        .number()
        .int()
        .positive()
        .default(2 * 1024 ** 3),
      processes: z.number().int().positive().default(512),
      workspaceBytes: z
        .number()
        .int()
        .positive()
        .default(512 * 1024 ** 2),
      concurrency: z.number().int().positive().max(64).default(2),
      /** Further host folders that hold toolchains, mounted read-only at /opt/toolchains/<name>, their bin on PATH. */
      toolchains: z.array(z.string().max(500)).max(20).default([]),
    })
    .prefault({}),
  /** Which forge serves repositories. */
  forge: z.string().max(50).default('local'),
  /** Configuration of each integration by its id; checked by the integration's own schema. */
  integrations: z.record(z.string().max(50), z.unknown()).default({}),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});
export type ServerConfig = z.infer<typeof ServerConfig>;
