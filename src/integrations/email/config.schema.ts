import { z } from 'zod';

const Address = z.email('must be one e-mail address');
const Recipients = z.array(Address).max(50);
const KINDS = ['approval-wanted', 'reminder', 'outcome', 'escalation', 'hand-over'] as const;

/** Configuration of e-mail on the server; absent `host`: none is sent. Its secret: `smtp-password`. */
export const EmailConfig = z
  .strictObject({
    host: z
      .string()
      .regex(/^[A-Za-z0-9.-]{1,200}$/, 'must be the name of a server')
      .optional()
      .describe('SMTP server that takes our mail; absent: no mail is sent.'),
    port: z.number().int().min(1).max(65_535).default(587).describe('Its port.'),
    secure: z.boolean().default(false).describe('TLS from the first byte (port 465); otherwise STARTTLS is required.'),
    plaintext: z.boolean().default(false).describe('Allows a server without TLS; only for one on this machine.'),
    ca: z.string().max(500).optional().describe('File with further certificates to trust.'),
    user: z.string().max(200).optional().describe('User to sign in as; absent: without signing in.'),
    from: Address.optional().describe('Sender of all mail.'),
    replyTo: Address.optional().describe('Where answers go.'),
    to: Recipients.default([]).describe('Who gets mail where nothing else is said.'),
    toByKind: z
      .partialRecord(z.enum(KINDS), Recipients)
      .default({})
      .describe('Who gets mail of one kind instead: `approval-wanted`, `reminder`, `outcome`, `escalation`, `hand-over`.'),
    timeoutMs: z.number().int().min(100).max(25_000).default(15_000).describe('Limit of one step of the conversation with the server.'),
    maxAttachmentBytes: z.number().int().min(0).max(10_485_760).default(262_144).describe('Largest diff that is attached.'),
  })
  .superRefine((config, context) => {
    if (config.host === undefined) return;
    if (config.from === undefined) context.addIssue({ code: 'custom', path: ['from'], message: 'is needed where `host` is given' });
    if (config.plaintext && !/^(localhost|127\.[0-9.]+)$/.test(config.host))
      context.addIssue({ code: 'custom', path: ['plaintext'], message: 'is for a server on this machine only' });
    if (config.to.length === 0 && Object.keys(config.toByKind).length === 0)
      context.addIssue({ code: 'custom', path: ['to'], message: 'names nobody: give at least one address' });
  });
export type EmailConfig = z.infer<typeof EmailConfig>;
