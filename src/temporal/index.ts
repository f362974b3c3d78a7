export { connectLazily } from './connection.ts';
export { startDevServer } from './dev-server.ts';
export { findTemporalExecutable } from './find-executable.ts';
export { createHealings } from './healings.ts';
export { ensurePatrol } from './schedule.ts';
export { ensureSearchAttributes } from './search-attributes.ts';
