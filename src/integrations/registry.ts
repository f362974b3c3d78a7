import type { Integration } from './contract.ts';
import { datadog } from './datadog/index.ts';
import { email } from './email/index.ts';
import { github } from './github/index.ts';
import { local } from './local/index.ts';
import { manual } from './manual/index.ts';
import { openai } from './openai/index.ts';
import { pagerduty } from './pagerduty/index.ts';
import { phenoml } from './phenoml/index.ts';
import { recorded } from './recorded/index.ts';
import { slack } from './slack/index.ts';

/** Every integration, and nothing else. */
export const integrations: readonly Integration[] = [
  local,
  github,
  datadog,
  slack,
  email,
  pagerduty,
  openai,
  phenoml,
  recorded,
  manual,
] as readonly Integration[];
