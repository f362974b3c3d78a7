export { connectLazily, type TemporalConnection } from './connection.ts';
export { type DevServer, startDevServer } from './dev-server.ts';
export { findTemporalExecutable } from './find-executable.ts';
export { createHealings } from './healings.ts';
export { ensurePatrol } from './schedule.ts';
export { ensureSearchAttributes } from './search-attributes.ts';
