import { readFile, writeFile } from 'node:fs/promises';
import { EXIT_CODES } from '../src/cli/exit-codes.ts';
import { integrations } from '../src/integrations/registry.ts';
import { SANDBOXES } from '../src/sandbox/registry.ts';
import { strategies } from '../src/strategies/registry.ts';

/** The tables of README and docs/cli.md, from the code. `--check` fails when the file does not say the same. */

function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const capabilities = ['alertSource', 'forge', 'health', 'notifier'] as const;
const capabilityNames = { alertSource: 'alert source', forge: 'forge', health: 'health', notifier: 'notifier' } as const;

const readme: Readonly<Record<string, string>> = {
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

const exitCodes = table(
  ['Code', 'Means'],
  Object.values(EXIT_CODES).map(({ code, means }) => [String(code), means]),
);

async function update(name: string, sections: Readonly<Record<string, string>>): Promise<void> {
  const file = new URL(`../${name}`, import.meta.url);
  const before = await readFile(file, 'utf8');
  let after = before;
  for (const [section, text] of Object.entries(sections)) {
    const marker = new RegExp(`(<!-- generated:${section} -->\n)[^]*?(<!-- /generated:${section} -->)`);
    if (!marker.test(after)) throw new Error(`${name} has no generated:${section} section`);
    after = after.replace(marker, (_all, open: string, close: string) => `${open}\n${text}\n\n${close}`);
  }
  if (after === before) return;
  if (process.argv.includes('--check')) {
    process.stderr.write(`${name}: the generated tables are out of date; run \`npm run docs\`\n`);
    process.exit(1);
  }
  await writeFile(file, after);
}

await update('README.md', readme);
await update('docs/cli.md', { 'exit-codes': exitCodes });
