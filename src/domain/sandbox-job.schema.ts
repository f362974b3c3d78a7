import { z } from 'zod';
import { Dependencies, ProfileName } from './dependencies.schema.ts';
import { ReportFormat } from './incident.schema.ts';
import { RepoPath } from './names.schema.ts';

/** Largest content of one file of a job that is written in its specification, in characters: the largest file of a change set (16 MiB) as base64. */
const MAX_CONTENT = 22_369_624;

/** A file that is put on top of the base: text, bytes, or gone. */
const JobFile = z.union([
  z.strictObject({
    path: RepoPath.describe('Path inside the workspace.'),
    content: z.string().max(MAX_CONTENT).describe('Its whole text.'),
    executable: z.boolean().default(false).describe('Whether it may be run.'),
  }),
  z.strictObject({
    path: RepoPath.describe('Path inside the workspace.'),
    base64: z.base64().max(MAX_CONTENT).describe('Its bytes, base64.'),
    executable: z.boolean().default(false).describe('Whether it may be run.'),
  }),
  z.strictObject({ path: RepoPath.describe('Path inside the workspace.'), delete: z.literal(true).describe('It is taken away.') }),
]);

/** One sandbox job as YAML: what runs, on which files, within which limits. Unknown keys are errors. */
export const SandboxJobSpec = z.strictObject({
  version: z.literal(1).describe('Version of this file format.'),
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower case letters, digits and hyphens')
    .describe('Name of the job; the same name is the same job.'),
  base: z
    .strictObject({
      repository: z.string().min(1).max(1000).describe('Folder of a git repository, relative to this file.'),
      revision: z
        .string()
        .max(200)
        .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]*$/, 'must be a branch or a commit')
        .optional()
        .describe('Branch or commit; absent: what is checked out. What is not committed is not in it.'),
    })
    .describe('What the workspace begins with; `.git` is not in it.'),
  files: z.array(JobFile).max(200).default([]).describe('The change set: files put on top, or taken away, before the first step.'),
  steps: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(100).describe('Name of the step.'),
        run: z.string().min(1).max(20_000).describe('Run by `/bin/sh -c` in the workspace.'),
      }),
    )
    .min(1)
    .max(50)
    .describe('Commands, one after the other; the job stops at the first that fails.'),
  for: z
    .string()
    .regex(/^[A-Za-z0-9._-]+\/[A-Za-z0-9._-]+$/, 'must be owner/name')
    .optional()
    .describe('Repository whose job it is: it decides about sandbox, endpoints and test secrets; absent: none of them.'),
  backend: z.string().min(1).max(50).optional().describe('Sandbox, among those that the server allows for that repository.'),
  profiles: z.array(ProfileName).max(7).optional().describe('Toolchains; absent: Node, Python, and those of the dependencies.'),
  dependencies: z
    .union([z.literal('auto'), z.array(Dependencies).max(6)])
    .default('auto')
    .describe('What is installed before, in a job of its own; `auto`: what the lock files at the root say.'),
  endpoints: z
    .array(z.string().regex(/^[a-z0-9.-]{1,253}:[0-9]{4,5}$/, 'must be name:port'))
    .max(50)
    .optional()
    .describe('Endpoints of that repository that it reaches; absent: all of them.'),
  env: z
    .record(z.string().max(100), z.string().max(4096))
    .default({})
    .describe('Further environment; only names that tune tools are accepted.'),
  limits: z
    .strictObject({
      wallClockSeconds: z.number().positive().max(600).optional().describe('Time of the whole job.'),
      memoryMiB: z.number().int().positive().max(65_536).optional().describe('Memory.'),
      processes: z.number().int().positive().max(10_000).optional().describe('Processes.'),
      workspaceMiB: z.number().int().positive().max(65_536).optional().describe('Size of the workspace.'),
    })
    .prefault({})
    .describe("Limits; absent ones are the server's, which cannot be raised."),
  artifacts: z.array(RepoPath).max(200).default([]).describe('Files handed back, where they exist.'),
  report: z
    .strictObject({
      format: ReportFormat.describe('Format of the test report of the last step.'),
      path: RepoPath.optional().describe('Where it is written; absent: the output.'),
    })
    .optional()
    .describe('Test report to read.'),
  resolves: z
    .boolean()
    .optional()
    .describe('It resolves dependencies: the registries of the server are reachable, and nothing is installed before. Needs `for`.'),
  changes: z
    .strictObject({ only: z.array(RepoPath).max(200).default([]).describe('Paths that are looked at; empty: all.') })
    .optional()
    .describe('Hand back what the steps changed in the workspace, as a change set.'),
});
export type SandboxJobSpec = z.infer<typeof SandboxJobSpec>;
