import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { renderCard } from '../src/integrations/slack/card.ts';
import { cardHash } from '../src/integrations/slack/hashes.ts';
import { messagePage } from './slack-html.ts';
import { NAMES, STATES } from './slack-states.ts';

/**
 * The real blocks of a card in each of its states, drawn without Slack:
 * `node scripts/slack-preview.ts <folder>` writes pages, with `--png` and Chromium installed the pictures of docs/slack.md.
 */
const run = promisify(execFile);
const WIDTH = 720;

async function picture(page: string, png: string, profile: string): Promise<void> {
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', `--user-data-dir=${profile}`];
  const { stdout } = await run('chromium', [...flags, `--window-size=${WIDTH},400`, '--dump-dom', page], { maxBuffer: 16 * 1024 * 1024 });
  const height = Number(/data-height="(\d+)"/.exec(stdout)?.[1]);
  if (!Number.isInteger(height) || height === 0) throw new Error(`Chromium did not draw ${page}`);
  await run('chromium', [...flags, `--window-size=${WIDTH},${height}`, `--screenshot=${png}`, page]);
}

const folder = resolve(process.argv.find((each, at) => at > 1 && !each.startsWith('--')) ?? 'docs/images');
const withPictures = process.argv.includes('--png');
const scratch = await mkdtemp(join(tmpdir(), 'slack-preview-'));
try {
  for (const [name, card] of Object.entries(STATES)) {
    const file = join(withPictures ? scratch : folder, `slack-${name}.html`);
    await writeFile(file, messagePage(renderCard(card, cardHash(card.healingId)).blocks, NAMES));
    const made = withPictures ? join(folder, `slack-${name}.png`) : file;
    if (withPictures) await picture(pathToFileURL(file).href, made, join(scratch, 'profile'));
    process.stdout.write(`${made}\n`);
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}
