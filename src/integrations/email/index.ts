import { Failure } from '../../domain/failure.ts';
import type { Finding, Integration } from '../contract.ts';
import { EmailConfig } from './config.schema.ts';
import { createEmailNotifier } from './notifier.ts';
import { tryMail } from './post.ts';

async function diagnose(config: EmailConfig, password: string | undefined): Promise<readonly Finding[]> {
  const { host } = config;
  if (host === undefined) return [{ name: 'configuration', ok: false, detail: 'integrations.email.host is not set: no mail is sent' }];
  const who = config.user === undefined ? 'without signing in' : `as ${config.user}`;
  try {
    await tryMail({ ...config, host }, password);
    return [
      { name: 'configuration', ok: true, detail: `from ${config.from ?? ''}` },
      { name: 'server', ok: true, detail: `${host}:${config.port} takes mail ${who}${config.plaintext ? ', without TLS' : ', with TLS'}` },
    ];
  } catch (error) {
    if (error instanceof Failure) return [{ name: 'server', ok: false, detail: error.message }];
    throw error;
  }
}

/** Mail by SMTP. */
export const email: Integration<typeof EmailConfig> = {
  id: 'email',
  name: 'E-mail',
  docs: 'docs/email.md',
  configSchema: EmailConfig,
  notifier: createEmailNotifier,
  doctor: ({ config, secret }) => diagnose(config, secret('smtp-password')[0]),
};
