/** What a person may ask for in a comment. */
export const COMMANDS = ['heal', 'explain', 'approve', 'reject', 'delegate', 'split', 'retry', 'stop', 'status'] as const;
export type Command = (typeof COMMANDS)[number];

/** A command of a comment. */
export interface CommandLine {
  readonly command: Command;
  /** First digits of the change set's hash that the person saw; only of `approve` and `reject`. */
  readonly changeSet?: string;
  /** Who is to decide, of `delegate`; the healing whose evidence was joined wrongly, of `split`. */
  readonly to?: string;
}

/** Longest first line that is looked at, in characters. */
const MAX_LINE = 300;

const isCommand = (word: string): word is Command => (COMMANDS as readonly string[]).includes(word);

/**
 * Reads the first line of a comment: `/suture <command>`, in any case, the hash of a change set after `approve` and `reject`, who after `delegate`, the other healing after
 * `split`. It must
 * begin in the first column and hold nothing else, so that quotes, code, lists, sentences and hidden characters are never commands.
 */
export function readCommand(body: string): CommandLine | null {
  const line = body.slice(0, MAX_LINE + 1).split(/\r?\n/, 1)[0] ?? '';
  if (line.length > MAX_LINE) return null;
  const handed = /^\/suture[ \t]+delegate[ \t]+(?:@([A-Za-z0-9][A-Za-z0-9-]{0,38})|(slack:[UW][A-Z0-9]{2,20}))[ \t]*$/i.exec(line);
  const to = handed?.[1] ?? handed?.[2];
  if (to !== undefined) return { command: 'delegate', to };
  const joined = /^\/suture[ \t]+split[ \t]+(heal\/[A-Za-z0-9._:/-]{1,250})[ \t]*$/i.exec(line)?.[1];
  if (joined !== undefined) return { command: 'split', to: joined };
  const [, given = '', hash] = /^\/suture[ \t]+([a-z]{1,10})(?:[ \t]+([0-9a-f]{8,64}))?[ \t]*$/i.exec(line) ?? [];
  const word = given.toLowerCase();
  if (!isCommand(word) || word === 'delegate' || word === 'split') return null;
  if (hash === undefined) return { command: word };
  return word === 'approve' || word === 'reject' ? { command: word, changeSet: hash.toLowerCase() } : null;
}
