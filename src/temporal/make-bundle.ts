import { rename, rm, writeFile } from 'node:fs/promises';
import { bundleWorkflowCode } from '@temporalio/worker';

/** Process of `bundle.ts`, `node make-bundle.ts <workflows> <bundle>`: makes the bundle and ends, and the compiler's 150 MiB with it. */
const [workflowsPath, codePath] = process.argv.slice(2);
if (workflowsPath === undefined || codePath === undefined) throw new Error('usage: make-bundle.ts <workflows> <bundle>');
const { code } = await bundleWorkflowCode({
  workflowsPath,
  logger: { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} },
});
const partial = `${codePath}.${process.pid}`;
try {
  await writeFile(partial, code);
  await rename(partial, codePath);
} catch (error) {
  // On a full disk the half would keep others from what room there is.
  await rm(partial, { force: true });
  throw error;
}
