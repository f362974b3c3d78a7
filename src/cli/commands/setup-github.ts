import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { loadConfig, loadSecrets, stateFolder } from '../../config/index.ts';
import { Failure } from '../../domain/failure.ts';
import { RepoRef } from '../../domain/names.schema.ts';
import { GitHubConfig } from '../../integrations/github/config.schema.ts';
import { HOOKS } from '../../integrations/github/hooks.ts';
import { gitHubApi } from '../../integrations/github/index.ts';
import { servedRepositories } from '../../integrations/github/served.ts';
import { appManifest, convertManifest, ensureOrganizationHook, setUpAppHook, setUpRepositories } from '../../integrations/github/setup.ts';
import { integrations } from '../../integrations/registry.ts';
import { sameSecret } from '../../lib/same-secret.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import type { Output } from '../output.ts';
import { configure, keepSecret } from '../state-files.ts';

/** Somebody clicks through GitHub's pages; after this long they went for lunch. */
const CLICK_MS = 15 * 60_000;

/** What `suture setup github` is asked for. */
export interface SetupGitHubOptions {
  /** Make a GitHub App by its manifest. */
  readonly app?: string;
  readonly organization?: string;
  readonly repository?: string;
  readonly url?: string;
  readonly port?: string;
}

/** GitHub's settings, and GitHub as the forge. */
const configureGitHub = (stateDir: string, changes: Readonly<Record<string, unknown>>): Promise<string> =>
  configure(stateDir, [
    ...Object.entries(changes).map(([key, value]) => [['integrations', 'github', key], value] as const),
    [['forge'], 'github'],
  ]);

const html = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** The page that sends the manifest, and the code with which GitHub comes back. */
async function clickThrough(
  options: { readonly port: number; readonly action: string; readonly manifest: (redirect: string) => object },
  out: Output,
): Promise<string> {
  const state = randomBytes(24).toString('base64url');
  const server = createServer();
  server.listen(options.port, '127.0.0.1');
  await once(server, 'listening');
  const own = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  out.step(
    `open ${own}/ in a browser on this machine (from elsewhere: ssh -L ${new URL(own).port}:127.0.0.1:${new URL(own).port} <this machine>)`,
  );
  try {
    return await new Promise<string>((resolve, reject) => {
      const late = setTimeout(
        () => reject(new Failure('cancelled', 'nobody came back from GitHub within 15 minutes; run the command again')),
        CLICK_MS,
      );
      server.on('request', (request, response) => {
        const url = new URL(request.url ?? '/', own);
        response.setHeader('content-type', 'text/html; charset=utf-8');
        response.setHeader('cache-control', 'no-store');
        if (url.pathname === '/') {
          const manifest = html(JSON.stringify(options.manifest(`${own}/created`)));
          response.end(
            `<!doctype html><title>Suture</title><form method="post" action="${html(`${options.action}?state=${state}`)}"><input type="hidden" name="manifest" value="${manifest}"><button>Create the GitHub App</button></form>`,
          );
          return;
        }
        const code = url.searchParams.get('code');
        // Without our own state anybody could have this browser hand us an App of theirs.
        if (url.pathname !== '/created' || code === null || !sameSecret(url.searchParams.get('state') ?? '', state)) {
          response.statusCode = 404;
          response.end('<!doctype html><title>Suture</title>This is not the answer to our question.');
          return;
        }
        response.end('<!doctype html><title>Suture</title>The App exists. Go on in the terminal.');
        clearTimeout(late);
        resolve(code);
      });
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** `suture setup github`: an App by its manifest, or webhooks with a token; says what it did, and may be run again. */
export async function setupGitHub(options: SetupGitHubOptions, out: Output): Promise<number> {
  const stateDir = stateFolder(process.env);
  const loaded = loadConfig({ stateDir, env: process.env, integrations });
  const secrets = loadSecrets(stateDir, process.env);
  const config = loaded.integrations.get('github') as GitHubConfig;
  const webhookUrl = options.url ?? config.webhookUrl;
  if (webhookUrl === undefined) {
    out.bad('give --url: the public address of /webhooks/github of this Suture, as GitHub reaches it');
    return EXIT_CODES.usage.code;
  }
  const secret = (name: string): string[] => secrets.get(name).map((each) => each.reveal());
  const parsed = GitHubConfig.safeParse({ ...config, webhookUrl });
  if (!parsed.success) {
    out.bad(`--url: ${parsed.error.issues[0]?.message ?? 'is no address'}`);
    return EXIT_CODES.usage.code;
  }
  const github = gitHubApi({ config: parsed.data, stateDir, secret, readArtifact: async () => new Uint8Array() });
  const done: string[] = [];
  if (options.app !== undefined) {
    const name = options.app;
    const owner = options.organization === undefined ? '' : `/organizations/${encodeURIComponent(options.organization)}`;
    const code = await clickThrough(
      {
        port: Number(options.port ?? 0),
        action: `${config.webUrl}${owner}/settings/apps/new`,
        manifest: (redirectUrl) => appManifest({ name, webhookUrl, redirectUrl, homepage: webhookUrl }),
      },
      out,
    );
    const app = await convertManifest(github, code);
    await keepSecret(stateDir, 'github-app-key', app.pem);
    await keepSecret(stateDir, 'github-webhook', app.webhookSecret);
    const file = await configureGitHub(stateDir, { appId: app.id, login: `${app.slug}[bot]`, webhookUrl });
    done.push(
      `the App ${app.slug} exists (${app.url})`,
      `its key and webhook secret are in ${join(stateDir, 'secrets')}`,
      `${file} names it`,
    );
    done.push(`now install it: ${config.webUrl}/apps/${app.slug}/installations/new`);
  } else {
    const hook = { url: webhookUrl, secret: secret('github-webhook')[0] ?? '' };
    if (github.isApp) done.push(await setUpAppHook(github, hook));
    else if (options.organization !== undefined) {
      const place = RepoRef.safeParse({ owner: options.organization, name: 'any' });
      if (!place.success) {
        out.bad('--organization: is no name of an organisation');
        return EXIT_CODES.usage.code;
      }
      done.push(await ensureOrganizationHook(github.for(place.data, HOOKS), hook));
      done.push(
        `${await configureGitHub(stateDir, { webhookUrl })} names the address; name what the patrol walks in integrations.github.repositories`,
      );
    } else {
      const named =
        options.repository === undefined
          ? await servedRepositories(github, config.repositories)
          : [options.repository].map(parseRepository);
      if (named.length === 0) {
        out.bad('give --repository owner/name, or name some in integrations.github.repositories');
        return EXIT_CODES.usage.code;
      }
      done.push(...(await setUpRepositories(github, named, hook)));
      const repositories = [...new Set([...config.repositories, ...named.map((repo) => `${repo.owner}/${repo.name}`)])];
      done.push(`${await configureGitHub(stateDir, { repositories, webhookUrl })} names them`);
    }
  }
  out.result([...done, 'check it with: suture doctor github'].join('\n'), { done });
  return EXIT_CODES.ok.code;
}

function parseRepository(full: string): RepoRef {
  const [owner, name] = full.split('/');
  const repo = RepoRef.safeParse({ owner, name });
  if (!repo.success) throw new Failure('configuration-invalid', '--repository must be owner/name');
  return repo.data;
}
