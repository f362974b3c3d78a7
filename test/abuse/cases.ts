/** A case of the product as a whole: the tests that hold it, each a file and a part of a title in it. */
export interface Citation {
  readonly file: string;
  readonly says: string;
}

/** One abuse case. */
export interface AbuseCase {
  readonly id: string;
  readonly what: string;
  /** `sandbox`: tried against every sandbox by the attacks of its number. Else what holds it. */
  readonly held: 'sandbox' | 'unavailable' | readonly Citation[];
}

const by = (file: string, ...titles: readonly string[]): readonly Citation[] => titles.map((says) => ({ file: `test/${file}`, says }));

/** All 46, in order. */
export const CASES: readonly AbuseCase[] = [
  { id: 'AC-01', what: 'environment of the service', held: 'sandbox' },
  { id: 'AC-02', what: 'files of the host', held: 'sandbox' },
  { id: 'AC-03', what: 'writing outside, mounting', held: 'sandbox' },
  { id: 'AC-04', what: 'settings of the kernel', held: 'sandbox' },
  { id: 'AC-05', what: 'memory of other processes', held: 'sandbox' },
  { id: 'AC-06', what: 'new user namespaces', held: 'sandbox' },
  { id: 'AC-07', what: 'loopback servers of the host', held: 'sandbox' },
  { id: 'AC-08', what: 'unix sockets of the host', held: 'sandbox' },
  { id: 'AC-09', what: 'vsock, packet, netfilter sockets', held: 'sandbox' },
  { id: 'AC-10', what: 'DNS exfiltration, metadata address', held: 'sandbox' },
  { id: 'AC-11', what: 'tricks with endpoint names', held: 'sandbox' },
  { id: 'AC-12', what: 'keyring of the host', held: 'sandbox' },
  { id: 'AC-13', what: 'io_uring, userfaultfd, bpf, perf', held: 'sandbox' },
  { id: 'AC-14', what: 'TIOCSTI, also with high bits', held: 'sandbox' },
  { id: 'AC-15', what: 'fork bomb', held: 'sandbox' },
  { id: 'AC-16', what: 'memory hog', held: 'sandbox' },
  { id: 'AC-17', what: 'disk fill', held: 'sandbox' },
  { id: 'AC-18', what: 'output flood', held: 'sandbox' },
  { id: 'AC-19', what: 'deaf to signals, without end', held: 'sandbox' },
  { id: 'AC-20', what: 'daemons that stay', held: 'sandbox' },
  { id: 'AC-21', what: 'signals to the service', held: 'sandbox' },
  { id: 'AC-22', what: 'links and pipes as artifacts', held: 'sandbox' },
  { id: 'AC-23', what: 'setuid files, odd names', held: 'sandbox' },
  { id: 'AC-24', what: 'hostile git configuration and hooks', held: by('integrations/local/mirror.test.ts', 'planted hooks and helpers') },
  { id: 'AC-25', what: 'nested repositories, links of git', held: by('sandbox/local/parts.test.ts', 'sub/.GIT/hooks/x') },
  { id: 'AC-26', what: 'change sets that lead out', held: 'sandbox' },
  { id: 'AC-27', what: 'change sets to protected files', held: by('domain/policy/gate.test.ts', 'runGate') },
  {
    id: 'AC-28',
    what: 'skipped tests, loosened assertions',
    held: by('journeys/hostile-weakening.test.ts', 'removes an assertion', 'loosens an assertion', 'skips a test again'),
  },
  {
    id: 'AC-29',
    what: 'repository configuration that wants more',
    held: [
      ...by('activities/normalize.test.ts', 'clamped by the server'),
      ...by('sandbox/service.test.ts', 'lower limits, and raise none', 'refused beyond what is allowed'),
    ],
  },
  { id: 'AC-30', what: 'environment and scripts that run code', held: 'sandbox' },
  { id: 'AC-31', what: 'forged reports and verdicts', held: 'sandbox' },
  {
    id: 'AC-32',
    what: 'instructions in text, for a model',
    held: [
      ...by('activities/hostile-model.test.ts', 'ends with a reason and leaves no trace'),
      ...by('journeys/model.test.ts', 'obeys what the log says proposes cheats, and none becomes a change'),
    ],
  },
  {
    id: 'AC-33',
    what: 'hostile answers of a model',
    held: by('journeys/model.test.ts', 'special-cases what the test asks for is caught by the gate'),
  },
  { id: 'AC-34', what: 'secrets in logs', held: by('lib/redact.test.ts', 'a secret that we hold') },
  { id: 'AC-35', what: 'secrets in a proposed change', held: by('domain/policy/gate.test.ts', 'a secret') },
  {
    id: 'AC-36',
    what: 'mentions, closing keywords, escapes in text',
    held: by('lib/escape.test.ts', 'a mention', 'a closing keyword', 'a workflow command'),
  },
  { id: 'AC-37', what: 'missing and wrong signatures', held: by('http/signatures.test.ts', 'no signature', 'a shorter signature') },
  { id: 'AC-38', what: 'replayed and repeated deliveries', held: by('http/delivery.test.ts', 'gives repeats of a delivery the same id') },
  {
    id: 'AC-39',
    what: 'stale and future time stamps',
    held: [...by('http/slack.test.ts', 'stale'), ...by('integrations/datadog/alert-source.test.ts', 'from the future')],
  },
  { id: 'AC-40', what: 'large, slow and deep deliveries', held: by('http/limits.test.ts', 'far too large', 'headers without end') },
  {
    id: 'AC-41',
    what: 'requests to where a name leads',
    held: [
      ...by('sandbox/forward-target.test.ts', 'any address of the name is forbidden'),
      ...by('activities/production-action.test.ts', 'no redirect is followed'),
    ],
  },
  { id: 'AC-42', what: 'control characters in logs', held: by('activities/runs.test.ts', 'what acts on a terminal') },
  {
    id: 'AC-43',
    what: 'tampering with the audit trail',
    held: by('store/audit-trail.test.ts', 'an edited entry', 'a cut-off end', 'an inserted entry'),
  },
  { id: 'AC-44', what: 'one job against another', held: 'sandbox' },
  {
    id: 'AC-45',
    what: 'forks and outsiders',
    held: [
      ...by('activities/normalize.test.ts', 'only analyses a fork'),
      ...by('journeys/github-people.test.ts', 'a pull request of a fork'),
    ],
  },
  { id: 'AC-46', what: 'parts of the sandbox missing', held: 'unavailable' },
];
