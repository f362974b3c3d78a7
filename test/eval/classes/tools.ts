import { LANGUAGES, type Language } from '../case.ts';
import { policyOf } from '../kits.ts';
import { type EvalClass, healedBy } from './class.ts';

/** A tool of the repository's own: what it is called by, and its files. */
interface OwnTool {
  readonly look: string;
  readonly fix: string;
  readonly files: Readonly<Record<string, string>>;
}

const NODE_WALK =
  "import { readdirSync, readFileSync, writeFileSync } from 'node:fs';\n\nconst write = process.argv.includes('--write');\nlet bad = 0;\nfor (const name of readdirSync('src').sort()) {\n  const path = `src/${name}`;\n  const text = readFileSync(path, 'utf8');\n";
const PYTHON_WALK =
  'import pathlib\nimport re\nimport sys\n\nwrite = "--write" in sys.argv\nbad = 0\nfor path in sorted(pathlib.Path("shop").glob("*.py")):\n    text = path.read_text()\n';

const FORMATTERS: Readonly<Record<Language, OwnTool>> = {
  javascript: {
    look: 'node tools/layout.mjs',
    fix: 'node tools/layout.mjs --write',
    files: {
      'tools/layout.mjs': `${NODE_WALK}  const tidy = text.replace(/[ \\t]+$/gm, '').replace(/\\t/g, '  ').replace(/\\n*$/, '\\n');\n  if (tidy === text) continue;\n  if (write) writeFileSync(path, tidy);\n  else {\n    console.log(\`[warn] \${path}\`);\n    bad += 1;\n  }\n}\nprocess.exit(bad > 0 ? 1 : 0);\n`,
    },
  },
  python: {
    look: 'python3 tools/layout.py',
    fix: 'python3 tools/layout.py --write',
    files: {
      'tools/layout.py': `${PYTHON_WALK}    tidy = re.sub(r"[ \\t]+$", "", text, flags=re.M).replace("\\t", "    ").rstrip("\\n")\n    tidy = tidy + "\\n" if tidy else ""\n    if tidy == text:\n        continue\n    if write:\n        path.write_text(tidy)\n    else:\n        print(f"would reformat {path}")\n        bad += 1\nsys.exit(1 if bad else 0)\n`,
    },
  },
  go: { look: 'gofmt -l . && test -z "$(gofmt -l .)"', fix: 'gofmt -w .', files: {} },
};

const messy: Readonly<Record<Language, (text: string) => string>> = {
  javascript: (text) => text.replace('\n  return', '   \n\treturn'),
  python: (text) => `${text.replace('\n', '  \n')}\n\n`,
  go: (text) => text.replace('\n\treturn', '\n    return').replace(' int {', '  int {'),
};

/** Code that the formatter would write otherwise. */
const format: EvalClass = {
  id: 'format',
  languages: LANGUAGES,
  tell(story) {
    const { kit, random } = story;
    const { look, fix, files } = FORMATTERS[kit.language];
    // Go's formatter is found without being named.
    const named = kit.language !== 'go' || random.chance(0.5);
    story.begin(
      policyOf(
        kit,
        [{ name: 'layout', run: look }, ...(kit.language === 'go' ? [] : [{ name: 'tests', ...kit.tests }])],
        named ? `format: { check: layout, fix: ${JSON.stringify(fix)} }\n` : '',
      ),
      files,
    );
    story.quiet(random.between(1, 8));
    const green = story.last;
    const module = story.formula();
    const path = kit.path(module.name);
    const right = kit.module(module);
    story.break(`Add ${module.name}`, { [path]: messy[kit.language](right[path] ?? '') });
    story.good.set(path, right[path] ?? '');
    story.quiet(random.between(0, 4));
    return { check: 'layout', run: look, green, truth: healedBy(story, 'formatter') };
  },
};

const LINTERS: Readonly<Record<Language, OwnTool>> = {
  javascript: {
    look: 'node tools/rules.mjs',
    fix: 'node tools/rules.mjs --write',
    files: {
      'tools/rules.mjs': `${NODE_WALK}  const lines = text.split('\\n');\n  const found = lines.flatMap((line, at) => (/^\\s*var /.test(line) ? [at] : []));\n  if (found.length === 0) continue;\n  if (write) writeFileSync(path, lines.map((line) => line.replace(/^(\\s*)var /, '$1let ')).join('\\n'));\n  else {\n    console.log(path);\n    for (const at of found) console.log(\`  \${at + 1}:1  error  Unexpected var, use let or const instead  no-var\`);\n    bad += 1;\n  }\n}\nprocess.exit(bad > 0 ? 1 : 0);\n`,
    },
  },
  python: {
    look: 'python3 tools/rules.py',
    fix: 'python3 tools/rules.py --write',
    files: {
      'tools/rules.py': `${PYTHON_WALK}    found = [at for at, line in enumerate(text.split("\\n"), 1) if "== None" in line]\n    if not found:\n        continue\n    if write:\n        path.write_text(text.replace("== None", "is None"))\n    else:\n        for at in found:\n            print(f"{path}:{at}:1: E711 comparison to None should be 'if cond is None:'")\n        bad += 1\nsys.exit(1 if bad else 0)\n`,
    },
  },
  go: {
    look: 'sh tools/rules.sh',
    fix: 'sh tools/rules.sh --write',
    files: {
      'tools/rules.sh':
        'found=$(grep -n "interface{}" *.go)\nif [ -z "$found" ]; then exit 0; fi\nif [ "$1" = --write ]; then sed -i "s/interface{}/any/g" *.go; exit 0; fi\necho "$found" | cut -d: -f1,2 | sed "s/$/:1: use-any: since Go 1.18 interface{} can be replaced by any (revive)/"\nexit 1\n',
    },
  },
};

const OLD_WAYS: Readonly<Record<Language, (name: string) => readonly [bad: string, good: string]>> = {
  javascript: (name) => {
    const text = (word: string) => `export function ${name}(n) {\n  ${word} twice = n + n;\n  return twice;\n}\n`;
    return [text('var'), text('let')];
  },
  python: (name) => {
    const text = (word: string) => `def ${name}(n):\n    if n ${word} None:\n        return 0\n    return n + n\n`;
    return [text('=='), text('is')];
  },
  go: (name) => {
    const text = (word: string) => `package shop\n\n// Show${name} takes anything.\nfunc Show${name}(n ${word}) ${word} {\n\treturn n\n}\n`;
    return [text('interface{}'), text('any')];
  },
};

/** Code that the repository's linter does not like, and can put right itself. */
const lint: EvalClass = {
  id: 'lint',
  languages: LANGUAGES,
  tell(story) {
    const { kit, random } = story;
    const { look, fix, files } = LINTERS[kit.language];
    story.begin(policyOf(kit, [{ name: 'rules', run: look }], `lint: { check: rules, fix: ${JSON.stringify(fix)} }\n`), files);
    story.quiet(random.between(1, 8));
    const green = story.last;
    const { name } = story.formula();
    const [bad, good] = OLD_WAYS[kit.language](name);
    story.break(`Add ${name}`, { [kit.path(name)]: bad });
    story.good.set(kit.path(name), good);
    story.quiet(random.between(0, 4));
    return { check: 'rules', run: look, green, truth: healedBy(story, 'linter') };
  },
};

const GENERATORS: Readonly<Record<Language, OwnTool & { readonly output: string; make(codes: readonly string[]): string }>> = {
  javascript: {
    look: 'node tools/codes.mjs --check',
    fix: 'npm run --silent generate',
    output: 'src/codes.js',
    make: (codes) => `// Code generated by tools/codes.mjs. DO NOT EDIT.\nexport const codes = ${JSON.stringify(codes)};\n`,
    files: {
      'package.json':
        '{\n  "name": "shop",\n  "version": "1.0.0",\n  "type": "module",\n  "private": true,\n  "scripts": { "generate": "node tools/codes.mjs" }\n}\n',
      'tools/codes.mjs':
        "import { readFileSync, writeFileSync } from 'node:fs';\n\nconst codes = readFileSync('codes.list', 'utf8').trim().split('\\n');\nconst text = `// Code generated by tools/codes.mjs. DO NOT EDIT.\\nexport const codes = ${JSON.stringify(codes)};\\n`;\nif (!process.argv.includes('--check')) writeFileSync('src/codes.js', text);\nelse if (readFileSync('src/codes.js', 'utf8') !== text) {\n  console.log('generated file src/codes.js is out of date: run `npm run generate`');\n  process.exit(1);\n}\n",
    },
  },
  python: {
    look: 'python3 tools/codes.py --check',
    fix: 'python3 tools/codes.py',
    output: 'shop/codes.py',
    make: (codes) => `# Code generated by tools/codes.py. DO NOT EDIT.\nCODES = [${codes.map((each) => `'${each}'`).join(', ')}]\n`,
    files: {
      'tools/codes.py':
        'import pathlib\nimport sys\n\ncodes = pathlib.Path("codes.list").read_text().split()\ntext = f"# Code generated by tools/codes.py. DO NOT EDIT.\\nCODES = {codes!r}\\n"\nout = pathlib.Path("shop/codes.py")\nif "--check" not in sys.argv:\n    out.write_text(text)\nelif out.read_text() != text:\n    print("generated file shop/codes.py is out of date: run `python3 tools/codes.py`")\n    sys.exit(1)\n',
    },
  },
  go: {
    look: 'sh tools/codes.sh --check',
    fix: 'go generate ./...',
    output: 'codes.go',
    make: (codes) =>
      `// Code generated by tools/codes.sh. DO NOT EDIT.\n\npackage shop\n\n// Codes are all codes.\nconst Codes = "${codes.join(' ')}"\n`,
    files: {
      'generate.go': 'package shop\n\n//go:generate sh tools/codes.sh\n',
      'tools/codes.sh':
        'text=$(printf \'// Code generated by tools/codes.sh. DO NOT EDIT.\\n\\npackage shop\\n\\n// Codes are all codes.\\nconst Codes = "%s"\' "$(tr "\\n" " " < codes.list | sed "s/ $//")")\nif [ "$1" != --check ]; then printf "%s\\n" "$text" > codes.go; exit 0; fi\n[ "$text" = "$(cat codes.go)" ] || { echo "generated file codes.go is out of date: run \\`go generate\\`"; exit 1; }\n',
    },
  },
};

/** A list from which a file is made, changed without making it. */
const generatedFrom = (id: string, source: string): EvalClass => ({
  id,
  languages: LANGUAGES,
  tell(story) {
    const { kit, random } = story;
    const { look, fix, files, output, make } = GENERATORS[kit.language];
    // Where a usual tool makes it, it is found without being named.
    const named = kit.language === 'python' || random.chance(0.5);
    const before = ['red', 'blue', 'green'];
    const sources = Object.fromEntries(Object.entries(files).map(([path, text]) => [path, text.replaceAll('codes.list', source)]));
    const list = (codes: readonly string[]) => `${codes.join('\n')}\n`;
    const rest = named ? `generated:\n  - { paths: [${output}], run: ${JSON.stringify(fix)} }\n` : '';
    story.begin(policyOf(kit, [{ name: 'codes', run: look }], rest), { ...sources, [source]: list(before), [output]: make(before) });
    story.quiet(random.between(1, 8));
    const green = story.last;
    const after = [...before, random.pick(['white', 'black', 'pink'])];
    story.break('One more code', { [source]: list(after) });
    story.good.set(source, list(after));
    story.good.set(output, make(after));
    story.quiet(random.between(0, 4));
    return { check: 'codes', run: look, green, truth: healedBy(story, 'generated') };
  },
});

/** Breaks that a tool of the repository repairs. */
export const tools: readonly EvalClass[] = [
  format,
  lint,
  generatedFrom('generated-file', 'codes.list'),
  // Its source has the shape of configuration, and taking that back would make the check green, too.
  generatedFrom('generated-from-config', 'codes.conf'),
];
