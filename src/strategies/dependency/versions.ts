/** Numbers of a version, and whether it comes before the release of these numbers. */
function parsed(version: string): { readonly numbers: readonly number[]; readonly before: string } {
  const [, core = '', before = ''] =
    /^v?(\d+(?:\.\d+)*)(?:[-.]?((?:alpha|beta|rc|dev|pre|a|b|c|next|canary|0\.\d{14})[^+]*)|[^+]*)?(?:\+.*)?$/i.exec(version) ?? [];
  return { numbers: core.split('.').map(Number), before };
}

/** Whether one version is older than another; what cannot be told counts as older, so that no floor is passed by an odd name. */
export function isOlder(version: string, than: string): boolean {
  const [a, b] = [parsed(version), parsed(than)];
  if (a.numbers.some(Number.isNaN) || a.numbers.length === 0 || version.length > 100) return true;
  for (let at = 0; at < Math.max(a.numbers.length, b.numbers.length); at += 1) {
    const [left, right] = [a.numbers[at] ?? 0, b.numbers[at] ?? 0];
    if (left !== right) return left < right;
  }
  if (a.before === b.before || a.before === '') return false;
  return b.before === '' || a.before < b.before;
}
