import type { FailureClass } from '../../domain/diagnosis.schema.ts';
import { following, type Tool } from '../tool.ts';

const NPM = /^npm (?:error|ERR!) (?:code )?(E[A-Z0-9_]{3,40})\b ?(.*)$/;
const SAID = /^npm (?:error|ERR!) (?!code |errno |network This|A complete log|$)(?:[A-Z0-9_]{3,40} )?(\S.*)$/;
const PNPM = /\b(ERR_PNPM_[A-Z0-9_]{3,60})\b[^\w]*(.*)$/;
const YARN = /^➤ (YN\d{4}):.*?[│└] (.+)$/u;
const YARN_CLASSIC =
  /^error (?:An unexpected error occurred: |Couldn't find (?:any versions for|package) |Your lockfile needs to be updated|.{1,200}: The engine "[\w-]{1,40}" is incompatible)/;

const CODES: Readonly<Record<string, FailureClass>> = {
  EACCES: 'environment',
  EPERM: 'environment',
  EBADENGINE: 'environment',
  ENOENT: 'environment',
  E401: 'environment',
  E403: 'environment',
  ENEEDAUTH: 'environment',
  ENOSPC: 'infrastructure',
  E429: 'infrastructure',
  E500: 'infrastructure',
  E502: 'infrastructure',
  E503: 'infrastructure',
  E504: 'infrastructure',
  ENOTFOUND: 'infrastructure',
  EAI_AGAIN: 'infrastructure',
  ECONNRESET: 'infrastructure',
  ECONNREFUSED: 'infrastructure',
  ETIMEDOUT: 'infrastructure',
  ERR_SOCKET_TIMEOUT: 'infrastructure',
  ENETUNREACH: 'infrastructure',
  EHOSTUNREACH: 'infrastructure',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'infrastructure',
  EJSONPARSE: 'configuration',
  ERESOLVE: 'dependency',
  EUSAGE: 'dependency',
  E404: 'dependency',
  ETARGET: 'dependency',
  ENOVERSIONS: 'dependency',
  EINTEGRITY: 'dependency',
  EOVERRIDE: 'dependency',
  EBADPLATFORM: 'dependency',
};
/** Messages of Yarn's that are about packages; others only say how far it is. */
const YARN_CODES: Readonly<Record<string, FailureClass>> = {
  YN0001: 'infrastructure',
  YN0009: 'dependency',
  YN0016: 'dependency',
  YN0018: 'dependency',
  YN0027: 'dependency',
  YN0028: 'dependency',
  YN0035: 'dependency',
  YN0082: 'dependency',
};

/** npm, Yarn and pnpm: what they install, and why they do not. */
export const npm: Tool = {
  id: 'npm',
  class: 'dependency',
  read(view) {
    const { text } = view;
    const npmLine = NPM.exec(text);
    const code = npmLine?.[1];
    const kind = CODES[code ?? ''];
    // The code's own line comes first; `npm error E404 ...` lines below it say the same again.
    if (code !== undefined && kind !== undefined && npmLine?.[0].includes(` code ${code}`) === true)
      return { class: kind, rule: code, message: following(view, SAID)?.[1] ?? code };
    const script = /^npm (?:error|ERR!) (Missing script: .{1,100})$/.exec(text)?.[1];
    if (script !== undefined) return { class: 'configuration', rule: 'missing-script', message: script };
    const [, pnpm, pnpmSays = ''] = PNPM.exec(text) ?? [];
    if (pnpm !== undefined) {
      const failed = /FETCH_5|META_FETCH|FETCH_FAIL|TIMEOUT/.test(pnpm);
      const engine = /ENGINE|UNSUPPORTED/.test(pnpm);
      const scripts = /RECURSIVE_RUN|NO_SCRIPT/.test(pnpm);
      if (pnpm.includes('RECURSIVE_RUN')) return null;
      return {
        tool: 'pnpm',
        class: failed ? 'infrastructure' : engine ? 'environment' : scripts ? 'configuration' : 'dependency',
        rule: pnpm,
        message: pnpmSays === '' ? pnpm : pnpmSays,
      };
    }
    const [, yarn, yarnSays = ''] = YARN.exec(text) ?? [];
    const yarnClass = YARN_CODES[yarn ?? ''];
    if (yarnClass !== undefined) return { tool: 'yarn', class: yarnClass, rule: yarn, message: yarnSays };
    if (YARN_CLASSIC.test(text)) {
      const outdated = text.includes('lockfile needs to be updated');
      const engine = text.includes('The engine "');
      const lost = /ENOTFOUND|ECONN|ETIMEDOUT|EAI_AGAIN/.test(text);
      return {
        tool: 'yarn',
        class: engine ? 'environment' : lost ? 'infrastructure' : 'dependency',
        rule: outdated ? 'lockfile-out-of-date' : engine ? 'engine' : 'not-found',
        message: text.slice(6),
      };
    }
    return null;
  },
};
