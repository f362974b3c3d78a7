import { describe, expect, it } from 'vitest';
import type { StrategyContext } from '../../src/strategies/contract.ts';
import { dependency } from '../../src/strategies/dependency/index.ts';
import { narrow } from '../../src/strategies/dependency/narrow.ts';
import { isOlder } from '../../src/strategies/dependency/versions.ts';
import { afterTrials, afterTrying, answered, commitOf, contextOf, type Given, GREEN, HEAD, type Tree } from './context.ts';

interface Package {
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}
const lock = (wants: Readonly<Record<string, string>>, packages: Readonly<Record<string, Package>>) =>
  `${JSON.stringify(
    {
      name: 'shop',
      lockfileVersion: 3,
      requires: true,
      packages: {
        '': { name: 'shop', dependencies: wants },
        ...Object.fromEntries(
          Object.entries(packages).map(([name, each]) => [
            `node_modules/${name}`,
            { ...each, integrity: `sha512-${name}-${each.version}` },
          ]),
        ),
      },
    },
    null,
    2,
  )}\n`;
const manifest = (dependencies: Readonly<Record<string, string>>, more: object = {}) =>
  `${JSON.stringify({ name: 'shop', dependencies, ...more }, null, 2)}\n`;
const versions = (text: string | undefined): Record<string, string> =>
  Object.fromEntries(
    Object.entries((JSON.parse(text ?? '{}') as { packages: Record<string, Package> }).packages).map(([key, { version }]) => [
      key.replace('node_modules/', ''),
      version,
    ]),
  );

const changed = (paths: readonly string[], more: Given = {}): StrategyContext =>
  contextOf({ kind: 'dependency', commits: [commitOf(HEAD, { paths: [...paths] })], ...more });

const WANTS = { a: '^1.0.0', b: '^1.0.0', c: '^1.0.0', d: '^1.0.0' };
const at = (version: string) => Object.fromEntries(Object.keys(WANTS).map((name) => [name, { version }]));
const now = { 'package.json': manifest(WANTS), 'package-lock.json': lock(WANTS, at('1.1.0')) };
const then = { 'package.json': manifest(WANTS), 'package-lock.json': lock(WANTS, at('1.0.0')) };
const moved: Tree = { [HEAD]: now, [GREEN]: then };

describe('the dependency strategy', () => {
  it('takes the whole lock file back first, where nothing but versions moved', () => {
    const context = changed(['package-lock.json']);
    expect(dependency.rank(context)).toMatchObject({ score: 84 });
    expect(answered(dependency, context, moved)).toMatchObject({
      plan: { steps: [{ kind: 'restore-file', path: 'package-lock.json', from: GREEN }], risk: 'medium' },
    });
  });

  it('then finds the one package that it hangs on by trials, and holds it for a time', () => {
    const context = changed(['package-lock.json']);
    const next = afterTrying(context, answered(dependency, context, moved));
    const { answer, trials } = afterTrials(dependency, next, moved, (texts) =>
      versions(texts['package-lock.json'])['c'] === '1.0.0' ? 'green' : 'red',
    );
    expect(trials).toBeLessThanOrEqual(4);
    if (answer.kind !== 'plan') throw new Error(answer.kind);
    expect(answer.plan).toMatchObject({
      title: 'Hold c at 1.0.0',
      proposals: [{ kind: 'expires', what: 'c is held at 1.0.0', until: '2026-12-23T12:00:00.000Z' }],
    });
    const [step] = answer.plan.steps;
    expect(step?.kind === 'write-text' && versions(step.text)).toMatchObject({ a: '1.1.0', b: '1.1.0', c: '1.0.0', d: '1.1.0' });
    expect(step?.kind === 'write-text' && step.text).toContain('sha512-c-1.0.0');
  });

  it('holds two packages where one alone does not help', () => {
    const context = afterTrying(changed(['package-lock.json']), answered(dependency, changed(['package-lock.json']), moved));
    const { answer } = afterTrials(dependency, context, moved, (texts) => {
      const tried = versions(texts['package-lock.json']);
      return tried['b'] === '1.0.0' && tried['d'] === '1.0.0' ? 'green' : 'red';
    });
    expect(answer).toMatchObject({ kind: 'plan', plan: { title: 'Hold b at 1.0.0, d at 1.0.0' } });
  });

  it('says when the versions are not to blame', () => {
    const context = afterTrying(changed(['package-lock.json']), answered(dependency, changed(['package-lock.json']), moved));
    expect(afterTrials(dependency, context, moved, () => 'red')).toMatchObject({
      trials: 1,
      answer: { refusal: { code: 'not-the-versions' } },
    });
    expect(afterTrials(dependency, context, moved, () => 'unclear')).toMatchObject({ answer: { refusal: { code: 'not-the-versions' } } });
  });

  it('looks at direct packages before those that others ask for, takes what the old version needs along, and the range with it', () => {
    const tree = {
      [HEAD]: {
        'package.json': manifest({ web: '^2.0.0', other: '^1.0.0' }),
        'package-lock.json': lock(
          { web: '^2.0.0', other: '^1.0.0' },
          { web: { version: '2.0.0', dependencies: { router: '^2.0.0' } }, router: { version: '2.0.0' }, other: { version: '1.5.0' } },
        ),
      },
      [GREEN]: {
        'package.json': manifest({ web: '^1.0.0', other: '^1.0.0' }),
        'package-lock.json': lock(
          { web: '^1.0.0', other: '^1.0.0' },
          {
            web: { version: '1.0.0', dependencies: { router: '^1.0.0', gone: '^1.0.0' } },
            router: { version: '1.0.0' },
            gone: { version: '1.0.0' },
            other: { version: '1.0.0' },
          },
        ),
      },
    };
    const { answer } = afterTrials(dependency, changed(['package.json', 'package-lock.json']), tree, (texts) =>
      versions(texts['package-lock.json'])['router'] === '1.0.0' ? 'green' : 'red',
    );
    if (answer.kind !== 'plan') throw new Error(JSON.stringify(answer));
    expect(answer.plan.title).toBe('Hold web at 1.0.0');
    const texts = Object.fromEntries(answer.plan.steps.flatMap((step) => (step.kind === 'write-text' ? [[step.path, step.text]] : [])));
    expect(versions(texts['package-lock.json'])).toMatchObject({ web: '1.0.0', router: '1.0.0', gone: '1.0.0', other: '1.5.0' });
    expect(JSON.parse(texts['package.json'] ?? '')).toEqual({ name: 'shop', dependencies: { web: '^1.0.0', other: '^1.0.0' } });
    expect(texts['package-lock.json']).toContain('"web": "^1.0.0"');
  });

  it.each<readonly [string, Given, object]>([
    ['a floor of the policy', { policy: { security: [{ package: 'c', atLeast: '1.0.1' }] } }, {}],
    ['an override since green', {}, { overrides: { c: '1.1.0' } }],
    [
      'a commit that speaks of security',
      { commits: [commitOf(HEAD, { paths: ['package-lock.json'], subject: 'Bump c to 1.1.0 [security]' })] },
      {},
    ],
  ])('never goes below a security fix: %s', (_what, given, more) => {
    const tree = { ...moved, [HEAD]: { ...now, 'package.json': manifest(WANTS, more) } };
    const context = changed(['package-lock.json', 'package.json'], given);
    const tried: Record<string, string>[] = [];
    const { answer } = afterTrials(dependency, context, tree, (texts) => {
      tried.push(versions(texts['package-lock.json']));
      return tried.at(-1)?.['c'] === '1.0.0' ? 'green' : 'red';
    });
    expect(answer).toMatchObject({ kind: 'refused', refusal: { code: 'not-the-versions' } });
    expect(tried.map((each) => each['c'])).toEqual(['1.1.0']);
  });

  it.each<readonly [string, StrategyContext, Tree, string]>([
    [
      'security-fix',
      changed(['package-lock.json'], { commits: [commitOf(HEAD, { paths: ['package-lock.json'], subject: 'Fix CVE-2026-1234' })] }),
      moved,
      'which package is not said',
    ],
    [
      'security-fix',
      changed(['package-lock.json'], { policy: { security: Object.keys(WANTS).map((name) => ({ package: name, atLeast: '1.1.0' })) } }),
      moved,
      'all of them',
    ],
    ['nothing-moved', changed(['package-lock.json']), { ...moved, [HEAD]: then }, 'nothing moved'],
    [
      'not-readable',
      changed(['package-lock.json']),
      { ...moved, [HEAD]: { ...now, 'package-lock.json': '{"lockfileVersion":1}' } },
      'an old format',
    ],
  ])('refuses as %s', (code, context, tree) => {
    expect(answered(dependency, context, tree)).toMatchObject({ kind: 'refused', refusal: { code } });
  });

  it('does not apply where no lock file changed, or no green revision is known', () => {
    expect(dependency.rank(changed(['src/a.ts']))).toMatchObject({ refusal: { code: 'nothing-locked' } });
    const { lastGreenSha: _, ...incident } = changed(['package-lock.json']).incident;
    expect(dependency.rank({ ...changed([]), incident })).toMatchObject({ refusal: { code: 'no-green-revision' } });
  });

  it('holds one line of requirements.txt, with its hashes', () => {
    const pins = (version: string) =>
      `# made by pip-compile\nflask==${version} \\\n    --hash=sha256:${version}\n    # via -r requirements.in\njinja2==3.${version}\n    # via flask\nlocal @ file:///x\n`;
    const tree = { [HEAD]: { 'requirements.txt': `${pins('3.1.0')}extra==1.0\n` }, [GREEN]: { 'requirements.txt': pins('3.0.0') } };
    const { answer } = afterTrials(dependency, changed(['requirements.txt']), tree, (texts) =>
      texts['requirements.txt']?.includes('flask==3.0.0') === true ? 'green' : 'red',
    );
    expect(answer).toMatchObject({
      plan: {
        title: 'Hold flask at 3.0.0',
        steps: [
          {
            path: 'requirements.txt',
            text: '# made by pip-compile\nflask==3.0.0 \\\n    --hash=sha256:3.0.0\n    # via -r requirements.in\njinja2==3.3.1.0\n    # via flask\nlocal @ file:///x\nextra==1.0\n',
          },
        ],
      },
    });
  });

  it('keeps a requirement whose comment speaks of security', () => {
    const pins = (version: string) => `# security: CVE-2026-1\nflask==${version}\njinja2==${version}\n`;
    const tree = { [HEAD]: { 'requirements.txt': pins('2.0') }, [GREEN]: { 'requirements.txt': pins('1.0') } };
    const { answer } = afterTrials(dependency, changed(['requirements.txt']), tree, (texts) =>
      texts['requirements.txt']?.includes('flask==1.0') === true ? 'green' : 'red',
    );
    expect(answer).toMatchObject({ refusal: { code: 'not-the-versions' } });
  });

  it('holds one module of go.mod and keeps the sums of both', () => {
    const mod = (web: string, log: string) =>
      `module example.com/shop\n\ngo 1.24\n\nrequire (\n\texample.com/web ${web}\n\texample.com/log ${log} // indirect\n)\n`;
    const tree = {
      [HEAD]: { 'go.mod': mod('v1.2.0', 'v1.1.0'), 'go.sum': 'example.com/web v1.2.0 h1:b=\n' },
      [GREEN]: { 'go.mod': mod('v1.1.0', 'v1.0.0'), 'go.sum': 'example.com/web v1.1.0 h1:a=\n' },
    };
    const context = changed(['go.mod', 'go.sum']);
    const whole = answered(dependency, context, tree);
    expect(whole).toMatchObject({ plan: { steps: [{ path: 'go.mod' }, { path: 'go.sum' }] } });
    const { answer } = afterTrials(dependency, afterTrying(context, whole), tree, (texts) =>
      texts['go.mod']?.includes('web v1.1.0') === true ? 'green' : 'red',
    );
    expect(answer).toMatchObject({
      plan: {
        title: 'Hold example.com/web at v1.1.0',
        steps: [
          { path: 'go.mod', text: mod('v1.1.0', 'v1.1.0') },
          { path: 'go.sum', text: 'example.com/web v1.1.0 h1:a=\nexample.com/web v1.2.0 h1:b=\n' },
        ],
      },
    });
  });
});

describe('narrowing', () => {
  it('finds one of 200 within 10 trials', () => {
    const names = Array.from({ length: 200 }, (_, index) => `p${index}`);
    for (const culprit of [0, 1, 99, 199]) {
      const answers = new Map<string, 'green' | 'not-green'>();
      for (;;) {
        const step = narrow(names, (set) => answers.get([...set].sort().join()) ?? null);
        if (step.kind !== 'try') {
          expect(step).toEqual({ kind: 'found', names: [`p${culprit}`] });
          break;
        }
        answers.set([...step.names].sort().join(), step.names.includes(`p${culprit}`) ? 'green' : 'not-green');
      }
      expect(answers.size).toBeLessThanOrEqual(10);
    }
  });

  it('holds at most three packages', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    expect(narrow(names, (set) => (set.length >= 4 ? 'green' : 'not-green'))).toEqual({ kind: 'none', code: 'many-culprits' });
  });
});

describe('the order of versions', () => {
  it.each([
    ['1.2.3', '1.10.0', true],
    ['v1.10.0', 'v1.2.3', false],
    ['1.0.0', '1.0.0', false],
    ['1.0.0-rc.1', '1.0.0', true],
    ['1.0.0', '1.0.0-rc.1', false],
    ['1.0', '1.0.0', false],
    ['2.0.0+build', '2.0.0', false],
    ['latest', '1.0.0', true],
    ['0.0.0-20240101000000-abcdef', '0.0.1', true],
  ])('%s is older than %s: %s', (version, than, older) => {
    expect(isOlder(version, than)).toBe(older);
  });
});
