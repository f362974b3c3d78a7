import { Agent, request } from 'node:http';
import { loadSecrets } from '../src/config/index.ts';

/** Repositories whose services the alerts are about. */
export const SERVICES = 25;

/** Configuration with which Datadog deliveries of these services are taken. */
export const datadog = (count = SERVICES) => ({
  services: Object.fromEntries(Array.from({ length: count }, (_, index) => [`service-${index}`, `acme/service-${index}`])),
});

/** Sends Datadog deliveries to an ingress over one kept-alive connection. */
export interface Sender {
  /** One delivery; throws unless the answer is 202 and names a healing. */
  send(monitor: number, moment: string): Promise<void>;
  close(): void;
}

/** The body of one monitor's alert, as our payload for Datadog looks when it arrives; `moment` makes it another delivery of the same alert. */
export function delivery(monitor: number, moment: string, services = SERVICES): string {
  return JSON.stringify({
    id: moment,
    date: String(Date.now()),
    title: `[Triggered] error rate of service-${monitor % services} is high`,
    alert_id: String(monitor),
    alert_title: `error rate of service-${monitor % services} is high`,
    alert_transition: 'Triggered',
    alert_cycle_key: moment,
    alert_scope: 'env:production',
    alert_metric: 'auth.errors',
    alert_status: 'auth.errors over env:production was > 5 on average during the last 5m.',
    tags: `env:production,service:service-${monitor % services}`,
    link: `https://app.datadoghq.com/monitors/${monitor}`,
  });
}

/** Opens a sender for the ingress that listens at `url` and uses the secrets of `stateDir`. */
export function openSender(url: string, stateDir: string, services = SERVICES): Sender {
  const [token] = loadSecrets(stateDir, {}).get('datadog-webhook');
  if (token === undefined) throw new Error('there is no secret for Datadog deliveries');
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const target = new URL('/webhooks/datadog', url);
  return {
    send(monitor, moment) {
      const body = delivery(monitor, moment, services);
      return new Promise((resolve, reject) => {
        const headers = {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'x-suture-token': token.reveal(),
        };
        const call = request(target, { method: 'POST', agent, headers }, (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => {
            text += chunk;
          });
          response.on('error', reject);
          response.on('end', () => {
            if (response.statusCode === 202 && text.includes('"healings"')) resolve();
            else reject(new Error(`the ingress answered ${response.statusCode}: ${text.slice(0, 200)}`));
          });
        });
        call.on('error', reject);
        call.end(body);
      });
    },
    close: () => agent.destroy(),
  };
}
