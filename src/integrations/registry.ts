import type { Integration } from './contract.ts';
import { datadog } from './datadog/index.ts';
import { github } from './github/index.ts';
import { local } from './local/index.ts';
import { manual } from './manual/index.ts';

/** Every integration, and nothing else. */
export const integrations: readonly Integration[] = [local, github, datadog, manual] as readonly Integration[];
