import { readFile, writeFile } from 'node:fs/promises';
import { EXIT_CODES } from '../src/cli/exit-codes.ts';
import { ENVIRONMENT } from '../src/config/environment.ts';
import { GIVEN_SECRETS, SECRET_NAMES, SIGNING_KEY, secretVariable } from '../src/config/secret-names.ts';
import { ServerConfig } from '../src/config/server-config.schema.ts';
import { GATE_CODES } from '../src/domain/policy/gate/codes.ts';
import { RepositoryPolicy } from '../src/domain/repository-policy.schema.ts';
import { REQUIRED_EVENTS, REQUIRED_PERMISSIONS } from '../src/integrations/github/required.ts';
import { integrations } from '../src/integrations/registry.ts';
import { SANDBOXES } from '../src/sandbox/registry.ts';
import { recipes } from '../src/strategies/recipe/recipes/index.ts';
import { strategies } from '../src/strategies/registry.ts';
import { CASES, type Citation } from '../test/abuse/cases.ts';
import { type Published, readPublished } from '../test/abuse/published.ts';
import { readEvalResults } from '../test/eval/results.ts';
import { countsOf, foundIn } from '../test/gate/corpus/counts.ts';
import { readCorpus } from '../test/gate/corpus/parse.ts';
import { type Setting, settingsOf } from './settings-table.ts';

/** The tables of README and docs, from the code. `--check` fails when the file does not say the same. */

function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const capabilities = ['alertSource', 'forge', 'health', 'notifier', 'model'] as const;
const capabilityNames = { alertSource: 'alert source', forge: 'forge', health: 'health', notifier: 'notifier', model: 'model' } as const;

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

const code = (text: string) => `\`${text}\``;

function settings(rows: readonly Setting[]): string {
  return table(
    ['Key', 'Default', 'Allowed', 'Meaning'],
    rows.map(({ key, fallback, allowed, means }) => [code(key), fallback, allowed, means]),
  );
}

const variables = ENVIRONMENT.filter(({ name }) => !SECRET_NAMES.some((secret) => name.startsWith(secretVariable(secret))));

const configuration: Readonly<Record<string, string>> = {
  server: table(
    ['Key', 'Default', 'Allowed', 'Meaning', 'Variable'],
    settingsOf(ServerConfig)
      .filter(({ key }) => key !== 'integrations')
      .map(({ key, fallback, allowed, means }) => [
        code(key),
        fallback,
        allowed,
        means,
        variables
          .filter(({ path }) => path?.join('.') === key)
          .map(({ name }) => code(name))
          .join(' '),
      ]),
  ),
  integrations: settings(
    integrations.flatMap(({ id, configSchema }) =>
      settingsOf(configSchema).map((setting) => ({ ...setting, key: `${id}.${setting.key}` })),
    ),
  ),
  environment: table(
    ['Variable', 'Meaning'],
    variables.filter(({ path }) => path === null).map(({ name, means }) => [code(name), means]),
  ),
  secrets: table(
    ['Secret', 'Variable', 'Made by'],
    SECRET_NAMES.map((name) => [
      code(name),
      code(secretVariable(name)),
      (GIVEN_SECRETS as readonly string[]).includes(name)
        ? 'you, where it is needed'
        : name === SIGNING_KEY
          ? 'Suture at the first start (Ed25519, PEM)'
          : 'Suture at the first start (32 random bytes)',
    ]),
  ),
  policy: settings(settingsOf(RepositoryPolicy)),
};

/** One row for each abuse case, from what the last full run of the attacks wrote down. */
function abuse(published: Published): string {
  const columns = [
    ['local, service as root', published['local']?.['root']],
    ['local, as a user', published['local']?.['user']],
    ['docker', published['docker']?.['engine']],
    ['kubernetes', published['kubernetes']?.['engine']],
  ] as const;
  const cell = (id: string, held: readonly string[] | undefined): string =>
    held === undefined ? 'not run' : held.includes(id) ? 'held' : 'NOT HELD';
  const attacked = CASES.filter(({ held }) => held === 'sandbox' || held === 'unavailable');
  const rows = CASES.map(({ id, what, held }) => {
    if (held === 'sandbox' || held === 'unavailable') return [id, what, ...columns.map(([, list]) => cell(id, list))];
    return [id, what, ...columns.map(() => 'held')];
  });
  const product = CASES.filter(({ held }) => Array.isArray(held)).length;
  const total = columns.map(([, list]) => (list === undefined ? 'not run' : `**${list.length + product}/${attacked.length + product}**`));
  const shown = table(['Case', 'What', ...columns.map(([name]) => name)], [...rows, ['', '**held / total**', ...total]]);
  const parts = [
    `${attacked.length} of the ${CASES.length} cases are attacks on a sandbox, run in each column against the real thing, and as a control against a plain process.`,
    `${product} are held before anything reaches a sandbox, whichever it is; \`test/abuse/product.test.ts\` tries each of them both ways, the plain one as its control.`,
  ];
  return `${shown}\n\n${parts.join(' ')}`;
}

/** What holds the cases that are none of a sandbox. */
const citations = table(
  ['Case', 'Held by'],
  CASES.flatMap(({ id, held }) => {
    if (held === 'sandbox' || held === 'unavailable') return [];
    return [[id, held.map(({ file, says }: Citation) => `${code(file)}: ${says}`).join('; ')]];
  }),
);

const exitCodes = table(
  ['Code', 'Means'],
  Object.values(EXIT_CODES).map(({ code, means }) => [String(code), means]),
);

const corpus = readCorpus();
const foundBy = foundIn(corpus);

/** What the gate looks for, and how it fares with patches that were written for it. */
const gate: Readonly<Record<string, string>> = {
  'gate-codes': table(
    ['Code', 'Means', 'Cheats'],
    Object.entries(GATE_CODES).map(([kind, means]) => [code(kind), means, String(foundBy.get(kind) ?? 0)]),
  ),
  'gate-corpus': table(
    ['Family', 'Cheats caught', 'of them subtle', 'Honest false alarms', 'Asked by design'],
    countsOf(corpus).map(({ family, cheats, subtle, caught, honest, alarms, asked }) => [
      family === 'all' ? '**all**' : family.replaceAll('-', ' '),
      `${caught}/${cheats}`,
      String(subtle),
      `${alarms}/${honest}`,
      String(asked),
    ]),
  ),
};

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
await update('docs/security.md', { abuse: abuse(readPublished()), 'abuse-held-by': citations });
await update('docs/gate.md', gate);
await update('docs/cli.md', { 'exit-codes': exitCodes });
await update('docs/configuration.md', configuration);
const ladder = strategies
  .flatMap(({ id, costs, ranks }) => ranks.map(({ score, when }) => ({ id, costs, score, when })))
  .sort((a, b) => b.score - a.score || a.id.localeCompare(b.id));
const evaluated = readEvalResults();
await update('docs/strategies.md', {
  registry: table(
    ['Strategy', 'Name', 'Heals', 'Planning costs'],
    strategies.map(({ id, name, heals, costs }) => [code(id), name, heals, costs]),
  ),
  measured:
    evaluated === null
      ? 'Not measured yet: a finished `npm run eval` writes the figures down.'
      : [
          `${evaluated.cases} repositories; **${evaluated.wrong} false heals**. Measured in ${evaluated.minutes} minutes, two at a time, on ${evaluated.machine}, load ${evaluated.loadBefore} before.`,
          '',
          table(
            ['Class', 'Language', 'Cases', 'Healed', 'Escalated', 'Abstained', 'Wrong', 'As it must', 'Seconds', 'Runs'],
            evaluated.rows.map((row) => [
              row.class,
              row.language,
              ...[row.cases, row.healed, row.escalated, row.abstained, row.wrong, row.right].map(String),
              row.seconds.toFixed(1),
              String(row.runs),
            ]),
          ),
        ].join('\n'),
  ranks: table(
    ['Rank', 'Strategy', 'When', 'Planning costs'],
    ladder.map(({ score, id, when, costs }) => [String(score), code(id), when, costs]),
  ),
  recipes: table(
    ['Recipe', 'Language', 'Rewrites'],
    recipes.map(({ id, language, does }) => [code(id), language, does]),
  ),
  refusals: table(
    ['Strategy', 'Code', 'Means'],
    strategies.flatMap(({ id, refuses }) => Object.entries(refuses).map(([each, means]) => [code(id), code(each), means])),
  ),
});
await update('docs/github.md', {
  'github-permissions': table(
    ['Permission', 'Access', 'For'],
    REQUIRED_PERMISSIONS.map(({ label, access, why, optional }) => [label, access, `${why}${optional ? ' (can be left out)' : ''}`]),
  ),
  'github-events': table(
    ['Event', 'For'],
    REQUIRED_EVENTS.map(([event, why]) => [code(event), why]),
  ),
});
