import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { DeploymentResult } from '../src/domain/deployment-result.schema.ts';
import { FixProposal } from '../src/domain/fix-proposal.schema.ts';
import { Problem } from '../src/domain/problem.schema.ts';
import { RepositoryPolicy } from '../src/domain/repository-policy.schema.ts';
import { SandboxJobSpec } from '../src/domain/sandbox-job.schema.ts';

/** The published JSON Schemas of what people write, and of what agents say to each other. `--check` fails when a file does not say the same. */
const SCHEMAS = [
  { name: 'suture', id: 'urn:suture:repository-policy:1', title: 'Suture policy of a repository', schema: RepositoryPolicy },
  { name: 'sandbox-job', id: 'urn:suture:sandbox-job:1', title: 'Job of a Suture sandbox', schema: SandboxJobSpec },
  { name: 'problem', id: 'urn:suture:problem:1', title: 'Problem', schema: Problem },
  { name: 'fix-proposal', id: 'urn:suture:fix-proposal:1', title: 'Fix proposal', schema: FixProposal },
  { name: 'deployment-result', id: 'urn:suture:deployment-result:1', title: 'Deployment result', schema: DeploymentResult },
] as const;
for (const { name, id, title, schema } of SCHEMAS) {
  const file = new URL(`../schema/${name}.schema.json`, import.meta.url);
  const text = `${JSON.stringify({ $id: id, title, ...z.toJSONSchema(schema, { io: 'input' }) }, null, 2)}\n`;
  const before = await readFile(file, 'utf8').catch(() => '');
  if (before === text) continue;
  if (process.argv.includes('--check')) {
    process.stderr.write(`schema/${name}.schema.json is out of date; run \`npm run docs\`\n`);
    process.exit(1);
  }
  await mkdir(new URL('.', file), { recursive: true });
  await writeFile(file, text);
}
