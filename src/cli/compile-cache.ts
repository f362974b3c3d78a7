import { fileURLToPath } from 'node:url';

/** Where Node keeps what it compiled of our sources and packages. It is code, so it stands beside them, where only who may change them may write. */
export const COMPILE_CACHE =
  process.env['NODE_COMPILE_CACHE'] ?? fileURLToPath(new URL('../../node_modules/.cache/suture/compiled/', import.meta.url));
