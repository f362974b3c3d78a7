import { z } from 'zod';
import { Diagnosis } from '../../domain/diagnosis.schema.ts';
import { Incident } from '../../domain/incident.schema.ts';
import { LogDigest } from '../../domain/log-digest.schema.ts';
import { ModelAnswer } from '../../domain/model-exchange.schema.ts';
import { CommitSha, RepoPath } from '../../domain/names.schema.ts';
import { ProbeResult, TrialResult } from '../../domain/plan.schema.ts';
import { RepositoryPolicy } from '../../domain/repository-policy.schema.ts';
import { Reproduction } from '../../domain/reproduction.schema.ts';

/** Largest text of a file that a reasoner is shown, in characters. */
const MAX_TEXT = 300_000;

/** All that a diagnosis is made from, as it travels; the same as `DiagnosisEvidence`. */
export const DiagnosisInput = z.strictObject({
  incident: Incident.describe('The problem, after its evidence was read.'),
  policy: RepositoryPolicy.describe('The rules of its repository.'),
  digest: LogDigest.nullable().describe("What the failing command's log comes to; null where nobody has seen one."),
  reproduction: Reproduction.nullable().describe('What running the failing command came to; null where it was not run.'),
  baseRed: z
    .boolean()
    .nullable()
    .describe('Whether the same check is red on the branch that the base comes from; null where nobody can tell.'),
});

const FileRead = z.object({
  sha: CommitSha,
  path: RepoPath,
  text: z.string().max(MAX_TEXT).nullable(),
  mode: z.string().max(10).exactOptional(),
  why: z.string().max(500).exactOptional(),
});

/** All that a strategy may know, as it travels; the same as `StrategyContext`. */
export const ContextInput = z.strictObject({
  incident: Incident,
  diagnosis: Diagnosis,
  policy: RepositoryPolicy,
  digest: LogDigest.nullable(),
  reproduction: Reproduction.nullable(),
  probes: z.array(ProbeResult).max(500).describe('Answers to probes asked for within this attempt, oldest first.'),
  trials: z.array(TrialResult).max(500).describe('Answers to trials asked for within this attempt, oldest first.'),
  answers: z.array(ModelAnswer).max(50).describe('Answers of a model within this attempt, oldest first.'),
  files: z.array(FileRead).max(1_000).describe('Files that were asked for, within this turn.'),
  tried: z
    .array(
      z.object({
        strategy: z.string().max(50),
        planTitle: z.string().max(300),
        result: z.string().max(1_000),
        fingerprint: z.string().max(64),
      }),
    )
    .max(100)
    .describe('Earlier plans on this signature and how they ended.'),
  paths: z
    .record(z.string().max(500), z.object({ atGreen: z.boolean(), atHead: z.boolean() }))
    .describe('Presence of paths changed since green.'),
  model: z.boolean().describe('Whether a model may be asked.'),
  actions: z
    .array(
      z.object({
        name: z.string().max(100),
        title: z.string().max(200),
        choices: z.record(z.string().max(50), z.array(z.string().max(200)).max(100)),
      }),
    )
    .max(100)
    .describe('Production actions that may be named.'),
  defaultHead: CommitSha.nullable().describe('Head of the default branch; null where nobody can tell.'),
  reverts: z
    .strictObject({ today: z.number().int().nonnegative(), before: z.array(CommitSha).max(500) })
    .exactOptional()
    .describe('Reverts that were proposed in this repository.'),
  now: z.string().max(40).describe('Now, ISO 8601 UTC; strategies have no clock.'),
});
