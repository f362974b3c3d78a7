import { isSigned } from '../../lib/hmac-signature.ts';
import { parseOutsideJson } from '../../lib/safe-json.ts';
import type { AlertSource, IntegrationContext, RawRequest } from '../contract.ts';
import type { GitHubConfig } from './config.schema.ts';
import { READERS, UNREAD } from './events.ts';
import { Common } from './payload.ts';
import { ignored, type OwnNames, quoted } from './signals.ts';

/** GitHub sends no larger event, in bytes. */
const MAX_BYTES = 25 * 1024 * 1024;

type Answer = ReturnType<AlertSource['parse']>;

function parse({ headers, body, receivedAt }: RawRequest, names: OwnNames): Answer {
  const id = headers['x-github-delivery'] ?? '';
  const event = headers['x-github-event'] ?? '';
  if (!/^[A-Za-z0-9-]{1,100}$/.test(id)) return { kind: 'invalid', reason: 'the header X-GitHub-Delivery is missing or no GUID' };
  if (!/^[a-z][a-z0-9_]{0,60}$/.test(event)) return { kind: 'invalid', reason: 'the header X-GitHub-Event is missing or no name' };
  const read = READERS.get(event);
  if (read === undefined) return ignored(UNREAD.get(event) ?? `events of kind ${quoted(event)} are not used`);
  const json = parseOutsideJson(body);
  if (!json.ok) return { kind: 'invalid', reason: json.reason };
  const common = Common.safeParse(json.value).data;
  if (common === undefined) return { kind: 'invalid', reason: 'the body is not a JSON object' };
  const { action, repository, sender } = common;
  if (repository?.full_name === undefined) return ignored('the event names no repository, or one with a name that is not supported');
  const { full_name: repo, id: repoId, default_branch: defaultBranch } = repository;
  return read({ id, event, action, repo, repoId, defaultBranch, sender, payload: json.value, receivedAt }, names);
}

/** GitHub's deliveries as signals. They are signed over their raw bytes; with two secrets either signs, so that one can be replaced without a gap. */
export function createGitHubSource({
  config,
  secret,
}: Pick<IntegrationContext<Pick<GitHubConfig, 'login' | 'startLabel' | 'stopLabel'>>, 'config' | 'secret'>): AlertSource {
  return {
    maxBytes: MAX_BYTES,
    verify({ headers, body }) {
      // Asked for each time: a rotation takes effect without a restart.
      const secrets = secret('github-webhook').filter((held) => held !== '');
      const signature = headers['x-hub-signature-256'];
      if (secrets.length === 0) return { ok: false, reason: 'no secret `github-webhook` is configured' };
      if (signature === undefined || signature === '') return { ok: false, reason: 'the header X-Hub-Signature-256 is missing' };
      return isSigned(secrets, body, signature) ? { ok: true } : { ok: false, reason: 'the signature does not fit the body' };
    },
    parse: (request) => parse(request, config),
  };
}
