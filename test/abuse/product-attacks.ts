import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import axios from 'axios';
import { mirrorExisting } from '../../src/integrations/local/admin.ts';
import { isHealthy } from '../../src/integrations/local/health.ts';
import { signatureProblem, signSlack } from '../../src/integrations/slack/signature.ts';
import { escapeMarkdown, visibleText } from '../../src/lib/escape.ts';
import { createRedactor } from '../../src/lib/redact.ts';
import { DEFAULT_LIMITS } from '../../src/sandbox/contract.ts';
import { dialAddress } from '../../src/sandbox/forward-target.ts';
import { workspaceInput } from '../../src/sandbox/workspace-input.ts';
import { verifyAuditTrail } from '../../src/store/verify-audit-trail.ts';
import { BEARER, NOW, openFront, report } from '../http/support.ts';
import {
  acts,
  applyOurs,
  applyPlainly,
  BROKEN,
  CANARY,
  CLIPBOARD_LOG,
  caught,
  decodes,
  ESCAPING_ANSWER,
  encodedLog,
  git,
  HONEST,
  HOSTILE_TITLE,
  hostileRepository,
  INJECTED_LOG,
  LEAKING,
  memoryGranted,
  mergeNaively,
  nestedRepository,
  obey,
  PIPELINE,
  POLLUTING,
  passesByColour,
  passesOurs,
  publicKey,
  SKIPPED,
  SLACK_SECRET,
  tamperedTrail,
  testsPass,
  unpackAndLook,
  withInnerServer,
  withPlainDoor,
  withRedirect,
  write,
} from './product-scenes.ts';

/** One attack on the product as a whole: whether it works the plain way, and whether it works on ours. */
export interface ProductAttack {
  readonly id: string;
  readonly what: string;
  /** The same done as one would who did not think of it: the positive control. */
  plain(folder: string): Promise<boolean> | boolean;
  ours(folder: string): Promise<boolean> | boolean;
}

/** Every case that no sandbox holds, tried both ways. */
export const PRODUCT_ATTACKS: readonly ProductAttack[] = [
  {
    id: 'AC-24',
    what: 'a program in the git configuration of a repository that is read',
    plain(folder) {
      const repository = hostileRepository(folder);
      git(repository.path, 'status');
      return repository.worked();
    },
    async ours(folder) {
      const repository = hostileRepository(folder);
      await mirrorExisting(join(folder, 'state'), repository.path);
      return repository.worked();
    },
  },
  {
    id: 'AC-25',
    what: 'a nested repository with a program in its configuration',
    plain: (folder) => unpackAndLook(folder, nestedRepository(join(folder, 'canary')), 'sub'),
    ours: (folder) => unpackAndLook(folder, workspaceInput(nestedRepository(join(folder, 'canary')), []).tar, 'workspace/sub'),
  },
  {
    id: 'AC-27',
    what: 'a repair that rewrites the pipeline as well',
    plain: (folder) => passesByColour(folder, PIPELINE),
    ours: () => passesOurs(PIPELINE),
  },
  {
    id: 'AC-28',
    what: 'a repair that skips the failing test',
    plain: (folder) => passesByColour(folder, SKIPPED),
    ours: () => passesOurs(SKIPPED),
  },
  {
    id: 'AC-29',
    what: 'a job that asks for more memory than the server gives',
    plain: async (folder) => (await memoryGranted(folder, false)) > DEFAULT_LIMITS.memoryBytes,
    ours: async (folder) => (await memoryGranted(folder, true)) > DEFAULT_LIMITS.memoryBytes,
  },
  {
    id: 'AC-32',
    what: 'a log that tells an obedient model to empty the test',
    plain(folder) {
      write(folder, BROKEN);
      applyPlainly(folder, obey(INJECTED_LOG));
      return testsPass(folder);
    },
    ours(folder) {
      write(folder, BROKEN);
      applyOurs(folder, obey(INJECTED_LOG));
      return testsPass(folder);
    },
  },
  {
    id: 'AC-33',
    what: 'an answer of a model that writes outside the repository',
    plain(folder) {
      applyPlainly(join(folder, 'repository'), ESCAPING_ANSWER);
      return existsSync(join(folder, 'outside.txt'));
    },
    ours(folder) {
      applyOurs(join(folder, 'repository'), ESCAPING_ANSWER);
      return existsSync(join(folder, 'outside.txt'));
    },
  },
  {
    id: 'AC-34',
    what: 'a secret that a log prints in base64',
    plain: () => decodes(encodedLog().replaceAll(CANARY, '[redacted]')),
    ours: () => decodes(createRedactor([CANARY])(encodedLog())),
  },
  {
    id: 'AC-35',
    what: 'a repair that brings a token along',
    plain: (folder) => passesByColour(folder, LEAKING),
    ours: () => passesOurs(LEAKING),
  },
  {
    id: 'AC-36',
    what: 'a title that mentions people and closes an issue',
    plain: () => acts(HOSTILE_TITLE),
    ours: () => acts(escapeMarkdown(HOSTILE_TITLE)),
  },
  {
    id: 'AC-37',
    what: 'a delivery that nobody signed',
    plain: () => withPlainDoor(async (url, taken) => (await axios.post(url, report())).status === 202 && taken.length === 1),
    async ours() {
      const { post, reported } = await openFront();
      return (await post('manual', report(), {})).status === 202 || reported.length > 0;
    },
  },
  {
    id: 'AC-38',
    what: 'one delivery that is sent again ten times',
    plain: () =>
      withPlainDoor(async (url, taken) => {
        for (let time = 0; time < 10; time += 1) await axios.post(url, report());
        return taken.length > 1;
      }),
    async ours() {
      const { post, reported } = await openFront();
      for (let time = 0; time < 10; time += 1) await post('manual', report(), BEARER);
      return new Set(reported.map(({ signal }) => `${signal.subject} ${signal.id}`)).size > 1;
    },
  },
  {
    id: 'AC-39',
    what: 'a signed click that was caught an hour ago',
    plain() {
      const { timestamp, signature, body } = caught();
      return signature === signSlack(SLACK_SECRET, timestamp, body);
    },
    ours: () => signatureProblem([SLACK_SECRET], caught(), NOW) === null,
  },
  {
    id: 'AC-40',
    what: 'a delivery of three megabytes',
    plain: () =>
      withPlainDoor(async (url, taken) => {
        await axios.post(url, JSON.stringify({ a: 'x'.repeat(3 * 1024 * 1024) }));
        return taken.length === 1;
      }),
    async ours() {
      const { post } = await openFront();
      return (await post('manual', JSON.stringify({ a: 'x'.repeat(3 * 1024 * 1024) }), BEARER)).status === 202;
    },
  },
  {
    id: 'AC-40',
    what: 'a delivery that changes what every object has',
    plain() {
      mergeNaively({ facts: {} }, JSON.parse(POLLUTING) as Record<string, unknown>);
      const worked = 'polluted' in {};
      delete (Object.prototype as Record<string, unknown>)['polluted'];
      return worked;
    },
    async ours() {
      const { post } = await openFront();
      return (await post('manual', POLLUTING, BEARER)).status === 202 || 'polluted' in {};
    },
  },
  {
    id: 'AC-41',
    what: 'a name that leads to this machine',
    plain: () => withInnerServer(async (inner) => (await axios.get(`http://${inner}/`)).data === CANARY),
    async ours() {
      return (await dialAddress('localhost')).kind === 'dial';
    },
  },
  {
    id: 'AC-41',
    what: 'a health endpoint that answers with a redirect to this machine',
    plain: () => withRedirect(async (url) => (await fetch(url)).ok),
    ours: () => withRedirect((url) => isHealthy(url)),
  },
  {
    id: 'AC-42',
    what: 'a log that writes to the clipboard of who reads it',
    plain: () => CLIPBOARD_LOG.includes('\u001b]52;'),
    ours: () => visibleText(CLIPBOARD_LOG).includes('\u001b]52;'),
  },
  {
    id: 'AC-43',
    what: 'an entry of the trail that is written anew',
    async plain(folder) {
      const lines = readFileSync(await tamperedTrail(folder), 'utf8')
        .trimEnd()
        .split('\n');
      return lines.every((line) => typeof JSON.parse(line) === 'object') && lines.some((line) => line.includes('somebody-else'));
    },
    async ours(folder) {
      await tamperedTrail(folder);
      return (await verifyAuditTrail(join(folder, 'audit'), publicKey)).ok;
    },
  },
  {
    id: 'AC-45',
    what: 'an honest repair of what an outsider reported',
    plain: () => passesOurs(HONEST),
    ours: () => passesOurs(HONEST, true),
  },
];
