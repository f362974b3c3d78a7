import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig, loadSecrets, stateFolder } from '../../config/index.ts';
import { Failure } from '../../domain/failure.ts';
import { integrations } from '../../integrations/registry.ts';
import { SIGNING_SECRET } from '../../integrations/slack/alert-source.ts';
import { BOT_TOKEN } from '../../integrations/slack/api.ts';
import { SlackConfig } from '../../integrations/slack/config.schema.ts';
import { slackApi } from '../../integrations/slack/index.ts';
import { appManifest, newAppUrl } from '../../integrations/slack/manifest.ts';
import { writeAtomically } from '../../lib/atomic-file.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import type { Output } from '../output.ts';
import { configure, keepSecret } from '../state-files.ts';

/** What `suture setup slack` is asked for. */
export interface SetupSlackOptions {
  /** Public address of `/webhooks/slack` of this Suture. */
  readonly url?: string;
  readonly name?: string;
  readonly channel?: string;
  readonly appId?: string;
  /** Files that hold the two secrets: a command line is seen by everybody on the machine. */
  readonly tokenFile?: string;
  readonly signingSecretFile?: string;
}

async function secretFrom(file: string, flag: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new Failure('configuration-invalid', `${flag}: ${file} cannot be read`);
  });
  const value = text.trim();
  if (!/^[\x21-\x7e]{16,500}$/.test(value)) throw new Failure('configuration-invalid', `${flag}: ${file} holds no secret of Slack`);
  return value;
}

/** What is wrong with the options; null when they are good. */
function problem({ url, name, channel, appId }: SetupSlackOptions): string | null {
  const settings = { ...(channel === undefined ? {} : { channel }), ...(appId === undefined ? {} : { appId }) };
  const read = SlackConfig.safeParse(settings);
  if (!read.success) return `--${read.error.issues[0]?.path[0] === 'appId' ? 'app-id' : 'channel'}: ${read.error.issues[0]?.message ?? ''}`;
  if (name !== undefined && (name.length < 1 || name.length > 35)) return '--name: Slack takes 1 to 35 characters';
  if (url !== undefined && !/^https:\/\/[^\s]+$/.test(url)) return '--url: Slack delivers to https addresses only';
  return null;
}

async function manifestSteps(stateDir: string, url: string, name: string): Promise<readonly string[]> {
  const manifest = appManifest({ name, requestUrl: url });
  const file = join(stateDir, 'slack-app-manifest.json');
  await writeAtomically(file, `${JSON.stringify(manifest, null, 2)}\n`);
  return [
    `the manifest of the app is in ${file}`,
    `1. create the app: ${newAppUrl(manifest)}`,
    '   choose the workspace, Next, Create; an app that exists takes the file under App Manifest',
    '2. Install App > Install to Workspace, then save the Bot User OAuth Token (xoxb-...) to a file',
    '3. Basic Information > App Credentials: save the Signing Secret to a file, and note the App ID',
    '4. in the channel for the cards type /invite @' + name + '; its id (C...) stands at the end of its details',
    '5. suture setup slack --token-file <file> --signing-secret-file <file> --app-id <A...> --channel <C...>',
  ];
}

/** `suture setup slack`: the manifest and what to click with `--url`; with the secrets, checks the token and writes the configuration. May be run again. */
export async function setupSlack(options: SetupSlackOptions, out: Output): Promise<number> {
  const wrong = problem(options);
  const { url, channel, appId, tokenFile, signingSecretFile } = options;
  if (
    wrong !== null ||
    (url === undefined && channel === undefined && appId === undefined && tokenFile === undefined && signingSecretFile === undefined)
  ) {
    out.bad(wrong ?? 'give --url: the public https address of /webhooks/slack of this Suture, as Slack reaches it');
    return EXIT_CODES.usage.code;
  }
  const stateDir = stateFolder(process.env);
  const loaded = loadConfig({ stateDir, env: process.env, integrations });
  const done: string[] = [];
  if (url !== undefined) done.push(...(await manifestSteps(stateDir, url, options.name ?? 'Suture')));
  if (signingSecretFile !== undefined) {
    done.push(
      `the signing secret is in ${await keepSecret(stateDir, SIGNING_SECRET, await secretFrom(signingSecretFile, '--signing-secret-file'))}`,
    );
  }
  const changes: Array<readonly [readonly string[], unknown]> = [];
  const set = (key: string, value: unknown) => changes.push([['integrations', 'slack', key], value]);
  if (channel !== undefined) set('channel', channel);
  if (appId !== undefined) set('appId', appId);
  const given = tokenFile === undefined ? undefined : await secretFrom(tokenFile, '--token-file');
  const token = given ?? loadSecrets(stateDir, process.env).get(BOT_TOKEN)[0]?.reveal();
  if (token !== undefined) {
    const config = loaded.integrations.get('slack') as SlackConfig;
    const { teamId, team } = await slackApi({ config, secret: () => [token] }).self();
    if (given !== undefined) done.push(`the bot token of ${team} works, and is in ${await keepSecret(stateDir, BOT_TOKEN, given)}`);
    set('teamId', teamId);
  }
  if (changes.length > 0) done.push(`${await configure(stateDir, changes)} names ${changes.map(([path]) => path.at(-1)).join(', ')}`);
  out.result([...done, 'who may decide: integrations.slack.approvers; check it all with: suture doctor slack'].join('\n'), { done });
  return EXIT_CODES.ok.code;
}
