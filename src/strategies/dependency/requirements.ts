import type { Comparison, Ecosystem } from './contract.ts';

const FILE = 'requirements.txt';
const PIN = /^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*===?\s*([A-Za-z0-9.!+*_-]+)/;
const SECURITY = /security|CVE-\d|GHSA-/i;

/** One requirement with its hashes and comments, or lines that are none. */
interface Block {
  readonly text: string;
  readonly name: string | null;
  readonly version: string;
  readonly direct: boolean;
  readonly held: boolean;
}

/** Blocks of a file: a line, what continues it, and the comments indented below it; the comment above belongs to it, too. */
function blocksOf(text: string): readonly Block[] {
  const groups: string[][] = [];
  for (const line of text.split('\n')) {
    const last = groups.at(-1);
    const continues =
      last !== undefined && (last.at(-1)?.trimEnd().endsWith('\\') === true || (/^\s+#/.test(line) && PIN.test(last[0] ?? '')));
    if (continues) last.push(line);
    else groups.push([line]);
  }
  return groups.map((lines, at) => {
    const whole = lines.join('\n');
    const [, name, version = ''] = PIN.exec(lines[0] ?? '') ?? [];
    const above = groups[at - 1] ?? [];
    const noted = above.length === 1 && above[0]?.startsWith('#') === true ? above[0] : '';
    return {
      text: whole,
      name: name === undefined ? null : name.toLowerCase().replace(/[-_.]+/g, '-'),
      version,
      // pip-compile says by whom it is wanted.
      direct: !/#\s*via\b/.test(whole) || /(?:via|#)\s+-r\s/.test(whole),
      held: SECURITY.test(whole) || SECURITY.test(noted),
    };
  });
}

function compare(head: string, green: string): Comparison {
  const [now, then] = [blocksOf(head), blocksOf(green)];
  const before = new Map(then.flatMap((block) => (block.name === null ? [] : [[block.name, block] as const])));
  const names = (blocks: readonly Block[]) =>
    blocks
      .flatMap(({ name }) => (name === null ? [] : [name]))
      .sort()
      .join(' ');
  const rest = (blocks: readonly Block[]) =>
    blocks.flatMap(({ name, text }) => (name === null && !/^\s*(?:#|$)/.test(text) ? [text.trim()] : [])).join('\n');
  return {
    moved: now.flatMap((block) => {
      const earlier = block.name === null ? undefined : before.get(block.name);
      if (block.name === null || earlier === undefined || earlier.version === block.version) return [];
      return [{ name: block.name, from: earlier.version, to: block.version, direct: block.direct, held: block.held }];
    }),
    onlyVersions: names(now) === names(then) && rest(now) === rest(then),
    closure: (wanted) => wanted,
    withGreen: (wanted) => [
      {
        kind: 'write-text',
        path: FILE,
        text: now
          .map((block) => (block.name !== null && wanted.has(block.name) ? (before.get(block.name)?.text ?? block.text) : block.text))
          .join('\n'),
        mode: '100644',
      },
    ],
  };
}

/** requirements.txt with exact versions. */
export const requirements: Ecosystem = {
  id: 'pip',
  locks: [FILE],
  manifests: [],
  compare(head, green) {
    const [now, then] = [head(FILE), green(FILE)];
    return now === null || then === null ? null : compare(now, then);
  },
};
