import { lookup } from 'node:dns/promises';
import { BlockList, isIP, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';

/** Resolves a name to all its addresses. */
export type Resolve = (name: string) => Promise<ReadonlyArray<{ readonly address: string }>>;

/** Addresses that a name may never lead to: this machine itself, its neighbours without a router, and where clouds keep credentials. */
function forbidden(): BlockList {
  const list = new BlockList();
  for (const [network, bits] of [
    ['0.0.0.0', 8],
    ['127.0.0.0', 8],
    ['169.254.0.0', 16],
    ['100.100.100.200', 32],
    ['192.0.0.192', 32],
    ['224.0.0.0', 4],
    ['255.255.255.255', 32],
  ] as const)
    list.addSubnet(network, bits, 'ipv4');
  for (const [network, bits] of [
    ['::', 128],
    ['::1', 128],
    ['fe80::', 10],
    ['fd00:ec2::254', 128],
    ['ff00::', 8],
  ] as const)
    list.addSubnet(network, bits, 'ipv6');
  for (const { address, family } of Object.values(networkInterfaces()).flatMap((each) => each ?? []))
    list.addAddress(address.split('%')[0] ?? address, family === 'IPv6' ? 'ipv6' : 'ipv4');
  return list;
}

/** The sixteen bytes of an IPv6 address as eight numbers. */
function groups(address: string): number[] {
  const text = address.replace(/%.*$/, '').replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_whole, a, b, c, d) => {
    const pair = (high: string, low: string): string => ((Number(high) << 8) | Number(low)).toString(16);
    return `${pair(a, b)}:${pair(c, d)}`;
  });
  const [left = '', right] = text.split('::');
  const parse = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const head = parse(left);
  const tail = right === undefined ? [] : parse(right);
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail];
}

/** The IPv4 address that an IPv6 one stands for: mapped, compatible, NAT64, 6to4; null for all others. */
export function embeddedIPv4(address: string): string | null {
  if (!isIPv6(address)) return null;
  const all = groups(address);
  const dotted = (high = 0, low = 0): string => [high >> 8, high & 255, low >> 8, low & 255].join('.');
  const zeros = (from: number, to: number): boolean => all.slice(from, to).every((group) => group === 0);
  if (zeros(0, 5) && (all[5] === 0xffff || (all[5] === 0 && (all[6] ?? 0) !== 0))) return dotted(all[6], all[7]);
  if (all[0] === 0x64 && all[1] === 0xff9b) return dotted(all[6], all[7]);
  if (all[0] === 0x2002) return dotted(all[1], all[2]);
  return null;
}

/** Whether a resolved address is one that no name may lead to. */
export function isForbiddenAddress(address: string): boolean {
  const list = forbidden();
  const inner = embeddedIPv4(address);
  if (inner !== null && list.check(inner, 'ipv4')) return true;
  return list.check(address.split('%')[0] ?? address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

/** What may be dialled for a configured target. */
export type DialAddress = { readonly kind: 'dial'; readonly address: string } | { readonly kind: 'refused'; readonly why: string };

/**
 * The address to dial for a configured target. An address that the administrator wrote is taken as it is; a name is resolved once, and
 * refused when any of its addresses is this machine, link-local or a metadata service: whoever answers for a name is not the administrator.
 */
export async function dialAddress(host: string, resolve: Resolve = (name) => lookup(name, { all: true })): Promise<DialAddress> {
  if (isIP(host) !== 0) return { kind: 'dial', address: host };
  const found = await resolve(host).catch(() => []);
  const bad = found.find(({ address }) => isForbiddenAddress(address));
  const [first] = found;
  if (first === undefined) return { kind: 'refused', why: `${host} cannot be resolved` };
  if (bad !== undefined)
    return { kind: 'refused', why: `${host} leads to ${bad.address}: write that address instead of the name if it is really meant` };
  return { kind: 'dial', address: first.address };
}
