import { z } from 'zod';
import { defineTool } from '../../tool.ts';

/** What setting something up at a vendor would change, and doing it. */
export interface SetUp {
  /** One line for each difference; nothing is changed. */
  plan(): Promise<readonly string[]>;
  /** Makes it so; safe to repeat. What was done, a line each. */
  apply(): Promise<readonly string[]>;
}

const Input = z.strictObject({
  apply: z.boolean().default(false).describe('Do it; otherwise only the difference is shown.'),
});
const Output = z.object({
  applied: z.boolean(),
  lines: z.array(z.string()).describe('What would be done, or was done.'),
});

/** Both tools of this kind: a dry run unless asked for more, and for maintainers. Where things are delivered to is configured, never part of a call. */
const setUpTool = (words: { readonly name: string; readonly title: string; readonly description: string }, setUp: SetUp) =>
  defineTool({
    ...words,
    input: Input,
    output: Output,
    effect: 'adds',
    idempotent: true,
    least: 'maintainer',
    run: async ({ apply }) => ({ applied: apply, lines: [...(await (apply ? setUp.apply() : setUp.plan()))] }),
  });

/** Registers the webhooks of the configured forge. */
export const registerWebhooksTool = (setUp: SetUp) =>
  setUpTool(
    {
      name: 'register_webhooks',
      title: 'Register webhooks',
      description:
        'Registers the webhooks of the served GitHub repositories, or of the GitHub App, at the configured address. Without `apply` it only says what it would do. May be repeated.',
    },
    setUp,
  );

/** Sets up the monitors at Datadog. */
export const setUpMonitorsTool = (setUp: SetUp) =>
  setUpTool(
    {
      name: 'setup_monitors',
      title: 'Set up monitors',
      description:
        'Brings monitors, webhook and dashboard at Datadog to what the policies of the served repositories say. Without `apply` it only shows the difference. May be repeated.',
    },
    setUp,
  );
