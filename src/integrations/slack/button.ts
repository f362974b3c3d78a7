import { z } from 'zod';
import { RepoRef, Subject } from '../../domain/names.schema.ts';

/** The commands that stand on a card, as every door names them; `explain` is the button Ask. */
export const COMMANDS = ['approve', 'reject', 'explain', 'stop'] as const;
/** One of them. */
export type Command = (typeof COMMANDS)[number];

/** What a button carries: the very healing, and the very change that its card shows. */
export const ButtonValue = z.strictObject({
  v: z.literal(1),
  owner: RepoRef.shape.owner,
  name: RepoRef.shape.name,
  subject: Subject,
  /** Key of the card, hashed: the same subject may break again. */
  card: z.string().regex(/^[0-9a-f]{32}$/),
  /** The change set that was shown; absent on a button that is not about one. */
  changeSet: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
});
export type ButtonValue = z.infer<typeof ButtonValue>;

/** The action id of a command's button. */
export const actionId = (command: Command): string => `suture.${command}`;

/** Action id of the button that only opens a page. */
export const OPEN_ACTION = 'suture.open';

/** The command of an action id; null for the others, such as the link. */
export function commandOf(action: string): Command | null {
  return COMMANDS.find((command) => actionId(command) === action) ?? null;
}
