import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, RequestHandler, Response } from 'express';
import { Failure } from '../domain/failure.ts';

/** The side of an exchange that is served. */
export interface ServedExchange {
  fetch(id: string, ticket: string, now: number): Promise<Readable | null>;
  handIn(id: string, ticket: string, result: Readable, now: number): Promise<'taken' | 'there' | 'refused'>;
}

/** The ticket stands in a header, so that no proxy writes it into its log. */
const ticketOf = (request: Request): string => request.header('x-suture-ticket') ?? '';
const idOf = (request: Request): string => String(request.params['id'] ?? '');

function refuse(response: Response): void {
  response.status(403).json({ error: 'the ticket is not good for this' });
}

/** Hands out the input of a job that runs elsewhere, to who has its ticket. */
export function inputRoute(exchange: ServedExchange, now: () => Date): RequestHandler {
  return async (request, response) => {
    const input = await exchange.fetch(idOf(request), ticketOf(request), now().getTime());
    if (input === null) return refuse(response);
    response.type('application/octet-stream');
    await pipeline(input, response).catch(() => response.destroy());
  };
}

/** Takes the result of a job that ran elsewhere, once, from who has its ticket. */
export function resultRoute(exchange: ServedExchange, now: () => Date): RequestHandler {
  return async (request, response) => {
    try {
      const how = await exchange.handIn(idOf(request), ticketOf(request), request, now().getTime());
      if (how === 'refused') return refuse(response);
      // Handing in the same once more is what a lost answer leads to.
      response.status(how === 'taken' ? 201 : 200).json({ result: how });
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'too-large') throw error;
      response.status(413).json({ error: error.message });
    }
  };
}
