import { z } from 'zod';
import type { Integration } from '../contract.ts';
import { createRecordedModel } from './model.ts';

/** Configuration of recorded answers. */
const RecordedConfig = z.strictObject({
  folder: z.string().min(1).max(500).optional().describe('Folder with recorded answers, one JSON file for each question.'),
});

/** Answers of a model that were recorded before: the same healing again, without a vendor, a key or a bill. */
export const recorded: Integration<typeof RecordedConfig> = {
  id: 'recorded',
  name: 'Recorded answers of a model',
  docs: 'docs/models.md',
  configSchema: RecordedConfig,
  model: ({ config }) => (config.folder === undefined ? null : createRecordedModel(config.folder)),
};
