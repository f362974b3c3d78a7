/** Lines of a job that goes well, as a forge keeps them: times, installs, passing tests. `seed` changes every number and nothing else. */
export function quietLines(count: number, seed: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => {
    const number = (at * 7919 + seed * 104_729) % 1_000_003;
    const time = `2026-05-01T10:${String(number % 60).padStart(2, '0')}:${String(at % 60).padStart(2, '0')}.${String(number).padStart(7, '0')}Z`;
    const id = ((number * 2_654_435_761) % 4_294_967_296).toString(16).padStart(8, '0');
    switch (at % 5) {
      case 0:
        return `${time} npm http fetch GET 200 https://registry.npmjs.org/package-${WORDS[at % WORDS.length]} ${number % 900}ms (cache revalidated)`;
      case 1:
        return `${time}  ✓ test/${WORDS[at % WORDS.length]}/${WORDS[(at >> 3) % WORDS.length]}.test.ts (${number % 40} tests) ${number % 300}ms`;
      case 2:
        return `${time} [worker-${number % 8}] compiled /workspace/src/${WORDS[(at >> 2) % WORDS.length]}/index.ts in ${number % 70}ms, 0 errors`;
      case 3:
        return `${time} Progress (${number % 8}): ${number % 900}/${number % 9000} kB of layer ${id}`;
      default:
        return `${time} {"level":"info","msg":"request handled","id":"${id}","status":200,"ms":${number % 500}}`;
    }
  });
}

const WORDS = [
  'cart',
  'login',
  'search',
  'invoice',
  'upload',
  'report',
  'profile',
  'queue',
  'mailer',
  'export',
  'webhook',
  'theme',
  'audit',
];

/** A whole job that ends with what a tool printed, and the same job when it was green. */
export function jobAround(output: string): { readonly red: string; readonly green: string } {
  const stamp = (line: string) => (/^\d{4}-\d\d-\d\dT/.test(line) ? line : `2026-05-01T10:20:30.1234567Z ${line}`);
  const job = (seed: number, printed: readonly string[]) =>
    [
      stamp('##[group]Run npm ci'),
      stamp('##[endgroup]'),
      ...quietLines(600, seed),
      stamp('##[group]Run make check'),
      stamp('make check'),
      stamp('##[endgroup]'),
      ...quietLines(600, seed + 1),
      ...printed.map(stamp),
      stamp('Post job cleanup.'),
      ...quietLines(20, seed + 2),
    ].join('\n');
  return { red: job(3, [...output.trimEnd().split('\n'), '##[error]Process completed with exit code 1.']), green: job(11, []) };
}
