import type { HandOver } from '../../domain/hand-over.schema.ts';

/** One line of outside text that markdown shows as it is: no markup, no links, no mentions. */
function plain(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .replace(/[\\`*_{}[\]<>()#+!|~@&-]/g, (char) => `\\${char}`);
}

/** A code block whose fence is longer than any in its content. */
function code(lines: readonly string[]): string {
  const text = lines.join('\n');
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((match) => match[0].length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}sh\n${text}\n${fence}`;
}

/** The page a person reads first when a healing gave up. */
export function handOverPage(message: HandOver): string {
  const { outcome } = message;
  const parts = [
    `# ${plain(message.title)}`,
    `${plain(`${message.repo.owner}/${message.repo.name}`)}, ${plain(message.subject)}: ${plain(outcome.kind)} (${plain(outcome.reason)}). ${plain(outcome.detail)}`,
  ];
  if (message.hypotheses.length > 0) {
    parts.push('## What is known');
    parts.push(
      message.hypotheses
        .map(({ text, evidence }) => [`- ${plain(text)}`, ...evidence.map((line) => `  - ${plain(line)}`)].join('\n'))
        .join('\n'),
    );
  }
  if (message.tried.length > 0) {
    parts.push('## What was tried');
    parts.push(message.tried.map(({ strategy, result }) => `- ${plain(strategy)}: ${plain(result)}`).join('\n'));
  }
  if (message.diff !== undefined) {
    parts.push(`The last change that was tried: \`change.diff\` (artifact ${message.diff.sha256}).`);
  }
  if (message.branch !== undefined) {
    parts.push(`Branch: ${plain(message.branch)}`);
  }
  if (message.commands.length > 0) {
    parts.push('## To go on by hand', code(message.commands));
  }
  if (message.webUiUrl !== undefined) {
    parts.push(`History of the healing: ${plain(message.webUiUrl)}`);
  }
  return `${parts.join('\n\n')}\n`;
}
