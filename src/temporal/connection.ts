import { Client, Connection } from '@temporalio/client';
import { Failure } from '../domain/failure.ts';

/** A client on one connection. */
export interface TemporalConnection {
  readonly client: Client;
  close(): Promise<void>;
}

/** Connect lazily: nothing is dialled before the first call, so a door can open while Temporal is away. */
export function connectLazily(options: { readonly address: string; readonly namespace: string }): TemporalConnection {
  const connection = Connection.lazy({ address: options.address });
  return { client: new Client({ connection, namespace: options.namespace }), close: () => connection.close() };
}

/** gRPC codes of a frontend that is away or too slow: UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED by our own deadline, RESOURCE_EXHAUSTED. */
const AWAY = new Set([14, 4, 1, 8]);

/** Whether an error means that the frontend is away; looks through causes because the SDK wraps. */
export function isAway(error: unknown): boolean {
  for (let current: unknown = error; current instanceof Error; current = current.cause) {
    const code = (current as { code?: unknown }).code;
    if (typeof code === 'number' && AWAY.has(code)) return true;
    if (current.message.includes('Failed to connect before the deadline')) return true;
  }
  return false;
}

/** Turn a frontend that is away into our failure; everything else passes unchanged. */
export async function orUnavailable<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (isAway(error))
      throw new Failure(
        'temporal-unavailable',
        'the Temporal server does not answer; is it running, and is SUTURE_TEMPORAL_ADDRESS right?',
        { cause: error },
      );
    throw error;
  }
}
