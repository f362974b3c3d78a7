import { z } from 'zod';
import { FileChange } from '../../../domain/change-set.schema.ts';
import { Failure } from '../../../domain/failure.ts';
import { RepoRef } from '../../../domain/names.schema.ts';
import { Validation, ValidationRequest } from '../../../domain/validation.schema.ts';
import type { Executor } from '../../contract.ts';
import { defineTool } from '../../tool.ts';

const { base, check, key } = ValidationRequest.shape;

/** Proves a patch that somebody else made. */
export const validateTool = (executor: Executor) =>
  defineTool({
    name: 'validate',
    title: 'Verify a patch of your own',
    description:
      "Says whether your change mends a failing check, by the rules that hold for Suture's own repairs: red without it for the reported reason, before and after, green with it twice, both some times more, every other check no worse, and no cheating (weakened tests, hidden failures). The command is the policy's, never yours. Takes several runs of the check, so minutes. Nothing is published.",
    input: z.strictObject({
      repository: z.string().max(201).describe('`owner/name` of a served repository.'),
      base: base.describe('Branch or commit that the change is made on; absent: the default branch.'),
      check: check.describe('Name of the failing check, as `.github/suture.yml` has it.'),
      files: z.array(FileChange).min(1).max(200).optional().describe('The change as whole files (content base64) and deletions.'),
      diff: z.string().min(1).max(1_000_000).optional().describe('The change as a unified diff; every hunk must fit exactly.'),
      idempotency_key: key.describe('The same key goes on with the same validation; absent: a new one.'),
    }),
    output: Validation,
    effect: 'adds',
    idempotent: false,
    least: 'collaborator',
    async run({ repository, files, diff, base: on, check: by, idempotency_key }, { caller, signal, progress }) {
      const [owner, name, ...rest] = repository.split('/');
      const repo = RepoRef.safeParse({ owner, name });
      if (!repo.success || rest.length > 0) throw new Failure('plan-invalid', 'repository: must be owner/name');
      if ((files === undefined) === (diff === undefined)) throw new Failure('plan-invalid', 'give either files or diff');
      const request: ValidationRequest = {
        repo: repo.data,
        check: by,
        change: files === undefined ? { diff: diff ?? '' } : { files },
        ...(on === undefined ? {} : { base: on }),
        ...(idempotency_key === undefined ? {} : { key: idempotency_key }),
      };
      return executor.validate(request, caller, { signal, onProgress: progress });
    },
  });
