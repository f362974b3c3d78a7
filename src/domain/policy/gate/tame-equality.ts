import type { GateFinding } from '../../proof.schema.ts';
import { addedLines, type GateFile } from './lines.ts';

const OPENS =
  /\bdef\s+__(?:eq|ne|bool|lt|le|gt|ge|contains|instancecheck|hash)__\s*\(|\bboolean\s+equals\s*\(|\bfn\s+(?:eq|ne)\s*\(|\bdef\s+(?:==|eql\?|===)|\b(?:asymmetricMatch|isEqual|equals|Equals?)\s*\([^)]*\)[^;]{0,40}\{|\bfunc\s+\([^)]*\)\s+Equal\s*\(|\boperator\s*fun\s+equals|\bSymbol\.toPrimitive\b|\b__(?:eq|ne|bool|contains)__\s*=\s*lambda\b/;
const TRUE = /(?:^|[{;:]\s*|=>\s*|\breturn\s+)(?:return\s+)?(?:True|true|not\s+False|!0|1|(\b\w+)\s*={2,3}\s*\1)\s*;?[\s}]*(?:end)?$/;

/** Equality that answers yes to everything: whatever is compared with it passes. */
export function equalityFindings(file: GateFile): readonly GateFinding[] {
  const rows = (file.after ?? '').split('\n').map((row) => row.trim());
  return addedLines(file)
    .filter(({ text }) => OPENS.test(text.slice(0, 1000)))
    .flatMap(({ line, text }) => {
      const next = rows.slice(line, line + 20).find((row) => row !== '' && !/^(?:#|\/\/|\*|"""|@)/.test(row)) ?? '';
      return TRUE.test(text.slice(-200)) || TRUE.test(next.slice(-200))
        ? [{ code: 'equality-tamed', path: file.path, line, detail: 'a comparison answers yes whatever it compares' }]
        : [];
    });
}
