import type { Tool } from '../tool.ts';
import { annotation } from './annotation.ts';
import { biome } from './biome.ts';
import { black } from './black.ts';
import { configuration } from './configuration.ts';
import { environment } from './environment.ts';
import { eslint } from './eslint.ts';
import { generated } from './generated.ts';
import { go } from './go.ts';
import { infrastructure } from './infrastructure.ts';
import { java } from './java.ts';
import { jsTests } from './js-tests.ts';
import { modules } from './modules.ts';
import { mypy } from './mypy.ts';
import { node } from './node.ts';
import { npm } from './npm.ts';
import { pip } from './pip.ts';
import { prettier } from './prettier.ts';
import { pylint } from './pylint.ts';
import { pytest } from './pytest.ts';
import { python } from './python.ts';
import { ruff } from './ruff.ts';
import { rust } from './rust.ts';
import { security } from './security.ts';
import { tsc } from './tsc.ts';

/** Every tool whose complaints are read. The first one that knows a line has it: those with a format of their own before those with phrases only. */
export const TOOLS: readonly Tool[] = [
  annotation,
  eslint,
  biome,
  prettier,
  tsc,
  npm,
  pylint,
  ruff,
  black,
  mypy,
  pip,
  go,
  java,
  rust,
  security,
  generated,
  modules,
  jsTests,
  pytest,
  configuration,
  infrastructure,
  environment,
  node,
  python,
];
