import { z } from 'zod';

/** A 40-hex git commit id. */
export const CommitSha = z.string().regex(/^[0-9a-f]{40}$/);
export type CommitSha = z.infer<typeof CommitSha>;

/** One path segment that is safe in ids, folders and URLs: no dots-only, no separators, at most 100 characters. */
export const SafeName = z.string().regex(/^(?!\.{1,2}$)[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/);

/** A repository as every forge names it: an owner and a name. */
export const RepoRef = z.object({ owner: SafeName, name: SafeName });
export type RepoRef = z.infer<typeof RepoRef>;

/** What a signal is about, known at the door without any lookup; see `subject.ts` for the forms. At most 150 characters. */
export const Subject = z
  .string()
  .max(150)
  .regex(/^(pr|branch|monitor|issue|manual|sha)\/[A-Za-z0-9][A-Za-z0-9._:/-]*$/);
export type Subject = z.infer<typeof Subject>;

/** Points at content in the artifact store; the content never enters workflow history. */
export const ArtifactRef = z.object({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  size: z.number().int().nonnegative(),
  mediaType: z.string().max(100),
});
export type ArtifactRef = z.infer<typeof ArtifactRef>;

/** A repository path: relative, forward slashes, no `..`, no `.git` segment, no control characters, at most 500 characters. */
export const RepoPath = z
  .string()
  .min(1)
  .max(500)
  .refine((path) => !/[\u0000-\u001f\u007f\\]/.test(path), 'control characters and backslashes are not allowed')
  .refine(
    (path) => path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && part.toLowerCase() !== '.git'),
    'the path must stay inside the repository',
  );
export type RepoPath = z.infer<typeof RepoPath>;
