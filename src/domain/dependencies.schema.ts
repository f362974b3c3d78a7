import { z } from 'zod';

/** Package managers that are known by name. */
export const DependencyManager = z.enum(['npm', 'pip', 'go', 'cargo', 'maven', 'bundler']);
export type DependencyManager = z.infer<typeof DependencyManager>;

const KeptPath = z.string().regex(/^(?:workspace(?:\/[A-Za-z0-9_.@-]+)+|deps)$/, 'must be `deps` or a path below `workspace/`');

/** What the tests of a repository need installed, and how; what is absent comes from what the manager usually needs. */
export const Dependencies = z.strictObject({
  manager: DependencyManager.describe('Package manager.'),
  files: z
    .array(z.string().min(1).max(300))
    .min(1)
    .max(50)
    .optional()
    .describe('Globs of the files that decide what is installed; nothing else of the repository is there while it runs.'),
  run: z.string().min(1).max(2000).optional().describe('Command that installs, without scripts of packages.'),
  keep: z.array(KeptPath).min(1).max(20).optional().describe('What it installs: `deps`, or paths below `workspace/`.'),
});
export type Dependencies = z.infer<typeof Dependencies>;

/** Toolchains of a job. */
export const ProfileName = z.enum(['node', 'python', 'go', 'java', 'rust', 'ruby', 'plain']);

/** What a repository may ask of the sandbox; it can only choose among what the server allows, and only lower limits. */
export const SandboxWishes = z.strictObject({
  backend: z.string().min(1).max(50).optional().describe('Sandbox, among those that the server allows for this repository.'),
  profiles: z
    .array(ProfileName)
    .max(7)
    .optional()
    .describe('Toolchains that its commands need; absent: Node, Python, and those of its dependencies.'),
  wallClockSeconds: z.number().int().positive().max(600).optional().describe('Time of one job.'),
  memoryMiB: z.number().int().positive().max(65_536).optional().describe('Memory of one job.'),
  processes: z.number().int().positive().max(10_000).optional().describe('Processes of one job.'),
  workspaceMiB: z.number().int().positive().max(65_536).optional().describe('Size of its workspace.'),
});
export type SandboxWishes = z.infer<typeof SandboxWishes>;
