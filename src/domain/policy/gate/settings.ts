import type { ProvingCommand } from '../../incident.schema.ts';
import { addedLines, type GateFile, removedLines } from './lines.ts';

const SELECTS =
  /^[-\s"'[{]*(?:[\w.-]*(?:skip|exclude|deselect|omit|xfail|quarantine|ignore)[\w-]*|(?:[\w.-]*[_.-])?(?:tests?|suites?|specs?)(?:[_.-][\w-]*)?)["']?\s*[:=]/i;
const SETTINGS_FILE = /\.(?:ya?ml|json5?|toml|ini|cfg|conf|properties|env)$/i;

/** Whether a change of settings may leave something unchecked. */
export function touchesSelection(file: GateFile): boolean {
  return (
    SETTINGS_FILE.test(file.path) &&
    [...addedLines(file).map((line) => line.text), ...removedLines(file)].some((text) => SELECTS.test(text.slice(0, 500)))
  );
}

/** Paths that the commands name. */
export function commandPaths(commands: readonly ProvingCommand[]): readonly string[] {
  return commands
    .flatMap((command) => `${command.run} ${command.setup ?? ''}`.split(/[\s;|&<>()"'`=]+/))
    .map((word) => word.replace(/^\.\//, ''));
}

/** Files that say what a command does which only names its tool. */
const MADE_BY: ReadonlyArray<readonly [RegExp, RegExp]> = [
  [/(?:^|[\s;&|(/])g?make(?:\s|$)/, /(?:^|\/)(?:GNUm|[Mm])akefile$|\.mk$/],
  [/(?:^|[\s;&|(/])just(?:\s|$)/, /(?:^|\/)\.?[Jj]ustfile$/],
  [/(?:^|[\s;&|(/])task(?:\s|$)/, /(?:^|\/)[Tt]askfile\.ya?ml$/],
  [/(?:^|[\s;&|(/])rake(?:\s|$)/, /(?:^|\/)Rakefile$|\.rake$/],
];

/** Whether a command runs what this file says without naming it. */
export function saysWhatRuns(path: string, commands: readonly ProvingCommand[]): boolean {
  return commands.some(({ run, setup }) => MADE_BY.some(([tool, file]) => file.test(path) && tool.test(`${run} ${setup ?? ''}`)));
}
