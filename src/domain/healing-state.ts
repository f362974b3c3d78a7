/** Where one healing stands, with the moves allowed: exhaustive, so a new state cannot be forgotten anywhere. */
export const HEALING_MOVES = {
  received: ['normalizing', 'ending'],
  normalizing: ['admitting', 'ending'],
  admitting: ['waiting-for-slot', 'correlating', 'reasoning', 'ending'],
  'waiting-for-slot': ['correlating', 'reasoning', 'ending'],
  correlating: ['acting', 'admitting', 'escalating', 'ending'],
  acting: ['acting', 'admitting', 'awaiting-approval', 'verifying', 'escalating', 'ending'],
  reproducing: ['reasoning', 'escalating', 'ending'],
  reasoning: ['reproducing', 'proving', 'reasoning', 'acting', 'awaiting-approval', 'escalating', 'ending'],
  proving: ['proving', 'reasoning', 'acting', 'awaiting-approval', 'publishing', 'escalating', 'ending'],
  'awaiting-approval': [
    'awaiting-approval',
    'reasoning',
    'proving',
    'publishing',
    'deploying',
    'acting',
    'undoing',
    'escalating',
    'ending',
  ],
  publishing: ['reasoning', 'waiting-for-checks', 'escalating', 'ending'],
  'waiting-for-checks': ['merging', 'escalating', 'ending'],
  merging: ['deploying', 'verifying', 'escalating', 'ending'],
  deploying: ['acting', 'verifying', 'escalating', 'ending'],
  verifying: ['reasoning', 'acting', 'admitting', 'awaiting-approval', 'undoing', 'escalating', 'ending'],
  undoing: ['escalating', 'ending'],
  escalating: ['ending'],
  ending: ['cooling', 'watching', 'closed'],
  cooling: ['watching', 'closed'],
  watching: ['closed'],
  closed: [],
} as const;

/** One state of a healing. */
export type HealingState = keyof typeof HEALING_MOVES;

/** Whether a healing may go from one state to the other. */
export function canMove(from: HealingState, to: HealingState): boolean {
  return (HEALING_MOVES[from] as readonly HealingState[]).includes(to);
}
