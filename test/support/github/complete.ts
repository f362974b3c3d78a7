import type { Json } from './wire.ts';
import { idOf, userJson } from './world.ts';

/** Puts in what GitHub says of owners and repositories and `emulate` leaves out, wherever they stand in an answer or an event. */
export function complete(world: { readonly url: string }, json: Json): Json {
  if (Array.isArray(json)) return json.map((item) => complete(world, item));
  if (json === null || typeof json !== 'object' || Buffer.isBuffer(json)) return json;
  const whole = Object.fromEntries(
    Object.entries(json as Record<string, Json>).map(([name, value]) => [name, complete(world, value)]),
  ) as Json;
  for (const role of ['owner', 'user']) {
    const person = whole[role];
    if (person !== null && person !== undefined && typeof person.login === 'string')
      whole[role] = { ...userJson(world, person.login, person.id ?? idOf(person.login)), ...person };
  }
  if (typeof whole.full_name === 'string' && whole.clone_url !== undefined) {
    whole.pushed_at ??= whole.updated_at;
    Object.assign(whole, { network_count: 0, subscribers_count: 0, web_commit_signoff_required: false });
  }
  // A pull request.
  if (whole.review_comments_url !== undefined) whole.active_lock_reason ??= null;
  // A check run.
  if (whole.external_id !== undefined && whole.details_url !== undefined)
    whole.started_at ??= whole.completed_at ?? new Date().toISOString();
  return whole;
}

/** The organisation as events carry it. */
export function organizationJson(world: { readonly url: string }, org: string): Json {
  const url = `${world.url}/orgs/${org}`;
  return {
    login: org,
    id: idOf(org),
    node_id: `O_${idOf(org)}`,
    url,
    repos_url: `${url}/repos`,
    events_url: `${url}/events`,
    hooks_url: `${url}/hooks`,
    issues_url: `${url}/issues`,
    members_url: `${url}/members{/member}`,
    public_members_url: `${url}/public_members{/member}`,
    avatar_url: `${world.url}/avatars/u/${idOf(org)}`,
    description: null,
  };
}
