import type { MintedToken } from './access.ts';
import type { Fault, FaultRule } from './faults.ts';
import type { Hands } from './hands.ts';
import type { Delivery } from './hooks.ts';
import type { RepositorySpec } from './repository.ts';
import type { Teams } from './teams.ts';
import type { Json } from './wire.ts';
import type { StandInApp } from './world.ts';

/** One call of the client under test. */
export interface Call {
  /** Method and path template. */
  readonly operation: string;
  readonly path: string;
  /** 0 when no answer was sent. */
  status: number;
  readonly fault?: FaultRule['kind'];
  readonly body: Json;
}

/** How a stand-in starts. */
export interface StandInOptions {
  /** Owner of the repositories; default `acme`. */
  readonly org?: string;
  /** Where the App's webhook points; absent: events are recorded and go nowhere. */
  readonly webhook?: { readonly url: string; readonly secret: string };
  readonly permissions?: Readonly<Record<string, string>>;
  /** What the owner accepted of the App's permissions; default all. */
  readonly accepted?: Readonly<Record<string, string>>;
  readonly events?: readonly string[];
  /** Holds the stand-in's own answers and events against the specification; default false. */
  readonly checkItself?: boolean;
  /** Called when a call begins to hang: its client may give up at once then. */
  readonly hangs?: () => void;
  /** Whether events that arise at `emulate` are told; default true. Without them nothing goes on once a call is answered. */
  readonly relay?: boolean;
  /** Clock in ms; default the real one. */
  readonly now?: () => number;
}

/** A served repository of the stand-in. */
export interface StandInRepository {
  readonly owner: string;
  readonly name: string;
  readonly fullName: string;
  readonly head: string;
  readonly hands: Hands;
}

/** GitHub's stand-in for tests: `emulate`, completed and corrected. */
export interface GitHubStandIn {
  /** `baseUrl` for clients. */
  readonly url: string;
  readonly org: string;
  readonly app: StandInApp;
  /** Secret of the App's webhook. */
  readonly webhookSecret: string;
  /** Tokens of people by login: `maria` may write, `theo` may triage, `olaf` is an outsider, `suture-bot` may write. */
  readonly tokens: Readonly<Record<string, string>>;
  repository(spec?: RepositorySpec): Promise<StandInRepository>;
  readonly calls: Call[];
  /** What the specification says against requests of the client; also tokens sent to foreign hosts and events of `emulate` that are not GitHub's. */
  readonly violations: string[];
  readonly specAvailable: boolean;
  /** With `checkItself`: where the stand-in's own answers and events are not as the specification has them. */
  readonly inaccuracies: ReadonlySet<string>;
  fault(rule: FaultRule): Fault;
  clearFaults(): void;
  /** Events in the order they arose, whether or not somebody is subscribed. */
  readonly events: ReadonlyArray<{ readonly event: string; readonly action: string | null; readonly repo: string; readonly payload: Json }>;
  readonly deliveries: readonly Delivery[];
  /** Matching deliveries are lost until the returned function is called. */
  loseDeliveries(matches: (delivery: Delivery) => boolean): () => void;
  /** Points the App's webhook somewhere. */
  pointWebhook(url: string, secret?: string): void;
  /** All events that are due have been delivered. */
  settled(): Promise<void>;
  readonly mintedTokens: readonly MintedToken[];
  /** Every installation token so far expires. */
  expireTokens(): void;
  /** Teams of the organisation. */
  readonly teams: Teams;
  /** Remembers how everything is; the function puts it back, any number of times. Tokens stay good, ids go on. */
  moment(): () => void;
  /** What a repository and its hooks look like, line by line, without ids, times and what nobody can see. */
  picture(repo: string): readonly string[];
  /** A code as GitHub gives one after an App was registered from a manifest. */
  manifestCode(): string;
  close(): Promise<void>;
}
