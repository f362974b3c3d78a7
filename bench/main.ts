import { benchSandboxStart } from './sandbox-start.ts';

/** Performance figures, each beside the plain alternative in the same run. Exits non-zero when a target is missed. */
const met = await benchSandboxStart((line) => process.stdout.write(`${line}\n`));
process.exit(met ? 0 : 1);
