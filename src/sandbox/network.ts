import type { SandboxJob } from './contract.ts';
import type { ForwardRoute } from './forward.ts';
import { connectRoute, endpointRoute } from './forward-routes.ts';
import type { Resolve } from './forward-target.ts';

/** Where package managers find the proxy to registries. */
const PROXY = { address: '127.0.77.254', port: 3128 } as const;

/** What of a job says where it may connect to. */
type Reaching = Pick<SandboxJob, 'endpoints' | 'registries'>;

/** How a job's endpoints look from inside: nothing at all for a job without any. */
export interface NetworkPlan {
  /** Names for `/etc/hosts`. */
  readonly hosts: ReadonlyArray<{ readonly address: string; readonly name: string }>;
  /** For the relay, in the order of `routes`. */
  readonly listeners: ReadonlyArray<readonly [address: string, port: number]>;
  readonly routes: readonly ForwardRoute[];
  readonly env: Readonly<Record<string, string>>;
  /** For the isolation that a result names. */
  readonly words: string;
}

/** Lays out what a job may reach: each name has a loopback address of its own, so every endpoint keeps its port. */
export function networkPlan({ endpoints = [], registries = [] }: Reaching, resolve?: Resolve): NetworkPlan {
  const names = [...new Set(endpoints.map(({ name }) => name))];
  const hosts = names.map((name, index) => ({ name, address: `127.0.77.${index + 1}` }));
  const addresses = new Map(hosts.map(({ name, address }) => [name, address]));
  const listeners = endpoints.map(({ name, port }) => [addresses.get(name) ?? '', port] as const);
  const routes = endpoints.map((endpoint) => endpointRoute(endpoint, resolve));
  const words = [
    endpoints.length === 0 ? 'no network' : `no network but ${endpoints.length} endpoint${endpoints.length === 1 ? '' : 's'}`,
    ...(registries.length === 0 ? [] : ['registries']),
  ].join(' and ');
  if (registries.length === 0) return { hosts, listeners, routes, env: {}, words };
  const url = `http://${PROXY.address}:${PROXY.port}`;
  return {
    hosts,
    listeners: [...listeners, [PROXY.address, PROXY.port]],
    routes: [...routes, connectRoute(registries, resolve)],
    env: {
      HTTPS_PROXY: url,
      https_proxy: url,
      NO_PROXY: ['localhost', '127.0.0.1', '::1', ...names].join(','),
      no_proxy: ['localhost', '127.0.0.1', '::1', ...names].join(','),
      CARGO_HTTP_PROXY: url,
      MAVEN_OPTS: `-Dhttps.proxyHost=${PROXY.address} -Dhttps.proxyPort=${PROXY.port} -Dmaven.repo.local=/deps/m2`,
    },
    words,
  };
}
