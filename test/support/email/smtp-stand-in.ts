import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { SMTPServer } from 'smtp-server';

const fixtures = join(import.meta.dirname, '../../fixtures/tls');

/** File with the certificate that the stand-in shows. */
export const STAND_IN_CA = join(fixtures, 'cert.pem');

/** What goes wrong with the next mail. */
export type MailFault = 'auth-refused' | 'busy' | 'refused' | 'no-such-user' | 'reset' | 'hang' | 'garbage' | 'after-effect';

/** A mail as the server took it. */
export interface TakenMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly raw: string;
  readonly secure: boolean;
}

/** A real SMTP server on loopback that stands in for the one of a user. */
export interface SmtpStandIn {
  readonly port: number;
  readonly mails: readonly TakenMail[];
  fail(...faults: readonly MailFault[]): void;
  close(): Promise<void>;
}

const refuse = (code: number, message: string): Error => Object.assign(new Error(message), { responseCode: code });

/** Starts it with STARTTLS and one user, `suture` with the password `right`. */
export async function startSmtpStandIn(options: { readonly tls?: boolean } = {}): Promise<SmtpStandIn> {
  const mails: TakenMail[] = [];
  const faults: MailFault[] = [];
  const sockets = new Set<Socket>();
  const smtp = new SMTPServer({
    key: readFileSync(join(fixtures, 'key.pem')),
    cert: readFileSync(STAND_IN_CA),
    authOptional: options.tls === false,
    ...(options.tls === false ? { disabledCommands: ['STARTTLS', 'AUTH'] } : {}),
    logger: false,
    onAuth(auth, _session, done) {
      if (faults[0] === 'auth-refused') {
        faults.shift();
        done(refuse(535, 'authentication failed'));
      } else if (auth.username === 'suture' && auth.password === 'right') done(null, { user: 'suture' });
      else done(refuse(535, 'authentication failed'));
    },
    onRcptTo(_address, _session, done) {
      if (faults[0] === 'no-such-user') {
        faults.shift();
        done(refuse(550, 'no such user'));
      } else done();
    },
    onData(stream, session, done) {
      const fault = faults.shift();
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        if (fault === 'busy') return done(refuse(451, 'try again later'));
        if (fault === 'refused') return done(refuse(554, 'looks like spam'));
        if (fault === 'reset') return void [...sockets].at(-1)?.destroy();
        mails.push({
          from: session.envelope.mailFrom === false ? '' : session.envelope.mailFrom.address,
          to: session.envelope.rcptTo.map((one) => one.address),
          raw: Buffer.concat(chunks).toString(),
          secure: session.secure,
        });
        if (fault === 'after-effect') return void [...sockets].at(-1)?.destroy();
        return done();
      });
    },
  });
  smtp.on('error', () => undefined);
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve));
  const inner = (smtp.server.address() as AddressInfo).port;
  // In front of it, so that a conversation can be broken below the protocol.
  const front: Server = createServer((socket) => {
    socket.on('error', () => undefined);
    if (faults[0] === 'hang') {
      faults.shift();
      sockets.add(socket);
      return;
    }
    if (faults[0] === 'garbage') {
      faults.shift();
      socket.end('HTTP/1.1 200 OK\r\n\r\n');
      return;
    }
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    {
      const behind = connect(inner, '127.0.0.1');
      behind.on('error', () => socket.destroy());
      socket.on('close', () => behind.destroy());
      behind.on('close', () => socket.destroy());
      socket.pipe(behind).pipe(socket);
    }
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  return {
    port: (front.address() as AddressInfo).port,
    mails,
    fail: (...next) => void faults.push(...next),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => front.close(() => resolve()));
      await new Promise<void>((resolve) => smtp.close(() => resolve()));
    },
  };
}
