import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { dialAddress, embeddedIPv4, isForbiddenAddress } from '../../src/sandbox/forward-target.ts';

describe('addresses that a name may not lead to', () => {
  const own = Object.values(networkInterfaces()).flatMap((each) => each ?? [])[0]?.address ?? '127.0.0.1';
  it.each([
    ['127.0.0.1', true],
    ['127.8.9.10', true],
    ['0.0.0.0', true],
    ['169.254.169.254', true],
    ['169.254.1.1', true],
    ['100.100.100.200', true],
    ['::1', true],
    ['::', true],
    ['fe80::1', true],
    ['fd00:ec2::254', true],
    ['::ffff:127.0.0.1', true],
    ['::ffff:7f00:1', true],
    ['64:ff9b::169.254.169.254', true],
    ['64:ff9b::a9fe:a9fe', true],
    ['2002:7f00:1::', true],
    ['::127.0.0.1', true],
    [own, true],
    ['10.1.2.3', false],
    ['192.0.2.7', false],
    ['2001:db8::7', false],
    ['::ffff:10.1.2.3', false],
  ])('%s: %s', (address, forbidden) => {
    expect(isForbiddenAddress(address)).toBe(forbidden);
  });

  it('are looked for inside IPv6 addresses that stand for IPv4 ones', () => {
    expect(['::ffff:1.2.3.4', '64:ff9b::102:304', '2002:102:304::1', '2001:db8::1', '1.2.3.4'].map(embeddedIPv4)).toEqual([
      '1.2.3.4',
      '1.2.3.4',
      '1.2.3.4',
      null,
      null,
    ]);
  });
});

describe('what is dialled', () => {
  const answers =
    (...addresses: readonly string[]) =>
    () =>
      Promise.resolve(addresses.map((address) => ({ address })));

  it('is the address that the administrator wrote, whatever it is', async () => {
    expect(await dialAddress('127.0.0.1')).toEqual({ kind: 'dial', address: '127.0.0.1' });
  });

  it('is the first address of a name', async () => {
    expect(await dialAddress('db.internal', answers('10.0.0.5', '10.0.0.6'))).toEqual({ kind: 'dial', address: '10.0.0.5' });
  });

  it('is nothing when any address of the name is forbidden, or there is none', async () => {
    expect(await dialAddress('db.internal', answers('10.0.0.5', '169.254.169.254'))).toMatchObject({ kind: 'refused' });
    expect(await dialAddress('db.internal', answers())).toMatchObject({ kind: 'refused' });
    expect(await dialAddress('db.internal', () => Promise.reject(new Error('no')))).toMatchObject({ kind: 'refused' });
  });
});
