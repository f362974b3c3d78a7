// The allowed imports, downwards only. Each rule says why it is there; test/architecture.test.ts shows each of them failing.
const TYPE_ONLY = { dependencyTypesNot: ['type-only'] };
const plugin = (family) => `^src/${family}/([^/]+)/.+`;

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'rings are how folders stop meaning anything',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'lib-knows-nothing',
      comment: 'keeps the drawer small',
      severity: 'error',
      from: { path: '^src/lib/' },
      to: { path: '^src/', pathNot: '^src/lib/' },
    },
    {
      name: 'domain-is-pure',
      comment: 'testable with no set-up',
      severity: 'error',
      from: { path: '^src/domain/' },
      to: { pathNot: ['^src/domain/', '^(node_modules/)?zod', '^(node:)?(crypto|path)$'] },
    },
    {
      name: 'schemas-stay-out-of-workflows',
      comment: 'zod nearly doubles the workflow bundle',
      severity: 'error',
      from: { path: '^src/workflows/' },
      to: { path: ['\\.schema\\.ts$', 'node_modules/zod'], ...TYPE_ONLY },
    },
    {
      name: 'plain-domain-has-no-zod',
      comment: 'workflows may import plain domain files',
      severity: 'error',
      from: { path: '^src/domain/[^/]+\\.ts$', pathNot: '\\.schema\\.ts$' },
      to: { path: ['\\.schema\\.ts$', 'node_modules/zod'], ...TYPE_ONLY },
    },
    {
      name: 'workflows-only-sequence',
      comment: 'determinism, recorded verdicts',
      severity: 'error',
      from: { path: '^src/workflows/' },
      to: { pathNot: ['^src/workflows/', '^src/domain/[^/]+\\.ts$', 'node_modules/@temporalio/(workflow|common)/'], ...TYPE_ONLY },
    },
    {
      name: 'strategies-are-pure',
      comment: 'a strategy plans, never acts',
      severity: 'error',
      from: { path: '^src/strategies/' },
      to: { pathNot: ['^src/(strategies|domain|lib)/', '^src/agents/contract\\.ts$', '^(node:)?(crypto|path)$'] },
    },
    {
      name: 'plugins-do-not-know-each-other',
      comment: 'vendors stay removable',
      severity: 'error',
      from: { path: '^src/(integrations|sandbox|strategies|agents)/([^/]+)/' },
      to: { path: '^src/$1/[^/]+/', pathNot: '^src/$1/$2/' },
    },
    {
      name: 'integrations-stand-alone',
      comment: 'a family gets another one handed in',
      severity: 'error',
      from: { path: plugin('integrations') },
      to: { path: '^src/', pathNot: ['^src/(integrations|domain|lib)/'], ...TYPE_ONLY },
    },
    {
      name: 'sandboxes-stand-alone',
      comment: 'a family gets another one handed in',
      severity: 'error',
      from: { path: plugin('sandbox') },
      to: { path: '^src/', pathNot: ['^src/(sandbox|domain|lib)/'], ...TYPE_ONLY },
    },
    {
      name: 'agents-stand-alone',
      comment: 'what an agent does it gets handed in',
      severity: 'error',
      from: { path: '^src/agents/' },
      to: { path: '^src/', pathNot: ['^src/(agents|domain|lib)/'], ...TYPE_ONLY },
    },
    {
      name: 'plugins-do-not-call-back',
      comment: 'direction',
      severity: 'error',
      from: { path: '^src/(integrations|sandbox|strategies|agents|config|temporal|store|reports|logs)/' },
      to: { path: '^src/(workflows|activities|http|cli|worker\\.ts|ingress\\.ts)', ...TYPE_ONLY },
    },
    {
      name: 'store-and-reports-stand-alone',
      comment: 'domain and lib only',
      severity: 'error',
      from: { path: '^src/(store|reports|logs)/' },
      to: { path: '^src/', pathNot: ['^src/(domain|lib)/', '^src/$1/'] },
    },
    {
      name: 'contracts-only',
      comment: 'fakes in tests, no module mocks',
      severity: 'error',
      from: { path: '^src/(activities|http)/' },
      to: {
        path: '^src/(integrations|sandbox|strategies|store|temporal)/',
        pathNot: ['/contract\\.ts$', '^src/strategies/ladder\\.ts$'],
        ...TYPE_ONLY,
      },
    },
    {
      name: 'registries-for-roots',
      comment: 'one place to wire',
      severity: 'error',
      from: { pathNot: '^src/(worker\\.ts|ingress\\.ts|cli/|config/)' },
      to: { path: '^src/.*registry\\.ts$' },
    },
    {
      name: 'one-temporal-door',
      comment: 'one connection, one id rule',
      severity: 'error',
      from: { pathNot: '^src/(temporal/|worker\\.ts|cli/)' },
      to: { path: 'node_modules/@temporalio/(client|worker)/', ...TYPE_ONLY },
    },
    {
      name: 'processes-start-in-sandbox',
      comment: 'untrusted code has one gate',
      severity: 'error',
      from: {
        path: '^src/',
        // The agents' client starts the program that the administrator named, and nothing that came from outside.
        pathNot: '^src/(sandbox/|temporal/(dev-server|bundle)\\.ts|config/secret-command\\.ts|integrations/local/|cli/|agents/client\\.ts)',
      },
      to: { path: ['^(node:)?child_process$', 'node_modules/@modelcontextprotocol/client/dist/stdio'] },
    },
    {
      name: 'src-not-to-test',
      comment: 'tidiness',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench|examples|scripts)/' },
    },
    {
      name: 'no-orphans',
      comment: 'unused files',
      severity: 'error',
      from: { orphan: true, pathNot: ['\\.d\\.ts$', '^src/(worker|ingress)\\.ts$'] },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
