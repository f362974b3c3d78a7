/** Scopes of the bot token, and what each is for. The manifest asks for these and no more. */
export const REQUIRED_SCOPES: ReadonlyArray<readonly [scope: string, why: string]> = [
  ['chat:write', 'post the card of a healing, edit it, and answer in its thread'],
  ['channels:history', 'find its own messages again in public channels, so that nothing is posted twice'],
  ['groups:history', 'the same in private channels'],
  ['channels:read', 'see whether it is in the channels that are configured'],
  ['groups:read', 'the same for private channels'],
  ['usergroups:read', 'see who is in the user groups that may approve'],
];
