import type { HandOver } from '../../domain/hand-over.schema.ts';
import { visibleText } from '../../lib/escape.ts';
import { oneLine } from '../../lib/one-line.ts';

/** What one mail says, before it is addressed. */
export interface Letter {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** Text for HTML, shown as it reads. */
export function html(text: string): string {
  return visibleText(text).replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}

const link = (url: string | undefined): string | null => (url !== undefined && /^https?:\/\/[^\s<>()"'`]+$/.test(url) ? url : null);

const FRAME = 'font:14px/1.5 sans-serif;max-width:640px;color:#1b1f24';
const CODE = 'background:#f3f4f6;padding:10px;border-radius:6px;white-space:pre-wrap;font:12px/1.5 monospace';

function page(title: string, parts: readonly string[]): string {
  return `<!doctype html><html><body><div style="${FRAME}"><h2 style="font-size:18px">${html(title)}</h2>${parts.join('')}<p style="color:#6b7280;font-size:12px">Sent by Suture.</p></div></body></html>`;
}

const SUBJECTS: Readonly<Record<string, string>> = {
  'approval-wanted': 'Approval wanted',
  reminder: 'Reminder',
  escalation: 'A person is needed',
  outcome: 'Result',
};

/** One line about a healing as a mail. */
export function noticeLetter(notice: { readonly healingId: string; readonly kind: string; readonly text: string }): Letter {
  const text = oneLine(notice.text, 500);
  return {
    subject: oneLine(`[Suture] ${SUBJECTS[notice.kind] ?? notice.kind}: ${text}`, 200),
    text: `${text}\n\nHealing: ${oneLine(notice.healingId, 300)}\n`,
    html: page(SUBJECTS[notice.kind] ?? notice.kind, [
      `<p>${html(text)}</p>`,
      `<p>Healing: <code>${html(oneLine(notice.healingId, 300))}</code></p>`,
    ]),
  };
}

interface Section {
  readonly title: string;
  readonly lines: readonly string[];
}

function sections(message: HandOver): readonly Section[] {
  const list = (title: string, lines: readonly string[]): Section[] => (lines.length === 0 ? [] : [{ title, lines }]);
  return [
    ...list(
      'What is known',
      message.hypotheses.flatMap(({ text, evidence }) => [text, ...evidence.map((line) => `– ${line}`)]),
    ),
    ...list(
      'What was tried',
      message.tried.map(({ strategy, result }) => `${strategy}: ${result}`),
    ),
    ...list(
      'Who owns it',
      [message.service, message.owner].filter((each) => each !== undefined),
    ),
    ...list('Branch', message.branch === undefined ? [] : [message.branch]),
  ].map(({ title, lines }) => ({ title, lines: lines.map((line) => oneLine(line, 500)) }));
}

/** A hand-over bundle as a mail; the diff goes beside it. */
export function handOverLetter(message: HandOver): Letter {
  const { outcome, repo } = message;
  const title = oneLine(message.title, 200);
  const what = oneLine(`${repo.owner}/${repo.name}, ${message.subject}: ${outcome.kind} (${outcome.reason}). ${outcome.detail}`, 700);
  const commands = message.commands.map((line) => visibleText(line));
  const url = link(message.webUiUrl);
  const known = sections(message);
  return {
    subject: oneLine(`[Suture] A person is needed: ${title}`, 200),
    text: [
      `${title}\n\n${what}`,
      ...known.map(({ title: name, lines }) => `${name}\n${lines.map((line) => `  ${line}`).join('\n')}`),
      ...(commands.length === 0 ? [] : [`To go on by hand\n${commands.map((line) => `  ${line}`).join('\n')}`]),
      ...(url === null ? [] : [`History: ${url}`]),
      `Healing: ${oneLine(message.healingId, 300)}\n`,
    ].join('\n\n'),
    html: page(title, [
      `<p>${html(what)}</p>`,
      ...known.map(
        ({ title: name, lines }) =>
          `<h3 style="font-size:15px">${html(name)}</h3><ul>${lines.map((line) => `<li>${html(line)}</li>`).join('')}</ul>`,
      ),
      ...(commands.length === 0
        ? []
        : [`<h3 style="font-size:15px">To go on by hand</h3><pre style="${CODE}">${html(commands.join('\n'))}</pre>`]),
      ...(url === null ? [] : [`<p><a href="${html(url)}">History of this healing</a></p>`]),
      `<p>Healing: <code>${html(oneLine(message.healingId, 300))}</code></p>`,
    ]),
  };
}
