import { z } from 'zod';

/** Name of an action or of one of its parameters. */
export const ActionName = z.string().regex(/^[a-z][a-z0-9-]{0,49}$/, 'must be lower case letters, digits and hyphens');

/** Where a parameter may stand: in the path of an address, percent-encoded, or as a value of a JSON body. */
const PLACE = /\{([a-z][a-z0-9-]{0,49})\}/g;

/** What a call that deploys is told besides its parameters. */
const DEPLOYED: ReadonlySet<string> = new Set(['sha', 'environment']);

const Call = z.strictObject({
  method: z.enum(['POST', 'PUT', 'PATCH', 'DELETE']).default('POST').describe('Its method.'),
  url: z
    .string()
    .max(500)
    .regex(
      /^https?:\/\/[A-Za-z0-9.:[\]-]+(\/[A-Za-z0-9_.~%{}/-]*)?$/,
      'must be an http address without query; `{parameter}` may stand in its path',
    )
    .describe('Address; `{parameter}` in its path is replaced, encoded.'),
  body: z
    .record(z.string().max(50), z.union([z.string().max(500), z.number(), z.boolean()]))
    .default({})
    .describe('JSON body, flat; a value `{parameter}` is replaced.'),
});

/** One thing that may be done to production other than changing code: defined by the server's owner, chosen by the repository's owner, never made up. */
export const ProductionAction = z
  .strictObject({
    title: z.string().min(1).max(200).describe('What it does, for who is asked.'),
    kind: z
      .enum(['http', 'rollback', 'deploy'])
      .describe(
        '`http`: a call; `rollback`: deploy what was live before, by the forge; `deploy`: the call that deploys a service whose policy says `deploy: hook`, where `{sha}` and `{environment}` may stand, too.',
      ),
    autonomy: z
      .enum(['ask', 'alone'])
      .default('ask')
      .describe('`alone`: without a person where the policy reaches `deploy`; else a person is asked.'),
    risk: z.enum(['low', 'medium', 'high']).default('medium').describe('Shown to who is asked.'),
    services: z
      .array(z.string().min(1).max(100))
      .max(50)
      .default([])
      .describe('Services it may be done to; empty: any that a policy names it for.'),
    perDay: z.number().int().min(1).max(100).default(3).describe('Times a day and service at most.'),
    parameters: z
      .record(
        ActionName,
        z.strictObject({
          values: z.array(z.string().min(1).max(100)).min(1).max(50).describe('What it may be; the first is the default.'),
        }),
      )
      .default({})
      .describe('What can be chosen, each from a closed list.'),
    call: Call.optional().describe('The call, for `http` and `deploy`.'),
    undo: Call.optional().describe('The call that takes it back; absent: it cannot be taken back.'),
    idempotent: z
      .boolean()
      .default(false)
      .describe('Whether the other side knows the `Idempotency-Key` header, so that a call of which no answer came may be repeated.'),
    timeoutMs: z.number().int().min(100).max(25_000).default(10_000).describe('Limit of the call.'),
  })
  .superRefine(({ kind, call, undo, parameters }, context) => {
    if ((kind === 'rollback') === (call !== undefined))
      context.addIssue({
        code: 'custom',
        path: ['call'],
        message: kind === 'rollback' ? 'belongs to `kind: http` and `kind: deploy` only' : `is needed for \`kind: ${kind}\``,
      });
    for (const [at, each] of [
      ['call', call],
      ['undo', undo],
    ] as const) {
      const texts = each === undefined ? [] : [each.url, ...Object.values(each.body).filter((value) => typeof value === 'string')];
      const unknown = texts
        .flatMap((text) => [...text.matchAll(PLACE)].map(([, name = '']) => name))
        .find((name) => !Object.hasOwn(parameters, name) && !(kind === 'deploy' && DEPLOYED.has(name)));
      if (unknown !== undefined)
        context.addIssue({ code: 'custom', path: [at], message: `names the parameter \`${unknown}\`, which is not defined` });
    }
  });
export type ProductionAction = z.infer<typeof ProductionAction>;

/** An action that a policy names for a service, with its choices. */
export const WantedAction = z.strictObject({
  name: ActionName.describe("Name in the server's `actions`."),
  with: z.record(ActionName, z.string().min(1).max(100)).default({}).describe('Choices for its parameters; absent ones are the default.'),
});
export type WantedAction = z.infer<typeof WantedAction>;

/** Puts the choices into a call: encoded in the path, as values in the body. */
export function filledCall(
  { url, body, method }: NonNullable<ProductionAction['call']>,
  choices: Readonly<Record<string, string>>,
): { readonly method: string; readonly url: string; readonly body: Readonly<Record<string, string | number | boolean>> } {
  const fill = (text: string, encode: (value: string) => string): string =>
    text.replace(PLACE, (_whole, name: string) => encode(choices[name] ?? ''));
  const filled = Object.entries(body).map(
    ([key, value]) => [key, typeof value === 'string' ? fill(value, (each) => each) : value] as const,
  );
  return { method, url: fill(url, encodeURIComponent), body: Object.fromEntries(filled) };
}
