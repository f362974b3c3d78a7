import type { Integration } from './contract.ts';
import { datadog } from './datadog/index.ts';
import { local } from './local/index.ts';
import { manual } from './manual/index.ts';

/** Every integration, and nothing else. */
export const integrations: readonly Integration[] = [local, datadog, manual] as readonly Integration[];
