import { join } from 'node:path';
import { z } from 'zod';
import { FAILURES, Failure } from '../../domain/failure.ts';
import { visibleText } from '../../lib/escape.ts';
import { createOutbox } from '../../lib/outbox.ts';
import type { IntegrationContext, Notifier } from '../contract.ts';
import type { EmailConfig } from './config.schema.ts';
import { handOverLetter, noticeLetter } from './letter.ts';
import { type Mail, sendMail } from './post.ts';

const Kept = z.object({
  to: z.array(z.string()),
  healingId: z.string(),
  subject: z.string(),
  text: z.string(),
  html: z.string(),
  attachment: z.object({ name: z.string(), content: z.string() }).optional(),
});

type Kind = keyof EmailConfig['toByKind'];

/** Addresses only: what a ladder names may be somebody else's word. */
const isAddress = (text: string): boolean => z.email().safeParse(text).success;

/** Tells people by mail; null where no server is configured. */
export function createEmailNotifier(context: IntegrationContext<EmailConfig>): Notifier | null {
  const { config, secret, stateDir, readArtifact } = context;
  const { host } = config;
  if (host === undefined) return null;
  const outbox = createOutbox<Mail>(join(stateDir, 'email'), {
    parse: (value) => Kept.parse(value),
    send: (mail, key) => sendMail({ ...config, host }, secret('smtp-password')[0], mail, key),
    keeps: (error) => error instanceof Failure && FAILURES[error.code].retry,
    recipient: (mail) => mail.to.join(', '),
    now: () => Date.now(),
  });
  const recipients = (kind: Kind, to: readonly string[] | undefined): readonly string[] => {
    const named = (to ?? []).filter(isAddress);
    return named.length > 0 ? named : (config.toByKind[kind] ?? config.to);
  };
  const deliver = async (key: string, mail: Mail): Promise<void> => {
    if (mail.to.length > 0) await outbox.deliver(key, mail);
  };
  return {
    async handOver(message, key, to) {
      const { diff } = message;
      // People are told in any case: the branch and the commands are enough to go on.
      const bytes = diff === undefined || diff.size > config.maxAttachmentBytes ? null : await readArtifact(diff).catch(() => null);
      await deliver(key, {
        ...handOverLetter(message),
        to: recipients('hand-over', to),
        healingId: message.healingId,
        ...(bytes === null ? {} : { attachment: { name: 'change.diff', content: visibleText(new TextDecoder().decode(bytes)) } }),
      });
    },
    async notify(notice, key) {
      await deliver(key, { ...noticeLetter(notice), to: recipients(notice.kind, notice.to), healingId: notice.healingId });
    },
    catchUp: () => outbox.catchUp(),
  };
}
