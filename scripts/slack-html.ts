import type { SlackBlock } from '../src/integrations/slack/blocks.ts';

/** Slack draws emoji with pictures of its own; here they are badges, so that the preview needs no font and no network. */
const BADGES: Readonly<Record<string, readonly [colour: string, mark: string]>> = {
  '🩹': ['#b7791f', '✚'],
  '🙋': ['#1264a3', '?'],
  '✅': ['#2e7d32', '✔'],
  '🆘': ['#c62828', '!'],
  '🚫': ['#c62828', '✖'],
  '⌛': ['#6b4f9e', '…'],
  '↩️': ['#6b4f9e', '↩'],
  '✋': ['#c62828', '■'],
  '🌤️': ['#2e7d32', '✔'],
  '⏸️': ['#616061', '–'],
  '⏭️': ['#616061', '»'],
  '🔗': ['#616061', '→'],
};

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

function badges(html: string): string {
  return Object.entries(BADGES).reduce(
    (text, [sign, [colour, mark]]) => text.replaceAll(sign, `<span class="badge" style="background:${colour}">${mark}</span>`),
    html,
  );
}

/** Slack's mrkdwn as HTML; `names` stand behind the ids of mentions. */
function mrkdwn(text: string, names: Readonly<Record<string, string>>): string {
  const marked = text
    .replace(/<@([A-Z0-9]+)>/g, (_all, id: string) => `\u0001@${names[id] ?? id}\u0002`)
    .replace(/<!subteam\^([A-Z0-9]+)>/g, (_all, id: string) => `\u0001@${names[id] ?? id}\u0002`)
    .replace(/<(https?:[^|>]+)\|([^>]*)>/g, (_all, url: string, label: string) => `\u0003${url}\u0004${label}\u0005`);
  const html = marked
    .replace(/[<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
    .replace(/```\n?([^]*?)```/g, '<pre>$1</pre>')
    .replace(/`([^`\n]+)`/g, '<code>$1</code>')
    .replace(/(^|\s)\*([^*\n]+)\*(?=\s|$)/g, '$1<b>$2</b>')
    // oxlint-disable-next-line no-control-regex
    .replace(/\u0001([^\u0002]*)\u0002/g, '<span class="mention">$1</span>')
    // oxlint-disable-next-line no-control-regex
    .replace(/\u0003([^\u0004]*)\u0004([^\u0005]*)\u0005/g, '<a href="$1">$2</a>')
    .replace(/\n/g, '<br>');
  return badges(html);
}

// The shapes are Slack's; only what our blocks use is drawn.
// oxlint-disable-next-line typescript/no-explicit-any
type Shape = any;

function textOf(object: Shape, names: Readonly<Record<string, string>>): string {
  return object.type === 'mrkdwn' ? mrkdwn(object.text, names) : badges(escapeHtml(object.text));
}

function blockHtml(block: SlackBlock, names: Readonly<Record<string, string>>): string {
  const shape: Shape = block;
  switch (block.type) {
    case 'header':
      return `<h2>${textOf(shape.text, names)}</h2>`;
    case 'section':
      return shape.fields === undefined
        ? `<p>${textOf(shape.text, names)}</p>`
        : `<div class="fields">${shape.fields.map((field: Shape) => `<div>${textOf(field, names)}</div>`).join('')}</div>`;
    case 'actions':
      return `<div class="actions">${shape.elements.map((element: Shape) => `<span class="button ${element.style ?? ''}">${textOf(element.text, names)}</span>`).join('')}</div>`;
    case 'context':
      return `<div class="context">${shape.elements.map((element: Shape) => textOf(element, names)).join(' ')}</div>`;
    default:
      throw new Error(`the preview cannot draw a block of type ${block.type}`);
  }
}

const STYLE = `
*{box-sizing:border-box}body{margin:0;padding:18px 22px 20px;background:#fff;color:#1d1c1d;font:15px/1.47 Lato,"Helvetica Neue",Arial,"DejaVu Sans",sans-serif;width:720px}
.message{display:flex;gap:10px}.avatar{width:36px;height:36px;border-radius:6px;background:#1d3c34;color:#fff;display:grid;place-items:center;font-weight:700;flex:none}
.who{font-weight:900}.app{font-size:10px;background:#eee;color:#616061;padding:1px 4px;border-radius:3px;margin:0 6px;vertical-align:2px}.time{font-size:12px;color:#616061}
h2{font-size:18px;margin:6px 0 8px}p{margin:0 0 10px}.fields{display:grid;grid-template-columns:1fr 1fr;gap:8px 24px;margin:0 0 10px}
.actions{display:flex;gap:8px;margin:10px 0 8px}.button{border:1px solid #bbb;border-radius:4px;padding:4px 12px;font-weight:700;font-size:14px}
.button.primary{background:#007a5a;border-color:#007a5a;color:#fff}.button.danger{background:#e01e5a;border-color:#e01e5a;color:#fff}
.context{font-size:13px;color:#616061}.mention{background:#e8f5fa;color:#1264a3;border-radius:3px;padding:0 2px}a{color:#1264a3;text-decoration:none}
code,pre{background:#f6f6f6;border:1px solid #ddd;border-radius:3px;font:12px/1.5 "DejaVu Sans Mono",monospace;color:#c01343}code{padding:1px 3px}pre{padding:8px;color:#1d1c1d;white-space:pre-wrap}
.badge{display:inline-grid;place-items:center;width:1.25em;height:1.25em;border-radius:50%;color:#fff;font-size:.85em;font-weight:700;vertical-align:1px}`;

/** One message as a page that looks like Slack's, without any network; its height stands in `data-height` once a browser has drawn it. */
export function messagePage(blocks: readonly SlackBlock[], names: Readonly<Record<string, string>>): string {
  return `<!doctype html><html><meta charset="utf-8"><title>Suture in Slack</title><style>${STYLE}</style><body><div class="message"><div class="avatar">S</div><div><div><span class="who">Suture</span><span class="app">APP</span><span class="time">10:02</span></div>${blocks
    .map((block) => blockHtml(block, names))
    .join(
      '',
    )}</div></div><script>document.documentElement.dataset.height=String(Math.ceil(document.body.getBoundingClientRect().height))</script></body></html>`;
}
