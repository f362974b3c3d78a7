import type { FileRead, StrategyContext } from '../contract.ts';
import { INSTRUCTION_FILES, mayBeChanged } from './paths.ts';
import { around, difference, type Section } from './prompt.ts';

/** Characters of one file. */
const FILE_CAP = 30_000;

const linesAt = ({ digest }: StrategyContext, path: string): readonly number[] => [
  ...new Set([
    ...(digest?.frames ?? []).filter((frame) => frame.path === path).map(({ line }) => line),
    ...(digest?.complaints ?? []).flatMap((complaint) => (complaint.path === path && complaint.line !== undefined ? [complaint.line] : [])),
  ]),
];

function failure({ incident, digest, reproduction, diagnosis }: StrategyContext): readonly Section[] {
  const complaints = (digest?.complaints ?? []).map(
    ({ tool, rule, path, line, message }) => `${tool} ${rule ?? ''} ${path ?? ''}:${line ?? ''} ${message}`,
  );
  const log = (digest?.excerpts ?? []).map(({ why, from, text, times }) => `[${why}, line ${from}, ${times} times]\n${text}`);
  const [run] = reproduction?.runs ?? [];
  return [
    {
      name: 'what fails',
      cap: 6_000,
      text: [
        `command ${incident.failing.name}: ${incident.failing.run}`,
        `counted evidence says (${diagnosis.class}): ${diagnosis.cause}`,
        ...incident.failingTests.map((test) => `failing test: ${test}`),
      ].join('\n'),
    },
    { name: 'complaints of tools', cap: 8_000, text: complaints.join('\n') },
    { name: 'log', cap: 16_000, text: log.length > 0 ? log.join('\n') : (run?.excerpt ?? '') },
  ];
}

function history({ incident, files, tried }: StrategyContext): readonly Section[] {
  const commits = incident.commits.map(({ sha, subject, paths }) => `${sha.slice(0, 10)} ${subject}\n  ${paths.join(' ')}`);
  const green = incident.lastGreenSha;
  const before = (path: string): FileRead | undefined => files.find((file) => file.sha === green && file.path === path);
  const changes = files
    .filter(({ sha, path }) => sha === incident.headSha && before(path) !== undefined)
    .flatMap(({ path, text }) => {
      const was = before(path)?.text ?? '';
      return was === (text ?? '') ? [] : [`${path}, ${difference(was, text ?? '')}`];
    });
  return [
    {
      name: 'what was tried before, and how it ended',
      cap: 4_000,
      text: tried.map(({ planTitle, result }) => `${planTitle}: ${result}`).join('\n'),
    },
    { name: 'commits since it was green, newest first', cap: 5_000, text: commits.join('\n') },
    { name: 'changes since it was green', cap: 16_000, text: changes.join('\n\n') },
  ];
}

function instructions({ files, defaultHead }: StrategyContext): readonly Section[] {
  const found = files.find(({ sha, path, text }) => sha === defaultHead && INSTRUCTION_FILES.includes(path) && text !== null);
  return found === undefined ? [] : [{ name: `advice of the repository on style (${found.path})`, cap: 6_000, text: found.text ?? '' }];
}

/** Whether a file's text may go out: a private key that is cut in two is recognised by nobody. */
const holdsKey = (text: string): boolean => /PRIVATE KEY/.test(text);

function contents(context: StrategyContext): readonly Section[] {
  const { incident, files, policy } = context;
  return files
    .filter(({ sha }) => sha === incident.headSha)
    .map(({ path, text, why }) => {
      if (text === null || holdsKey(text)) return { name: `file ${path}`, cap: 200, text: `[not shown: ${why ?? 'it holds a key'}]` };
      const may = mayBeChanged(path, policy.protectedPaths) ? 'may be changed' : 'must not be changed';
      return { name: `file ${path} (${may})`, cap: FILE_CAP, text: around(text, linesAt(context, path), FILE_CAP) };
    });
}

/** Everything that a model is shown, the most telling first. */
export function evidenceOf(context: StrategyContext): readonly Section[] {
  return [...failure(context), ...history(context), ...instructions(context), ...contents(context)];
}

/** Files that may be changed: read at the broken revision, text, and no more than was shown of them as a name. */
export function editableFiles({ incident, files, policy }: StrategyContext): ReadonlyArray<FileRead & { readonly text: string }> {
  return files.flatMap((file) => {
    const { sha, path, text } = file;
    const may = sha === incident.headSha && text !== null && !holdsKey(text) && mayBeChanged(path, policy.protectedPaths);
    return may ? [{ ...file, text }] : [];
  });
}
