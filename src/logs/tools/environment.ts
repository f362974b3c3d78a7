import { type Phrases, phrase, type Tool } from '../tool.ts';

const MISSING: Phrases = [
  [
    /: command not found\b|^(?:sh|\/bin\/sh|bash|zsh|dash): (?:\d{1,6}: |line \d{1,6}: )?[\w./@-]{1,100}: (?:command )?not found|is not recognized as an internal or external command|executable file not found in \$PATH|^spawn \S{1,100} ENOENT|Error: spawn \S{1,100} ENOENT|env: .{1,100}: No such file or directory/,
    'command-not-found',
  ],
  [/exit(?:ed with)? (?:code|status) 127\b/, 'exit-127'],
  [/exit(?:ed with)? (?:code|status) 126\b/, 'exit-126'],
  [/EADDRINUSE|address already in use|port \d{1,5} is already (?:in use|allocated)|Port already in use/i, 'port-in-use'],
  [
    /(?:environment|env) variable "?'?`?[A-Z][A-Z0-9_]{1,80}`?'?"? (?:is )?(?:not (?:set|defined|found)|required|missing|must be set)|\b[A-Z][A-Z0-9]{0,30}_[A-Z0-9_]{1,60}: (?:unbound variable|parameter (?:not set|null or not set))|(?:missing|required) (?:required )?(?:environment|env) variables?:? |\b[A-Z][A-Z0-9]{0,30}_[A-Z0-9_]{1,60} (?:is not set|is not defined|must be set|environment variable is required)/,
    'missing-variable',
  ],
  [
    /\bEACCES\b|: Permission denied$|^bash: .{1,200}: Permission denied|permission denied while trying to connect to the Docker daemon/,
    'permission-denied',
  ],
  [
    /connect ECONNREFUSED (?:127\.0\.0\.1|::1)|Connection refused.{0,80}(?:localhost|127\.0\.0\.1)|(?:localhost|127\.0\.0\.1).{0,80}[Cc]onnection refused|could not connect to server: Connection refused|Cannot connect to the Docker daemon/,
    'service-missing',
  ],
  [
    /Unsupported engine|The engine "\w{1,20}" is incompatible|requires a different Python|Unsupported (?:Node|Python|Java|Ruby) version|(?:requires|required) (?:Node(?:\.js)?|Python|Java|Ruby|Go) (?:version )?[<>=^~v]{0,3}\s?\d|You are using (?:Node\.js|Python) \d|Node\.js version v?[\d.]{1,20} (?:detected|is not supported)|error: rustc \S{1,40} is not supported/,
    'runtime-version',
  ],
  [
    /error while loading shared libraries|version `GLIBC\w{0,10}_[\d.]{1,12}' not found|exec format error|cannot open shared object file/i,
    'missing-library',
  ],
];

/** What the machine lacks: programs, variables, ports, permissions, the right runtime. */
export const environment: Tool = {
  id: 'environment',
  class: 'environment',
  read({ text }) {
    // What npm says has a code, which npm's own reader knows.
    if (/^npm (?:warn|WARN|error|ERR!)/.test(text)) return null;
    return phrase(text, MISSING);
  },
};
