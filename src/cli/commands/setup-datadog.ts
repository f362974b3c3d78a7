import { EXIT_CODES } from '../exit-codes.ts';
import type { Output } from '../output.ts';
import { planDatadog } from '../set-up/datadog.ts';

/** What `suture setup datadog` is asked for. */
export interface SetupDatadogOptions {
  /** Public address of `/webhooks/datadog` of this Suture. */
  readonly url?: string;
  /** Only say what would be done. */
  readonly dryRun?: boolean;
}

/** `suture setup datadog`: webhook, its secret, monitors and dashboard as the policies of the served repositories say; `--dry-run` shows the difference. May be run again. */
export async function setupDatadog(options: SetupDatadogOptions, out: Output): Promise<number> {
  const { url, dryRun = false } = options;
  if (url !== undefined && !/^https?:\/\/[^\s<>"']+$/.test(url)) {
    out.bad('--url: the public address of /webhooks/datadog of this Suture, as Datadog reaches it');
    return EXIT_CODES.usage.code;
  }
  const { lines, steps, apply } = await planDatadog(process.env, url);
  if (!dryRun) await apply();
  const summary = lines.length === 0 ? 'everything at Datadog is as it must be' : lines.join('\n');
  const advice = dryRun ? 'nothing was changed (--dry-run)' : 'check it all with: suture doctor datadog';
  out.result(`${summary}\n${advice}`, {
    dryRun,
    steps: steps.map(({ action, what, difference }) => ({ action, what, difference })),
  });
  return EXIT_CODES.ok.code;
}
