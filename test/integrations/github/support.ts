import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { Forge } from '../../../src/integrations/contract.ts';
import { createGitHubApi, type GitHubApi } from '../../../src/integrations/github/api.ts';
import { appCredentials, type Credentials, tokenCredentials } from '../../../src/integrations/github/credentials.ts';
import { createGitHubForge } from '../../../src/integrations/github/forge.ts';
import { createSend, type TimeLimit } from '../../../src/integrations/github/send.ts';
import type { StandInCredentials } from '../../support/github/under-test.ts';

/** How a client of a test differs from one of production. */
export interface ClientOptions {
  readonly timeoutMs?: number;
  readonly writeSpacingMs?: number;
  readonly repositories?: readonly string[];
  readonly webhookUrl?: string;
  readonly now?: () => number;
  readonly timeLimit?: TimeLimit;
  /** Instead of ones that hold no token yet. */
  readonly held?: Credentials;
}

/** Credentials as production makes them. */
export function heldCredentials(baseUrl: string, credentials: StandInCredentials, options: ClientOptions = {}): Credentials {
  const limit = options.timeLimit === undefined ? {} : { timeLimit: options.timeLimit };
  const send = createSend({ baseUrl, timeoutMs: options.timeoutMs ?? 10_000, ...limit });
  return credentials.kind === 'app'
    ? appCredentials({ appId: credentials.appId, privateKey: () => credentials.privateKey, send, now: options.now ?? Date.now })
    : tokenCredentials(() => credentials.token);
}

/** The API client as production makes it, without the pause between writes. */
export function clientOf(baseUrl: string, credentials: StandInCredentials, options: ClientOptions = {}): GitHubApi {
  const now = options.now ?? Date.now;
  const timeoutMs = options.timeoutMs ?? 10_000;
  const limit = options.timeLimit === undefined ? {} : { timeLimit: options.timeLimit };
  const send = createSend({ baseUrl, timeoutMs, ...limit });
  return createGitHubApi({
    send,
    baseUrl,
    webUrl: baseUrl,
    stopLabel: 'no-suture',
    login: credentials.login,
    timeoutMs,
    writeSpacingMs: options.writeSpacingMs ?? 0,
    credentials: options.held ?? heldCredentials(baseUrl, credentials, options),
    now,
    ...limit,
  });
}

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** The forge as production makes it; its state folder is gone after the tests of the file. */
export function forgeOf(github: GitHubApi, options: ClientOptions = {}): Forge {
  const stateDir = mkdtempSync(join(tmpdir(), 'suture-github-'));
  folders.push(stateDir);
  return createGitHubForge(github, {
    stateDir,
    repositories: options.repositories ?? [],
    webhookUrl: options.webhookUrl,
    now: options.now ?? Date.now,
  });
}
