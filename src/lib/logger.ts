import { type DestinationStream, destination, type Logger, pino } from 'pino';

/** Levels from most to least talkative; `error` means a bug of ours. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

const MAX_DEPTH = 6;
const MAX_ITEMS = 100;
const MAX_TEXT = 8_192;

// JSON escapes what is below U+0020; these also move a terminal's cursor, end a line or turn the reading direction.
const UNSAFE = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

function clean(value: unknown, redact: (text: string) => string, depth: number): unknown {
  if (typeof value === 'string') {
    return redact(value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}… (${value.length} characters)` : value);
  }
  if (typeof value === 'bigint') {
    return value.toString();
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  if (depth >= MAX_DEPTH) {
    return '[too deep]';
  }
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    return clean(value.toJSON(), redact, depth + 1);
  }
  if (value instanceof Error) {
    const code = 'code' in value ? { code: clean(value.code, redact, depth + 1) } : {};
    const cause = value.cause === undefined ? {} : { cause: clean(value.cause, redact, depth + 1) };
    return {
      type: value.name,
      message: clean(value.message, redact, depth + 1),
      stack: clean(value.stack, redact, depth + 1),
      ...code,
      ...cause,
    };
  }
  if (value instanceof Uint8Array) {
    return `[${value.byteLength} bytes]`;
  }
  const items = value instanceof Map ? [...value.entries()].map(([key, item]) => [String(key), item] as const) : Object.entries(value);
  if (Array.isArray(value) || value instanceof Set) {
    return [...value].slice(0, MAX_ITEMS).map((item) => clean(item, redact, depth + 1));
  }
  return Object.fromEntries(items.slice(0, MAX_ITEMS).map(([key, item]) => [key, clean(item, redact, depth + 1)]));
}

/** A stream that passes lines on with every character escaped that could act on a terminal. */
function safeLines(target: DestinationStream): DestinationStream {
  return {
    write: (line) => target.write(line.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)),
  };
}

/** A structured logger, one JSON line per message, to stderr unless told otherwise; `redact` sees every string before it is written. */
export function createLogger(options: {
  readonly level: LogLevel;
  /** Which process speaks: `worker`, `ingress`. */
  readonly name: string;
  readonly redact: (text: string) => string;
  readonly target?: DestinationStream;
}): Logger {
  const { redact } = options;
  return pino(
    {
      name: options.name,
      level: options.level,
      base: { name: options.name, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (facts) => clean(facts, redact, 0) as Record<string, unknown>,
      },
      // Everything was made plain by `log` above; pino's own error serializer would read the error once more.
      serializers: { err: (error: unknown) => error },
      hooks: {
        logMethod(args, method) {
          const [facts, message, ...rest] = args as [unknown, string?, ...unknown[]];
          if (typeof facts === 'string') {
            method.apply(this, [redact(facts)]);
            return;
          }
          method.apply(this, [facts instanceof Error ? { err: facts } : facts, redact(message ?? ''), ...rest] as Parameters<
            typeof method
          >);
        },
      },
    },
    // Synchronous: what a process said before it was killed must be there.
    safeLines(options.target ?? destination({ fd: 2, sync: true })),
  );
}
