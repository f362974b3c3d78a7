import { Buffer } from 'node:buffer';
import type { ProvingCommand } from '../domain/incident.schema.ts';
import { Plan } from '../domain/plan.schema.ts';
import { decideChange } from '../domain/policy/decide-change.ts';
import { decidePlan } from '../domain/policy/decide-plan.ts';
import { capped } from '../domain/policy/gate/capped.ts';
import { reportFindings } from '../domain/policy/gate/reports.ts';
import { runGate } from '../domain/policy/gate.ts';
import { confirmationsFor, judgeProbe, judgeProof, judgeReproduction } from '../domain/policy/proof.ts';
import type { GateFinding, RunFacts } from '../domain/proof.schema.ts';
import type { Activities } from './contract.ts';
import type { ProvingDeps } from './deps.ts';
import { readDossier } from './dossier.ts';
import { gateFiles, reportOf, repositoryTexts } from './gate-evidence.ts';
import { getChangeSet, getJson } from './stored.ts';

/** Findings in history. */
const MAX_FINDINGS = 20;

async function widerFindings(
  deps: ProvingDeps,
  before: readonly RunFacts[],
  after: readonly RunFacts[],
  failing: string,
): Promise<readonly GateFinding[]> {
  const findings: GateFinding[] = [];
  for (const run of after.filter((candidate) => candidate.name !== failing)) {
    const earlier = before.find((candidate) => candidate.name === run.name);
    findings.push(...reportFindings(await reportOf(deps, earlier), await reportOf(deps, run), []));
  }
  return findings;
}

/** What runs later is held to the first run with the change: a test that hides only then is gone as well. */
async function hiddenLater(deps: ProvingDeps, green: RunFacts, later: readonly (RunFacts | undefined)[]): Promise<readonly GateFinding[]> {
  if (green.report === undefined) return [];
  const first = await reportOf(deps, green);
  const findings: GateFinding[] = [];
  for (const run of later) if (run !== undefined) findings.push(...reportFindings(first, await reportOf(deps, run), []));
  return findings;
}

/** A truncated log of at least this size has lost lines; in a shorter one only long lines were cut. */
const CUT_BYTES = 512 * 1024;

/** A report that is read from output tells nothing about tests that were cut out of it. */
function cutReports({ report, reportPath }: ProvingCommand, runs: readonly RunFacts[]): readonly GateFinding[] {
  return report !== 'exit-code' && reportPath === undefined && runs.some((run) => run.outputTruncated && run.log.size >= CUT_BYTES)
    ? [
        {
          code: 'report-cut',
          detail: 'the output was too long to be kept, so the test report in it is not whole: print less, or write a report file',
        },
      ]
    : [];
}

/** Verdicts: each is a pure function of what the store and the forge hold; its reasons stand in history. */
export function decideActivities(
  deps: ProvingDeps,
): Pick<Activities, 'decidePlan' | 'judgeReproduction' | 'judgeProbe' | 'judgeProof' | 'decideChange'> {
  return {
    async decidePlan({ dossier, plan }) {
      const { incident, policy } = await readDossier(deps, dossier);
      return decidePlan({ incident, policy, plan: await getJson(deps, plan, Plan) });
    },
    async judgeReproduction({ dossier, runs }) {
      const { incident } = await readDossier(deps, dossier);
      return judgeReproduction(runs, incident);
    },
    judgeProbe: async ({ runs, setup }) => judgeProbe(runs, setup),
    async judgeProof({ dossier: ref, plan, changeSet: changeSetRef, red, green, greenAgain, redAgain, rounds, widerBefore, widerAfter }) {
      const dossier = await readDossier(deps, ref);
      const { incident, policy } = dossier;
      const changeSet = await getChangeSet(deps, changeSetRef);
      const { files, restored } = await gateFiles(deps, dossier, changeSet);
      const texts = await repositoryTexts(deps, dossier, changeSet.base);
      const findings = [
        ...runGate({
          files,
          failing: incident.failing,
          commands: [incident.failing, ...incident.wider],
          failingTests: incident.failingTests,
          reportBefore: await reportOf(deps, red),
          reportAfter: await reportOf(deps, green),
          testTexts: texts.test,
          programTexts: texts.program,
          paths: texts.paths,
          policy,
          restored,
        }),
        ...cutReports(incident.failing, [red, green]),
        ...(await hiddenLater(deps, green, [greenAgain, ...(rounds ?? []).map(({ withIt }) => withIt)])),
        ...(await widerFindings(deps, widerBefore, widerAfter, incident.failing.name)),
      ];
      const said = capped(findings, MAX_FINDINGS).map((finding) => ({ ...finding, detail: deps.redact(finding.detail).slice(0, 300) }));
      return judgeProof({
        red,
        green,
        greenAgain,
        redAgain,
        rounds,
        confirmations: confirmationsFor(plan === undefined ? null : await getJson(deps, plan, Plan), policy),
        widerBefore,
        widerAfter,
        findings: said,
        failingTests: incident.failingTests,
      });
    },
    async decideChange({ dossier, plan, changeSet: changeSetRef, proof, failureClass }) {
      const { incident, policy } = await readDossier(deps, dossier);
      const changeSet = await getChangeSet(deps, changeSetRef);
      const bytes = changeSet.files.reduce((sum, file) => sum + (file.op === 'write' ? Buffer.byteLength(file.content, 'base64') : 0), 0);
      const paths = changeSet.files.map((file) => file.path);
      return decideChange({
        incident,
        policy,
        plan: await getJson(deps, plan, Plan),
        changeSet: changeSetRef,
        bytes,
        paths,
        proof,
        failureClass,
      });
    },
  };
}
