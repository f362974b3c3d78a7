import { z } from 'zod';
import type { Integration } from '../contract.ts';
import { createManualSource } from './alert-source.ts';

const ManualConfig = z.strictObject({}).transform((): Record<string, never> => ({}));

/** Reports over authenticated HTTP, by people and by systems that Suture has no folder for. */
export const manual: Integration<typeof ManualConfig> = {
  id: 'manual',
  name: 'Authenticated reports over HTTP, from people and other systems',
  docs: 'docs/operating.md',
  configSchema: ManualConfig,
  alertSource: createManualSource,
};
