import { isUtf8 } from 'node:buffer';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { jobOfSpec, serverLimits } from '../../activities/job-of-spec.ts';
import { loadConfig, loadSecrets, parseSandboxJob, stateFolder } from '../../config/index.ts';
import { Failure } from '../../domain/failure.ts';
import type { TestReport } from '../../domain/proof.schema.ts';
import type { SandboxJobSpec } from '../../domain/sandbox-job.schema.ts';
import { mirrorExisting } from '../../integrations/local/admin.ts';
import { createLocalForge } from '../../integrations/local/forge.ts';
import { integrations } from '../../integrations/registry.ts';
import { hasCode } from '../../lib/error-code.ts';
import { createRedactor } from '../../lib/redact.ts';
import { parseReport } from '../../reports/index.ts';
import type { JobResult, SandboxJob, StepResult } from '../../sandbox/contract.ts';
import { openSandboxes } from '../../sandbox/registry.ts';
import { createExchange } from '../../store/exchange.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { type Output, plain } from '../output.ts';

const MIB = 1024 ** 2;
/** Lines of a failed step that people see; all of it is in `--json`. */
const SHOWN_LINES = 30;

/** The base as it is committed: read from a mirror, so that nothing of the repository's own configuration takes part. */
async function baseOf({ base }: SandboxJobSpec, file: string, folder: string): Promise<SandboxJob['openBase']> {
  const { repo, branch } = await mirrorExisting(folder, resolve(dirname(file), base.repository));
  const { repositories } = createLocalForge(folder);
  const sha = await repositories.resolve(repo, base.revision ?? branch);
  if (sha === null) throw new Failure('revision-gone', `base.revision: there is no branch or commit ${base.revision ?? branch}`);
  return () => repositories.exportTree(repo, sha);
}

/** Takes secrets out of all that a job printed or handed back, and says where; what is no text is left as it is. */
function cleanResult(result: JobResult, redact: (text: string) => string): JobResult {
  const found: string[] = [];
  const clean = (path: string, content: Buffer): Buffer => {
    const text = content.toString();
    const cleaned = isUtf8(content) ? redact(text) : text;
    if (cleaned === text) return content;
    found.push(`${JSON.stringify(path)}: a secret in it was taken out`);
    return Buffer.from(cleaned);
  };
  return {
    ...result,
    steps: result.steps.map((step) => ({ ...step, output: redact(step.output) })),
    artifacts: new Map([...result.artifacts].map(([path, content]) => [path, clean(path, Buffer.from(content))])),
    changes: result.changes.map((change) =>
      change.op === 'delete'
        ? change
        : { ...change, content: clean(change.path, Buffer.from(change.content, 'base64')).toString('base64') },
    ),
    refused: [...result.refused, ...found],
  };
}

function describeStep({ name, exitCode, signal, killedBy, durationMs }: StepResult): string {
  const how = killedBy === null ? (exitCode === null ? `signal ${signal}` : `exit code ${exitCode}`) : `ended by its ${killedBy} limit`;
  return `${name}: ${how}, ${(durationMs / 1000).toFixed(1)} s`;
}

function tell(result: JobResult, report: TestReport | null, out: Output): void {
  for (const step of result.steps) {
    const good = step.exitCode === 0;
    out[good ? 'good' : 'bad'](describeStep(step));
    if (!good) for (const line of step.output.trimEnd().split('\n').slice(-SHOWN_LINES)) out.detail(plain(line));
    if (step.outputTruncated) out.detail('its output was longer than the limit; the middle is cut out');
  }
  if (report !== null) {
    const count = (status: string) => report.tests.filter((test) => test.status === status).length;
    out.step(`report: ${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`);
    for (const { name } of report.tests.filter(({ status }) => status === 'failed').slice(0, SHOWN_LINES)) out.detail(`failed: ${name}`);
  }
  for (const change of result.changes) out.step(`${change.op === 'write' ? 'wrote' : 'deleted'} ${change.path}`);
  for (const refused of result.refused) out.bad(`refused: ${refused}`);
  for (const { endpoint, connections, refused, sentBytes, receivedBytes } of result.connections)
    out.step(`endpoint ${endpoint}: ${connections} connection(s), ${refused} refused, ${sentBytes} bytes sent, ${receivedBytes} received`);
  const peak = result.usage.peakMemoryBytes;
  out.step(`isolation: ${result.isolation}${peak === null ? '' : `; ${(peak / MIB).toFixed(0)} MiB at most`}`);
}

/** `suture sandbox run <job.yaml>`: runs one job of a specification in the configured sandbox and prints what it came to. Ctrl-C ends it. */
export async function sandboxRun(file: string, options: { readonly out?: string }, output: Output): Promise<number> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw hasCode(error, 'ENOENT') ? new Failure('plan-invalid', `there is no file ${file}`) : error;
  });
  const spec = parseSandboxJob(text, basename(file));
  const stateDir = stateFolder(process.env);
  const { config } = loadConfig({ stateDir, env: process.env, integrations });
  const secrets = loadSecrets(stateDir, process.env);
  const redact = createRedactor(secrets.all().map((secret) => secret.reveal()));
  const { service: sandbox } = openSandboxes(config.sandbox, {
    stateDir,
    secret: (name) => secrets.get(name)[0]?.reveal(),
    exchange: (key) => createExchange(join(stateDir, 'exchange'), key),
    ...(process.env['PATH'] === undefined ? {} : { searchPath: process.env['PATH'] }),
  });
  const folder = await mkdtemp(join(tmpdir(), 'suture-job-'));
  const stop = new AbortController();
  const end = () => stop.abort();
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  try {
    const job = jobOfSpec(spec, serverLimits(config.sandbox), await baseOf(spec, file, folder));
    output.step(`${spec.name}: ${job.steps.length} step(s) in the sandbox ${sandbox.id}`);
    const ran = await sandbox.run(job, { signal: stop.signal, onProgress: (line) => output.detail(plain(line)) });
    const result = cleanResult(ran, redact);
    const last = result.steps.at(-1);
    const bytes = spec.report?.path === undefined ? undefined : result.artifacts.get(spec.report.path);
    const report =
      spec.report === undefined || last === undefined ? null : parseReport(spec.report.format, { output: last.output, file: bytes });
    tell(result, report, output);
    if (options.out !== undefined) await writeOut(options.out, result.artifacts, output);
    const { artifacts, ...facts } = result;
    const failed = result.steps.find((step) => step.exitCode !== 0);
    output.result(failed === undefined ? 'passed' : `failed: ${describeStep(failed)}`, {
      ...facts,
      artifacts: Object.fromEntries([...artifacts].map(([path, content]) => [path, Buffer.from(content).toString('base64')])),
      report,
    });
    return failed === undefined ? EXIT_CODES.ok.code : EXIT_CODES.stepFailed.code;
  } finally {
    process.off('SIGINT', end);
    process.off('SIGTERM', end);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Writes artifacts below a folder; what is there already stays, because its content is nobody's to overwrite. */
async function writeOut(folder: string, artifacts: JobResult['artifacts'], output: Output): Promise<void> {
  for (const [path, content] of artifacts) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content, { flag: 'wx' }).catch((error: unknown) => {
      if (!hasCode(error, 'EEXIST')) throw error;
      throw new Failure('conflict', `${target} is there already; name another folder`);
    });
    output.step(`artifact ${target}, ${content.length} bytes`);
  }
}
