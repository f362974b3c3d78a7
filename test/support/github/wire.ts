/** JSON as it is on the wire: shapes belong to GitHub, tests look at the fields they need. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Json = any;

/** Who a request comes from. */
export type Identity =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'app'; readonly authorization: string }
  | {
      readonly kind: 'installation';
      readonly authorization: string;
      readonly token: string;
      /** Names; null: all of the installation. */
      readonly repositories: readonly string[] | null;
      readonly permissions: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'user'; readonly login: string };

/** One request, as the stand-in's routes see it. */
export interface Ask {
  readonly method: string;
  /** Path and query as sent. */
  readonly target: string;
  readonly query: URLSearchParams;
  /** Parameters of the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Json;
  readonly who: Identity;
  /** `owner/name` when the path names a repository. */
  readonly repo: string;
}

/** One answer. A `Buffer` goes out as it is, `null` as nothing, everything else as JSON. */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Json;
}

/** A JSON answer. */
export const reply = (status: number, body: Json = null, headers: Readonly<Record<string, string>> = {}): Reply => ({
  status,
  body,
  headers,
});

/** An error in GitHub's form. */
export const refuse = (status: number, message: string, errors?: readonly Json[]): Reply =>
  reply(status, {
    message,
    ...(errors === undefined ? {} : { errors }),
    documentation_url: 'https://docs.github.com/rest',
    status: String(status),
  });

/** `422 Validation Failed` with one error. */
export const invalid = (resource: string, error: Readonly<Record<string, string>>): Reply =>
  refuse(422, 'Validation Failed', [{ resource, ...error }]);

/** One page of a list with its `Link` header; `wrap` puts the items where the operation has them. */
export function page(
  ask: Ask,
  base: string,
  items: readonly Json[],
  wrap: (items: readonly Json[], total: number) => Json = (some) => some,
): Reply {
  const size = Math.min(100, Math.max(1, Number(ask.query.get('per_page') ?? 30) || 30));
  const at = Math.max(1, Number(ask.query.get('page') ?? 1) || 1);
  const last = Math.max(1, Math.ceil(items.length / size));
  const link = (to: number, rel: string): string => {
    const query = new URLSearchParams(ask.query);
    query.set('page', String(to));
    return `<${base}${ask.target.split('?')[0]}?${query}>; rel="${rel}"`;
  };
  const links = [
    ...(at > 1 ? [link(at - 1, 'prev')] : []),
    ...(at < last ? [link(at + 1, 'next'), link(last, 'last')] : []),
    ...(at > 1 ? [link(1, 'first')] : []),
  ];
  return reply(200, wrap(items.slice((at - 1) * size, at * size), items.length), links.length > 0 ? { link: links.join(', ') } : {});
}
