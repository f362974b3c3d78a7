import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { RepositoryPolicy } from '../src/domain/repository-policy.schema.ts';

/** The published JSON Schema of `.github/suture.yml`. `--check` fails when the file does not say the same. */
const file = new URL('../schema/suture.schema.json', import.meta.url);
const schema = {
  $id: 'urn:suture:repository-policy:1',
  title: 'Suture policy of a repository',
  ...z.toJSONSchema(RepositoryPolicy, { io: 'input' }),
};
const text = `${JSON.stringify(schema, null, 2)}\n`;
const before = await readFile(file, 'utf8').catch(() => '');
if (before !== text) {
  if (process.argv.includes('--check')) {
    process.stderr.write('schema/suture.schema.json is out of date; run `npm run docs`\n');
    process.exit(1);
  }
  await mkdir(new URL('.', file), { recursive: true });
  await writeFile(file, text);
}
