import { located, type Phrases, phrase, ruleAtEnd, type Tool } from '../tool.ts';

const MAVEN_PLACE = /^\[(ERROR|WARN(?:ING)?)\] (\/?[^\s:[\]]{1,300}\.(?:java|kt|groovy|scala)):\[?(\d{1,7})(?:[,:]\d{1,7})?\]?:? (.+)$/;
const SUREFIRE =
  /^\[ERROR\]\s+(?:Tests in error|[\w$.]{1,200}\.[\w$]{1,200}(?:\([\w$.]{1,200}\))?(?::\d{1,7})?(?:->\S{1,200})?)(?: -- Time elapsed:.*<<< (?:FAILURE|ERROR)!|  ?.+ <<< (?:FAILURE|ERROR)!|:\d{1,7} .+| » .+| expected: ?.+)$/;
const GRADLE_TEST = /^([\w$.]{1,200}(?: > .{1,200})?) > (.{1,200}?)(?:\(\))? FAILED$/;
const DEPENDENCIES: Phrases = [
  [/Could not resolve dependencies for project/, 'unresolved-dependency'],
  [/Could not find artifact \S+/, 'artifact-not-found'],
  [/Non-resolvable (?:parent POM|import POM)/, 'parent-not-found'],
  [/Plugin \S{1,200} or one of its dependencies could not be resolved/, 'plugin-not-found'],
  [/^\s*(?:> )?Could not (?:find|resolve) [\w.-]{1,200}:[\w.-]{1,200}:/, 'unresolved-dependency'],
  [/Dependency convergence error|DependencyConvergence failed/, 'convergence'],
  [/Dependency lock state for configuration .{1,200} is out of date/, 'lock-out-of-date'],
  [/^\s*package \S{1,200} does not exist$/, 'package-not-found'],
];
const RUNTIMES: Phrases = [
  [/error: (?:release version|invalid (?:target|source) release:?) ?\S+/i, 'java-version'],
  [/Unsupported class file major version \d+/, 'java-version'],
  [/UnsupportedClassVersionError/, 'java-version'],
  [/Detected JDK .{0,200}is not in the allowed range/, 'java-version'],
  [/No compatible toolchains found|Cannot find a Java installation on your machine/, 'java-version'],
  [/JAVA_HOME .{0,60}(?:not (?:set|defined)|invalid)/, 'java-home'],
];
const LOST = /Could not transfer artifact|Could not (?:GET|HEAD) '|Connect to \S{1,200} failed|Read timed out|status code: 50[234]/;

/** javac, Maven with its usual plug-ins, Gradle, Kotlin. */
export const java: Tool = {
  id: 'java',
  class: 'code',
  read({ text, near, heading }) {
    const version = phrase(text, RUNTIMES);
    if (version !== null) return { ...version, class: 'environment' };
    const dependency = phrase(text, DEPENDENCIES);
    if (dependency !== null)
      return { ...dependency, class: LOST.test(text) ? 'infrastructure' : 'dependency', tool: text.startsWith('[') ? 'maven' : 'gradle' };
    const [, severity, path, line, said = ''] = MAVEN_PLACE.exec(text) ?? [];
    if (path !== undefined) {
      // Checkstyle prints its rule before or after what it says; javac prints none.
      const before = /^\(([\w]{1,60})\) ([A-Za-z]{1,60}): (.+)$/.exec(said);
      const { message, rule } = ruleAtEnd(said, '[');
      if (before !== null)
        return { class: 'lint', tool: 'checkstyle', path, line: Number(line), rule: before[2], message: before[3] ?? said };
      if (rule !== undefined && /^[A-Z]\w+$/.test(rule))
        return { class: 'lint', tool: 'checkstyle', path, line: Number(line), rule, message };
      return {
        tool: 'javac',
        class: /^package \S+ does not exist/.test(said) ? 'dependency' : 'code',
        path,
        line: Number(line),
        rule: 'compile',
        message: said,
        warning: severity !== 'ERROR',
      };
    }
    const checkstyle = /^\[ant:checkstyle\] \[(ERROR|WARN)\] (\S{1,300}\.java):(\d{1,7})(?::\d{1,7})?: (.+)$/.exec(text);
    if (checkstyle !== null) {
      const { message, rule } = ruleAtEnd(checkstyle[4] ?? '', '[');
      return {
        class: 'lint',
        tool: 'checkstyle',
        path: checkstyle[2],
        line: Number(checkstyle[3]),
        rule,
        message,
        warning: checkstyle[1] === 'WARN',
      };
    }
    const place = located(text, /\.(?:java|kt|kts|scala)$/);
    const compile = place === null ? null : /^(error|warning): (.+)$/.exec(place.rest.trim());
    if (place !== null && compile !== null)
      return {
        tool: 'javac',
        class: /^package \S+ does not exist/.test(compile[2] ?? '') ? 'dependency' : 'code',
        path: place.path,
        line: place.line,
        rule: 'compile',
        message: compile[2] ?? '',
        warning: compile[1] === 'warning',
      };
    const kotlin = /^e: (?:file:\/\/)?(\/?[^\s:]{1,300}\.kts?):(\d{1,7}):\d{1,7}:? (.+)$/.exec(text);
    if (kotlin !== null) return { tool: 'kotlinc', path: kotlin[1], line: Number(kotlin[2]), rule: 'compile', message: kotlin[3] ?? '' };
    if (SUREFIRE.test(text))
      return {
        tool: 'surefire',
        rule: 'test-failed',
        message: text.replace(/^\[ERROR\]\s+/, '').replace(/ -- Time elapsed: [\d.]+ s/, ''),
      };
    const thrown = /^Exception in thread "[^"]{1,100}" ([\w.$]{1,200})(?:: (.+))?$/.exec(text);
    if (thrown !== null) return { rule: 'exception', message: `${thrown[1]}${thrown[2] === undefined ? '' : `: ${thrown[2]}`}` };
    const gradle = GRADLE_TEST.exec(text);
    if (gradle !== null && !text.startsWith('> Task'))
      return { tool: 'gradle', rule: 'test-failed', message: `fails: ${gradle[1]} > ${gradle[2]}` };
    if (
      /format violations|^\s*Run '?(?:mvn|\.?\/?gradlew?|gradle(?:w\.bat)?) .{0,40}spotless:?Apply/i.test(text) ||
      (/^\s+\S{1,300}\.(?:java|kt)$/.test(text) && /format violations/.test(heading + near(-1) + near(-2)))
    )
      return {
        class: 'format',
        tool: 'spotless',
        path: /^\s+(\S{1,300}\.(?:java|kt))$/.exec(text)?.[1],
        rule: 'format',
        message: text.trim(),
      };
    return null;
  },
};
