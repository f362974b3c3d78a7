import { type Phrases, phrase, type Tool } from '../tool.ts';

const WRONG: Phrases = [
  [/Invalid workflow file|The workflow is not valid/, 'workflow'],
  [
    /failed to load config from |Failed to load (?:config|PostCSS config)|Error (?:while )?(?:loading|reading|parsing) (?:the )?config(?:uration)?\b|could not (?:load|parse|read) config(?:uration)?\b/i,
    'config-not-loaded',
  ],
  [
    /yaml\.(?:scanner|parser)\.\w{1,20}Error|YAMLException|YAMLParseError|error converting YAML to JSON|mapping values are not allowed here/,
    'yaml',
  ],
  [/TOMLDecodeError|TOML parse error|Invalid TOML|tomllib/, 'toml'],
  [
    /^(?:error|Error|ERROR): (?:unknown|unrecognized|unrecognised|invalid|unexpected) (?:option|argument|flag|configuration key|setting)s?\b|: error: unrecognized arguments: /,
    'wrong-option',
  ],
  [
    /Validation Error:|Invalid configuration object\. |Unknown (?:option|property|key) "?'?[\w.-]{1,60}"?'? (?:in|found in|at) .{0,60}config/,
    'config-invalid',
  ],
  [
    /^(?:ERROR|error): .{0,100}(?:pyproject\.toml|setup\.cfg|tox\.ini|pytest\.ini)\b.{0,100}(?:unknown|invalid|unexpected|unable to parse)/i,
    'config-invalid',
  ],
];

/** Programs that cannot read what configures them. */
export const configuration: Tool = {
  id: 'configuration',
  class: 'configuration',
  read({ text }) {
    return phrase(text, WRONG);
  },
};
