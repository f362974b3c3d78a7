import type { Ask, Reply } from './wire.ts';

/** Answers one operation. */
export type Handler = (ask: Ask) => Promise<Reply> | Reply;

/** A path template as a pattern; `{ref}`, `{path}`, `{branch}`, `{basehead}` may hold slashes, as GitHub takes them. */
export function patternOf(template: string): RegExp {
  const source = template
    .split(/(\{[^}]+\})/)
    .map((part) =>
      part.startsWith('{')
        ? `(?<${part.slice(1, -1)}>${/^\{(ref|path|branch|basehead)\}$/.test(part) ? '.+?' : '[^/]+'})`
        : part.replace(/[.*+?^$()|[\]\\]/g, '\\$&'),
    )
    .join('');
  return new RegExp(`^${source}$`);
}

interface Route {
  readonly operation: string;
  readonly method: string;
  readonly pattern: RegExp;
  readonly handler: Handler;
  readonly weight: number;
}

/** Operations of the stand-in by method and path template; the template with most fixed words wins. */
export class Router {
  readonly #routes: Route[] = [];

  /** `operation`: method, blank, template. A later route for the same operation replaces the earlier. */
  on(operation: string, handler: Handler): void {
    const [method = '', template = ''] = operation.split(' ');
    const at = this.#routes.findIndex((route) => route.operation === operation);
    if (at >= 0) this.#routes.splice(at, 1);
    const weight = template.split('/').reduce((sum, part) => sum + (part.startsWith('{') ? 1 : 10), 0);
    this.#routes.push({ operation, method, pattern: patternOf(template), handler, weight });
    this.#routes.sort((one, other) => other.weight - one.weight);
  }

  find(
    method: string,
    path: string,
  ): { readonly operation: string; readonly handler: Handler; readonly params: Record<string, string> } | null {
    for (const route of this.#routes) {
      const match = route.method === method ? route.pattern.exec(path) : null;
      if (match === null) continue;
      const params = Object.fromEntries(Object.entries(match.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value ?? '')]));
      return { operation: route.operation, handler: route.handler, params };
    }
    return null;
  }
}
