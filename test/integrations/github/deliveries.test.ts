import { describe, expect, it } from 'vitest';
import { neverTaken, redeliver } from '../../../src/integrations/github/deliveries.ts';
import { startGitHubStandIn } from '../../support/github/stand-in.ts';
import { appCredentialsOf } from '../../support/github/under-test.ts';
import { clientOf, forgeOf } from './support.ts';

const NOW = Date.parse('2026-11-23T12:00:00Z');
const delivery = (id: number, guid: string, status: number, hoursAgo = 1) => ({
  id,
  guid,
  status_code: status,
  delivered_at: new Date(NOW - hoursAgo * 3_600_000).toISOString(),
});

describe('deliveries that nobody took', () => {
  it('are those that failed for a reason that may pass, the newest try of each', () => {
    const all = [
      delivery(9, 'again', 502),
      delivery(8, 'taken-later', 202),
      delivery(7, 'taken-later', 500),
      delivery(6, 'again', 0),
      delivery(5, 'refused', 401),
      delivery(4, 'limited', 429),
      delivery(3, 'old', 503, 80),
      delivery(2, 'fine', 202),
    ];
    expect(neverTaken(all, NOW).map((one) => one.id)).toEqual([9, 4]);
  });

  it('are asked for page by page, once each, and one that GitHub no longer has does not stop the rest', async () => {
    const asked: number[] = [];
    const pages = [[delivery(3, 'c', 500), delivery(2, 'b', 500)], [delivery(1, 'a', 500)]];
    const hook = {
      page: async (cursor: string | null) => ({ deliveries: pages[Number(cursor ?? 0)] ?? [], next: cursor === null ? '1' : null }),
      again: async (id: number) => void asked.push(id),
    };
    expect(await redeliver(hook, NOW)).toBe(3);
    expect(asked).toEqual([3, 2, 1]);
  });

  it('reach us after all when the patrol asks GitHub for them', async () => {
    const standIn = await startGitHubStandIn({ webhook: { url: 'http://127.0.0.1:9/', secret: 'x'.repeat(32) } });
    try {
      const repository = await standIn.repository();
      const stop = standIn.loseDeliveries(() => true);
      await repository.hands.openIssue('lost', 'lost');
      await standIn.settled();
      stop();
      const before = standIn.deliveries.length;
      const asked = await forgeOf(clientOf(standIn.url, appCredentialsOf(standIn))).deliveries?.redeliverFailed();
      expect(asked).toBeGreaterThan(0);
      await standIn.settled();
      const again = standIn.deliveries.slice(before);
      expect(again.length).toBe(asked);
      expect(again.every((one) => one.redelivery)).toBe(true);
    } finally {
      await standIn.close();
    }
  });
});
