import { hashComments } from './comments.ts';

/** One line of a block: its number, its trimmed text, and how deep it stands below what declares the block. */
export interface BlockLine {
  readonly line: number;
  readonly text: string;
  readonly depth: number;
}

/** What one declaration holds: a test, a helper, a class; the first block of a file has none and holds what stands before. */
export interface Block {
  readonly name: string;
  /** Decorators, annotations and attributes in front of the declaration. */
  readonly marks: readonly BlockLine[];
  readonly lines: readonly BlockLine[];
}

const DECLARES =
  /^(?:export\s+)?(?:default\s+)?(?:(?:async\s+)?def\s|class\s|(?:async\s+)?function\b|func\s|(?:pub\s+)?(?:async\s+)?fn\s|(?:pub\s+)?mod\s|[xf]?(?:it|test|describe|suite|context|specify|scenario|example|feature)\s*(?:\.\w+)?\s*[('"`:]|(?:(?:public|private|protected|internal|static|final|async|override|suspend)\s+)*(?:void|fun|Task)\s+[\w`]|public\s+function\s|@test\s|setup\s*\(\)|teardown\s*\(\))/;
const MARK = /^(?:@(?!test\s)[\w.]+|#!?\[|\[[A-Z]\w*[\](])/;
const NOTHING = /^(?:[\s(){}[\];,]*|end|fi|done|\/\/.*|#(?!!?\[).*|\*.*|--\s.*)$/;

function indent(raw: string): number {
  let width = 0;
  for (const letter of raw) {
    if (letter === ' ') width += 1;
    else if (letter === '\t') width += 8;
    else break;
  }
  return width;
}

function balance(text: string, open: RegExp, close: RegExp): number {
  return (text.match(open)?.length ?? 0) - (text.match(close)?.length ?? 0);
}

/** A file as its declarations in order. Depth is counted by braces, or by steps of indentation where the language has none. */
export function blocksOf(path: string, source: string): readonly Block[] {
  const braces = !hashComments(path);
  const blocks: { name: string; marks: BlockLine[]; lines: BlockLine[]; depth: number }[] = [{ name: '', marks: [], lines: [], depth: 0 }];
  const steps: number[] = [];
  let level = 0;
  let marks: BlockLine[] = [];
  let openMark = 0;
  for (const [index, raw] of source.split('\n').entries()) {
    const text = raw.trim();
    if (text === '') continue;
    if (!braces) {
      const width = indent(raw);
      while (steps.length > 0 && (steps[steps.length - 1] ?? 0) >= width) steps.pop();
      level = steps.length;
      steps.push(width);
    }
    const at: BlockLine = { line: index + 1, text, depth: level };
    if (braces) level += balance(text, /\{/g, /\}/g);
    if (openMark > 0 || MARK.test(text)) {
      openMark = Math.max(0, openMark + balance(text, /[([]/g, /[)\]]/g));
      marks.push(at);
      continue;
    }
    if (DECLARES.test(text)) {
      blocks.push({ name: text, marks, lines: [], depth: at.depth });
      marks = [];
    } else if (!NOTHING.test(text)) {
      const block = blocks[blocks.length - 1];
      block?.lines.push(...marks.splice(0), { ...at, depth: at.depth - block.depth });
    }
  }
  return blocks;
}
