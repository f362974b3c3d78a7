import { readFile, writeFile } from 'node:fs/promises';
import { integrations } from '../src/integrations/registry.ts';
import { SANDBOXES } from '../src/sandbox/registry.ts';
import { strategies } from '../src/strategies/registry.ts';

/** The README's tables, from the registries. `--check` fails when the file does not say the same. */

function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const capabilities = ['alertSource', 'forge', 'health', 'notifier'] as const;
const capabilityNames = { alertSource: 'alert source', forge: 'forge', health: 'health', notifier: 'notifier' } as const;

const sections: Readonly<Record<string, string>> = {
  sources: table(
    ['Integration', 'What it is', 'Gives'],
    integrations.map((integration) => [
      `\`${integration.id}\``,
      integration.name,
      capabilities
        .filter((capability) => integration[capability] !== undefined)
        .map((capability) => capabilityNames[capability])
        .join(', '),
    ]),
  ),
  sandboxes: table(
    ['Sandbox', 'What it is'],
    SANDBOXES.map((sandbox) => [`\`${sandbox.id}\``, sandbox.name]),
  ),
  strategies: table(
    ['Strategy', 'Heals'],
    strategies.map((strategy) => [`\`${strategy.id}\``, strategy.heals]),
  ),
};

const file = new URL('../README.md', import.meta.url);
const before = await readFile(file, 'utf8');
let after = before;
for (const [name, text] of Object.entries(sections)) {
  const marker = new RegExp(`(<!-- generated:${name} -->\n)[^]*?(<!-- /generated:${name} -->)`);
  if (!marker.test(after)) throw new Error(`README.md has no generated:${name} section`);
  after = after.replace(marker, (_all, open: string, close: string) => `${open}\n${text}\n\n${close}`);
}
if (after !== before) {
  if (process.argv.includes('--check')) {
    process.stderr.write('README.md: the generated tables are out of date; run `npm run docs`\n');
    process.exit(1);
  }
  await writeFile(file, after);
}
