import { type Phrases, phrase, type Tool } from '../tool.ts';

const LOST: Phrases = [
  [
    /getaddrinfo (?:EAI_AGAIN|ENOTFOUND)|Temporary failure (?:in name resolution|resolving)|Could not resolve host|no such host|Name or service not known|UnknownHostException|nodename nor servname/i,
    'dns',
  ],
  [/Network is unreachable|ENETUNREACH|EHOSTUNREACH|No route to host/i, 'network-unreachable'],
  [
    /TLS handshake (?:timeout|failed)|SSL_ERROR_SYSCALL|SSL certificate problem|certificate verify failed|certificate has expired|PKIX path building failed|tls: failed to verify/i,
    'tls',
  ],
  [
    /\b50[234] (?:Bad Gateway|Service (?:Temporarily )?Unavailable|Gateway Time-?out)|status code:? 50[234]\b|\bHTTP(?:\/\d(?:\.\d)?)? 50[234]\b|returned error: 50[234]\b/i,
    'server-error',
  ],
  [
    /\b429 Too Many Requests|status code:? 429\b|returned error: 429\b|rate limit (?:exceeded|reached|hit)|toomanyrequests|secondary rate limit|pull rate limit/i,
    'rate-limit',
  ],
  [/No space left on device|ENOSPC|disk quota exceeded/i, 'disk-full'],
  [
    /received a shutdown signal|lost communication with the server|runner (?:was )?(?:terminated|evicted|preempted)|The hosted runner encountered an error|spot instance (?:was )?(?:reclaimed|terminated)|Job was evicted/i,
    'runner-lost',
  ],
  [
    /JavaScript heap out of memory|Cannot allocate memory|std::bad_alloc|Out of memory: Killed|\boom-kill|OutOfMemoryError|signal: 9, SIGKILL|^Killed$|exit code 137\b|exited with 137\b|^fatal error: runtime: out of memory/i,
    'out-of-memory',
  ],
  [
    /ECONNRESET|Connection reset by peer|socket hang up|unexpected EOF while downloading|i\/o timeout|connection timed out|ETIMEDOUT|dial tcp .{1,80}(?:refused|timeout)|Read timed out|net\/http: request canceled/i,
    'connection-lost',
  ],
  [/unable to access '?https?:\/\/|fetch-pack: unexpected disconnect|early EOF|RPC failed; (?:curl|HTTP)/i, 'git-transport'],
  [/Could not transfer artifact|spurious network error|Could not fetch URL|NewConnectionError|ReadTimeoutError/i, 'download-failed'],
];
/** The line that a name stands in after the fact: tests of such errors print these words, too. */
const TESTED = /^\s*(?:✓|✔|ok \d|PASS|--- PASS|test .{1,200} \.\.\. ok)|\bPASSED\b/u;
const HERE = /(?:localhost|127\.0\.0\.1|\[?::1\]?|0\.0\.0\.0)/;

/** What is nobody's code: network, registries, machines. */
export const infrastructure: Tool = {
  id: 'infrastructure',
  class: 'infrastructure',
  read({ text }) {
    if (TESTED.test(text) || /^npm (?:warn|WARN|error|ERR!)/.test(text)) return null;
    const found = phrase(text, LOST);
    return found === null || (found.rule === 'connection-lost' && HERE.test(text)) ? null : found;
  },
};
