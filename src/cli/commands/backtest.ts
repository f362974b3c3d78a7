import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig, loadSecrets, parseRepositoryPolicy, settingsFrom, stateFolder } from '../../config/index.ts';
import { Failure } from '../../domain/failure.ts';
import type { IntegrationContext, Model } from '../../integrations/contract.ts';
import { integrations } from '../../integrations/registry.ts';
import { createLogger } from '../../lib/logger.ts';
import { createRedactor } from '../../lib/redact.ts';
import { DEFAULT_LIMITS } from '../../sandbox/contract.ts';
import { openSandboxes } from '../../sandbox/registry.ts';
import { createArtifactStore } from '../../store/artifact-store.ts';
import { createExchange } from '../../store/exchange.ts';
import { createReasoner } from '../../strategies/reasoner.ts';
import { strategies } from '../../strategies/registry.ts';
import { findTemporalExecutable } from '../../temporal/index.ts';
import { type Recorded, readCases } from '../backtest/cases.ts';
import { type Compared, compare, type Numbers, tally } from '../backtest/compare.ts';
import { recordedModel } from '../backtest/recorded-model.ts';
import { openReplayWorld, type Parts } from '../backtest/world.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import type { Output } from '../output.ts';

/** What `suture backtest` takes. */
export interface BacktestOptions {
  readonly since?: string;
  readonly healing?: string;
  readonly limit: number;
  readonly policy?: string;
  /** Who answers questions: nobody, what was answered then, or the model that is configured now. */
  readonly model: 'none' | 'recorded' | 'configured';
}

function openParts(
  stateDir: string,
  options: BacktestOptions,
  recorded: Recorded,
): Parts & { readonly executable: string; readonly caps: ReturnType<typeof settingsFrom>['caps'] } {
  const { env } = process;
  const loaded = loadConfig({ stateDir, env, integrations });
  const { config } = loaded;
  const secrets = loadSecrets(stateDir, env);
  const redact = createRedactor(secrets.all().map((secret) => secret.reveal()));
  const log = createLogger({ name: 'backtest', level: 'warn', redact });
  const artifacts = createArtifactStore(join(stateDir, 'artifacts'));
  const context = (id: string): IntegrationContext<unknown> => ({
    config: loaded.integrations.get(id),
    stateDir,
    secret: (name) => secrets.get(name).map((secret) => secret.reveal()),
    readArtifact: (ref) => artifacts.get(ref),
  });
  const find = (id: string) => integrations.find((each) => each.id === id);
  const forge = find(config.forge)?.forge?.(context(config.forge));
  if (forge === undefined) throw new Failure('configuration-invalid', `forge: ${config.forge} is no forge`);
  const configured = (): Model => {
    const model = config.model === undefined ? null : (find(config.model)?.model?.(context(config.model)) ?? null);
    if (model === null)
      throw new Failure('configuration-invalid', '--model configured: no model is configured; set `model`, or take `--model recorded`');
    return model;
  };
  const models: Readonly<Record<BacktestOptions['model'], () => Model | null>> = {
    none: () => null,
    recorded: () => (recorded.answers.size === 0 ? null : recordedModel(recorded.answers, artifacts)),
    configured,
  };
  return {
    forge,
    sandbox: openSandboxes(config.sandbox, {
      stateDir,
      secret: (name) => secrets.get(name)[0]?.reveal(),
      exchange: (key) => createExchange(join(stateDir, 'exchange'), key),
      ...(env['PATH'] === undefined ? {} : { searchPath: env['PATH'] }),
      log,
    }).service,
    limits: {
      ...DEFAULT_LIMITS,
      memoryBytes: config.sandbox.memoryBytes,
      processes: config.sandbox.processes,
      workspaceBytes: config.sandbox.workspaceBytes,
    },
    reasoner: createReasoner(strategies),
    model: models[options.model](),
    budgetLimits: config.budget,
    artifacts,
    parsePolicy: parseRepositoryPolicy,
    redact,
    log,
    executable: findTemporalExecutable({ setting: config.temporal.executable, env }),
    caps: settingsFrom(config).caps,
  };
}

const numbers = ({ healed, escalated, abstained, wrong }: Numbers): string =>
  `${healed} healed, ${escalated} escalated, ${abstained} abstained, ${wrong} wrong`;

function line({ healingId, then, now, wrong, differences }: Compared): string {
  const cost =
    now.tokens === 0
      ? `${now.minutes.toFixed(1)} min`
      : `${now.minutes.toFixed(1)} min, ${now.tokens} tokens, ${now.usd.toFixed(2)} US dollars`;
  const what = wrong ? 'WRONG: heals with the change that was taken back' : differences.length === 0 ? 'as it was' : differences.join('; ');
  return `  ${healingId}  ${then.kind} (${then.reason}) -> ${now.kind} (${now.reason})  ${what}  [${cost}]`;
}

/** `suture backtest`: tells recorded incidents again, with another prompt, model, policy or version, and writes nothing. */
export async function backtest(options: BacktestOptions, out: Output): Promise<number> {
  const stateDir = stateFolder(process.env);
  const recorded = await readCases(join(stateDir, 'audit'), options);
  const cases = recorded.cases.slice(-options.limit);
  if (cases.length === 0) {
    out.bad(`no recorded incident fits in ${stateDir}; healings that ended are recorded in its audit trail`);
    return EXIT_CODES.notFound.code;
  }
  const policy = options.policy === undefined ? undefined : parseRepositoryPolicy(await readFile(options.policy, 'utf8'));
  const { executable, caps, ...parts } = openParts(stateDir, options, recorded);
  out.step(`telling ${cases.length} incident(s) again; nothing is written outside the sandbox`);
  const world = await openReplayWorld(parts, {
    executable,
    cacheDir: join(stateDir, 'cache'),
    caps,
    ...(policy === undefined ? {} : { policy }),
  });
  const compared: Compared[] = [];
  try {
    for (const each of cases) {
      try {
        const result = compare(each, await world.replay(each));
        compared.push(result);
        out.step(line(result).trim());
      } catch (error) {
        if (!(error instanceof Failure) || error.code !== 'artifact-missing') throw error;
        out.bad(`${each.healingId}: its evidence is no longer there: ${error.message}`);
      }
    }
  } finally {
    await world.close();
  }
  const total = tally(compared);
  const cost = `${total.minutes.toFixed(1)} minutes in the sandbox, ${total.tokens} tokens, ${total.usd.toFixed(2)} US dollars`;
  const changed = compared.filter(({ differences, wrong }) => wrong || differences.length > 0);
  out.result(
    [
      '',
      `  incidents  ${compared.length} of ${cases.length}, ${changed.length} with differences`,
      `  then       ${numbers(total.then)}`,
      `  now        ${numbers(total.now)}`,
      `  cost       ${cost}`,
      ...(changed.length === 0 ? [] : ['', ...changed.map(line)]),
      '',
    ].join('\n'),
    { incidents: compared.length, missing: cases.length - compared.length, ...total, cases: compared },
  );
  return total.now.wrong > 0 ? EXIT_CODES.refused.code : EXIT_CODES.ok.code;
}
