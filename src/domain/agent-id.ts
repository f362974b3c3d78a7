/** The agents there are. */
export const AGENT_IDS = ['monitor', 'reasoner', 'executor'] as const;
/** One of the agents. */
export type AgentId = (typeof AGENT_IDS)[number];
