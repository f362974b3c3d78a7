import { z } from 'zod';
import { ArtifactRef, CommitSha, RepoPath } from './names.schema.ts';

/** One file of a change set: whole content (base64) with its mode, or a deletion. */
export const FileChange = z.discriminatedUnion('op', [
  z.object({ op: z.literal('write'), path: RepoPath, mode: z.enum(['100644', '100755']), content: z.base64() }),
  z.object({ op: z.literal('delete'), path: RepoPath }),
]);
export type FileChange = z.infer<typeof FileChange>;

/** File contents to write or delete on top of a base revision; paths unique and sorted. */
export const ChangeSet = z.object({ base: CommitSha, files: z.array(FileChange).max(200) });
export type ChangeSet = z.infer<typeof ChangeSet>;

/** What history keeps of a change set: its hash binds approval, proof and publication to the very same bytes. */
export const ChangeSetRef = z.object({
  artifact: ArtifactRef,
  /** SHA-256 over the canonical JSON of the change set. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  base: CommitSha,
  paths: z.array(z.string().max(500)).max(50),
  fileCount: z.number().int().nonnegative(),
  additions: z.number().int().nonnegative(),
  deletions: z.number().int().nonnegative(),
});
export type ChangeSetRef = z.infer<typeof ChangeSetRef>;
