import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Failure } from '../../domain/failure.ts';
import { oneLine } from '../../lib/one-line.ts';
import type { EmailConfig } from './config.schema.ts';
import type { Letter } from './letter.ts';

/** A mail that is ready to go. */
export interface Mail extends Letter {
  readonly to: readonly string[];
  /** Mails of one healing are one thread. */
  readonly healingId: string;
  readonly attachment?: { readonly name: string; readonly content: string } | undefined;
}

/** The server's answer as a failure: what may pass, and what only its owner can mend. */
export function mailFailure(error: unknown, host: string): Failure {
  if (error instanceof Failure) return error;
  const facts = typeof error === 'object' && error !== null ? (error as { code?: unknown; responseCode?: unknown; message?: unknown }) : {};
  const said = oneLine(String(facts.message ?? error), 300);
  const answered = typeof facts.responseCode === 'number' ? facts.responseCode : 0;
  if (facts.code === 'EAUTH' && (answered === 0 || answered >= 500))
    return new Failure('not-permitted', `${host} does not take our user or the secret smtp-password: ${said}`, { cause: error });
  if (facts.code === 'ETLS' || /certificate|self.signed|wrong version number/i.test(said))
    return new Failure('not-permitted', `no trusted TLS with ${host}: ${said}; correct integrations.email.secure or .ca`, { cause: error });
  if (answered >= 500) return new Failure('not-permitted', `${host} refused the mail: ${said}`, { cause: error });
  return new Failure('notifier-unavailable', `${host} did not take the mail: ${said}`, { cause: error });
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 40);

/** A connection to the mail server for one use; the library is loaded when it is needed first. */
async function transport(config: EmailConfig & { readonly host: string }, password: string | undefined) {
  const { createTransport } = await import('nodemailer');
  return createTransport({
    host: config.host,
    port: config.port,
    secure: config.secure,
    requireTLS: !config.plaintext && !config.secure,
    ignoreTLS: config.plaintext && !config.secure,
    ...(config.user === undefined ? {} : { auth: { user: config.user, pass: password ?? '' } }),
    ...(config.ca === undefined ? {} : { tls: { ca: readFileSync(config.ca, 'utf8') } }),
    connectionTimeout: config.timeoutMs,
    greetingTimeout: config.timeoutMs,
    socketTimeout: config.timeoutMs,
    dnsTimeout: config.timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

/** Sends one mail. The same key gives the same Message-ID, by which a mailbox knows a repeat again: SMTP itself has no other way. */
export async function sendMail(
  config: EmailConfig & { readonly host: string },
  password: string | undefined,
  mail: Mail,
  key: string,
): Promise<void> {
  const from = config.from ?? '';
  const domain = from.slice(from.lastIndexOf('@') + 1);
  const thread = `<${hash(mail.healingId)}@${domain}>`;
  try {
    const server = await transport(config, password);
    const sent = await server.sendMail({
      from,
      ...(config.replyTo === undefined ? {} : { replyTo: config.replyTo }),
      to: [...mail.to],
      subject: mail.subject,
      text: mail.text,
      html: mail.html,
      messageId: `<${hash(`${key}\0${mail.to.join(',')}`)}@${domain}>`,
      inReplyTo: thread,
      references: [thread],
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Suture-Healing': mail.healingId },
      ...(mail.attachment === undefined
        ? {}
        : {
            attachments: [{ filename: mail.attachment.name, content: mail.attachment.content, contentType: 'text/x-diff; charset=utf-8' }],
          }),
    });
    if (sent.accepted.length === 0) throw new Failure('not-permitted', `${config.host} accepts none of the recipients`);
  } catch (error) {
    throw mailFailure(error, config.host);
  }
}

/** Connects and signs in, and sends nothing. */
export async function tryMail(config: EmailConfig & { readonly host: string }, password: string | undefined): Promise<void> {
  try {
    await (await transport(config, password)).verify();
  } catch (error) {
    throw mailFailure(error, config.host);
  }
}
