import type { Json } from '../github/wire.ts';

/** What Slack's reference says of blocks (docs.slack.dev, Block Kit): limits in characters and elements. */
const LIMITS = {
  blocks: 50,
  header: 150,
  section: 3_000,
  fields: 10,
  field: 2_000,
  elements: 25,
  context: 10,
  label: 75,
  value: 2_000,
  url: 3_000,
  id: 255,
};

function text(object: Json, most: number, where: string, plain: boolean): readonly string[] {
  if (object === null || typeof object !== 'object') return [`${where}: no text object`];
  const found: string[] = [];
  if (plain ? object.type !== 'plain_text' : !['plain_text', 'mrkdwn'].includes(object.type))
    found.push(`${where}: ${object.type} is not allowed`);
  if (typeof object.text !== 'string' || object.text.length < 1) found.push(`${where}: must have at least one character`);
  else if (object.text.length > most) found.push(`${where}: longer than ${most}`);
  if (object.emoji !== undefined && object.type !== 'plain_text') found.push(`${where}: emoji belongs to plain_text`);
  if (object.verbatim !== undefined && object.type !== 'mrkdwn') found.push(`${where}: verbatim belongs to mrkdwn`);
  return found;
}

function button(element: Json, where: string): readonly string[] {
  const found = [...text(element.text, LIMITS.label, `${where} text`, true)];
  if (typeof element.action_id !== 'string' || element.action_id.length > LIMITS.id) found.push(`${where}: action_id`);
  if (element.value !== undefined && element.value.length > LIMITS.value) found.push(`${where}: value longer than ${LIMITS.value}`);
  if (element.url !== undefined && element.url.length > LIMITS.url) found.push(`${where}: url longer than ${LIMITS.url}`);
  if (element.style !== undefined && !['primary', 'danger'].includes(element.style)) found.push(`${where}: style ${element.style}`);
  if (element.confirm !== undefined) {
    found.push(
      ...text(element.confirm.title, 100, `${where} confirm title`, true),
      ...text(element.confirm.text, 300, `${where} confirm text`, false),
    );
    found.push(
      ...text(element.confirm.confirm, 30, `${where} confirm yes`, true),
      ...text(element.confirm.deny, 30, `${where} confirm no`, true),
    );
  }
  return found;
}

function block(each: Json, where: string): readonly string[] {
  if (each.block_id !== undefined && each.block_id.length > LIMITS.id) return [`${where}: block_id longer than ${LIMITS.id}`];
  switch (each.type) {
    case 'header':
      return text(each.text, LIMITS.header, where, true);
    case 'section': {
      if (each.text === undefined && each.fields === undefined) return [`${where}: neither text nor fields`];
      const fields: readonly Json[] = each.fields ?? [];
      return [
        ...(each.text === undefined ? [] : text(each.text, LIMITS.section, where, false)),
        ...(fields.length > LIMITS.fields ? [`${where}: more than ${LIMITS.fields} fields`] : []),
        ...fields.flatMap((field, at) => text(field, LIMITS.field, `${where} field ${at}`, false)),
      ];
    }
    case 'actions': {
      const elements: readonly Json[] = each.elements ?? [];
      const ids = elements.map((element) => element.action_id);
      return [
        ...(elements.length < 1 || elements.length > LIMITS.elements ? [`${where}: ${elements.length} elements`] : []),
        ...(new Set(ids).size === ids.length ? [] : [`${where}: action_id twice`]),
        ...elements.flatMap((element, at) =>
          element.type === 'button' ? button(element, `${where} button ${at}`) : [`${where}: ${element.type}`],
        ),
      ];
    }
    case 'context': {
      const elements: readonly Json[] = each.elements ?? [];
      return [
        ...(elements.length < 1 || elements.length > LIMITS.context ? [`${where}: ${elements.length} elements`] : []),
        ...elements.flatMap((element, at) => text(element, LIMITS.section, `${where} ${at}`, false)),
      ];
    }
    default:
      return [`${where}: unknown type ${each.type}`];
  }
}

/** What Slack would refuse of these blocks; nothing when they are good. */
export function blockProblems(blocks: Json): readonly string[] {
  if (!Array.isArray(blocks)) return ['blocks: no list'];
  const ids = blocks.flatMap((each: Json) => (each.block_id === undefined ? [] : [each.block_id]));
  return [
    ...(blocks.length > LIMITS.blocks ? [`blocks: more than ${LIMITS.blocks}`] : []),
    ...(new Set(ids).size === ids.length ? [] : ['blocks: block_id twice']),
    ...blocks.flatMap((each: Json, at: number) => block(each, `block ${at} (${each.type})`)),
  ];
}
