import { createAppAuth } from '@octokit/auth-app';
import { RequestError } from '@octokit/request-error';
import { Failure } from '../../domain/failure.ts';
import type { RepoRef } from '../../domain/names.schema.ts';
import type { Send } from './send.ts';

/** Permissions that one step needs, as GitHub names them. */
export type Permissions = Readonly<Record<string, 'read' | 'write'>>;

/** Where the token of a call comes from. */
export interface Credentials {
  /** A token for this repository with these permissions and no more. */
  token(repo: RepoRef, needs: Permissions): Promise<string>;
  /** JSON web token of the App itself; null with a plain token. */
  appToken(): Promise<string | null>;
  /** A token was refused: never use it again. */
  forget(token: string): void;
  /** Whether Suture is an App here: only those may write check runs. */
  readonly isApp: boolean;
}

/** Installation tokens live an hour at GitHub; ours are given back after these few minutes. */
const TOKEN_AGE_MS = 5 * 60_000;
/** Repositories and permissions whose tokens are kept at a time. */
const MAX_TOKENS = 500;

interface Held {
  readonly token: Promise<string>;
  readonly until: number;
}

/** Credentials of a fine-grained personal token, for trying out. */
export function tokenCredentials(secret: () => string | undefined): Credentials {
  return {
    isApp: false,
    async token() {
      const token = secret();
      if (token === undefined) {
        throw new Failure(
          'configuration-invalid',
          'GitHub: no credentials; set integrations.github.appId with SUTURE_SECRET_GITHUB_APP_KEY, or SUTURE_SECRET_GITHUB_TOKEN',
        );
      }
      return token;
    },
    appToken: async () => null,
    forget() {},
  };
}

/** Credentials of a GitHub App: a token for each repository and set of permissions, kept for minutes, then revoked. */
export function appCredentials(options: {
  readonly appId: number;
  readonly privateKey: () => string | undefined;
  readonly send: Send;
  readonly now: () => number;
}): Credentials {
  const { send, now } = options;
  const held = new Map<string, Held>();
  const installations = new Map<string, number>();

  async function appToken(): Promise<string> {
    const privateKey = options.privateKey();
    if (privateKey === undefined) {
      throw new Failure(
        'configuration-invalid',
        'GitHub: the key of the App is missing; set SUTURE_SECRET_GITHUB_APP_KEY, _FILE or _COMMAND',
      );
    }
    const { token } = await createAppAuth({ appId: options.appId, privateKey, request: send.request })({ type: 'app' });
    return token;
  }

  async function installationOf(repo: RepoRef): Promise<number> {
    const name = `${repo.owner}/${repo.name}`;
    const known = installations.get(name);
    if (known !== undefined) return known;
    const { data } = await send('GET /repos/{owner}/{repo}/installation', { owner: repo.owner, repo: repo.name }, await appToken());
    installations.set(name, data.id);
    return data.id;
  }

  async function mint(repo: RepoRef, needs: Permissions): Promise<string> {
    const asked = { installation_id: await installationOf(repo), repositories: [repo.name], permissions: { ...needs } };
    try {
      return (await send('POST /app/installations/{installation_id}/access_tokens', asked, await appToken())).data.token;
    } catch (error) {
      if (!(error instanceof RequestError) || error.status !== 422) throw error;
      // "The permissions requested are not granted to this installation", or the repository is not among its own.
      const wanted = Object.keys(needs).join(', ');
      throw new Failure(
        'not-permitted',
        `the App may not do this at ${repo.owner}/${repo.name} (wanted: ${wanted}); run \`suture doctor github\``,
        {
          cause: error,
        },
      );
    }
  }

  function giveBack(entry: Held): void {
    entry.token
      .then((token) => send('DELETE /installation/token', {}, token))
      // It runs out by itself within the hour; giving it back early is a courtesy that nothing waits for.
      .catch(() => undefined);
  }

  function sweep(): void {
    for (const [key, entry] of held) {
      if (entry.until > now() && held.size <= MAX_TOKENS) continue;
      held.delete(key);
      giveBack(entry);
    }
  }

  return {
    isApp: true,
    appToken,
    token(repo, needs) {
      sweep();
      const key = JSON.stringify([
        repo.owner,
        repo.name,
        Object.keys(needs)
          .sort()
          .map((name) => [name, needs[name]]),
      ]);
      const known = held.get(key);
      if (known !== undefined) return known.token;
      const token = mint(repo, needs);
      held.set(key, { token, until: now() + TOKEN_AGE_MS });
      token.catch((error: unknown) => {
        held.delete(key);
        // The App may have been installed anew, under another number.
        if (error instanceof Error && 'status' in error && error.status === 404) installations.delete(`${repo.owner}/${repo.name}`);
      });
      return token;
    },
    forget(refused) {
      for (const [key, entry] of held) {
        entry.token.then(
          (token) => token === refused && held.get(key) === entry && held.delete(key),
          () => undefined,
        );
      }
    },
  };
}
