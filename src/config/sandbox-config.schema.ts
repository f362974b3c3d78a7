import { z } from 'zod';

const port = z.number().int().min(1).max(65_535);
const globs = z
  .array(z.string().min(1).max(200))
  .min(1)
  .max(100)
  .default(['*/*'])
  .describe('Globs of `owner/name` of the repositories that it is for.');
const digest = z
  .string()
  .max(300)
  .regex(/^(?:[a-z0-9][a-z0-9._/:-]*@)?sha256:[0-9a-f]{64}$/, 'must be a digest: name@sha256:… or sha256:…');
const profiles = z.enum(['node', 'python', 'go', 'java', 'rust', 'ruby', 'plain']);
const images = z.partialRecord(profiles, digest).optional().describe('Images of single profiles instead, by digest.');
const file = z.string().min(1).max(500);

const Docker = z.strictObject({
  socketPath: z.string().max(200).default('/var/run/docker.sock').describe('Socket of the Docker or Podman engine.'),
  remote: z
    .strictObject({
      host: z.string().max(200).describe('Name of the machine.'),
      port: port.describe('Its port.'),
      ca: file.describe('File with the certificate of who signed theirs.'),
      cert: file.describe('File with our certificate.'),
      key: file.describe('File with our key.'),
    })
    .optional()
    .describe('An engine elsewhere, reached by TLS, instead of a socket.'),
  image: digest.describe('Image of jobs, by digest; it needs a shell, GNU tar, coreutils and the toolchains of the repositories.'),
  images,
  runtime: z.string().max(50).optional().describe('OCI runtime of the engine, such as `runsc`.'),
});

const Kubernetes = z.strictObject({
  kubeconfig: file.optional().describe('Kubeconfig file; absent: the service account of the pod that the worker runs in.'),
  context: z.string().max(200).optional().describe("Context of that file; absent: the file's current one."),
  namespace: z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/)
    .default('suture-jobs')
    .describe('Namespace of jobs; it must exist, with Pod Security `restricted`.'),
  namespaces: z
    .record(z.string().max(100), z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/))
    .default({})
    .describe('Namespaces of single owners instead.'),
  image: z
    .string()
    .max(300)
    .regex(/^[a-z0-9][a-z0-9._/:-]*@sha256:[0-9a-f]{64}$/, 'must be a digest: name@sha256:…')
    .describe('Image of jobs, by digest; it needs a shell, GNU tar, coreutils and the toolchains of the repositories.'),
  images,
  runtimeClass: z.string().max(63).optional().describe('RuntimeClass of jobs, such as `gvisor`.'),
  seccompProfile: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,200}$/)
    .optional()
    .describe(
      'System call filter on the nodes, below their seccomp folder: what `suture sandbox seccomp` prints; absent: the one of the runtime.',
    ),
  startSeconds: z.number().int().positive().max(600).default(120).describe('How long a pod may take to start.'),
});

const TrueFoundry = z.strictObject({
  url: z.url().max(300).default('https://app.truefoundry.com').describe('Address of the control plane.'),
  workspace: z
    .string()
    .max(200)
    .regex(/^[a-z0-9-]+:[a-z0-9-]+$/, 'must be cluster:workspace')
    .describe('Fully qualified name of the workspace.'),
  application: z
    .string()
    .regex(/^[a-z][a-z0-9-]{1,28}[a-z0-9]$/)
    .default('suture-sandbox')
    .describe('Name of the job application that Suture creates and keeps there.'),
  image: z
    .string()
    .max(300)
    .regex(/^[a-z0-9][a-z0-9._/:-]*@sha256:[0-9a-f]{64}$/, 'must be a digest: name@sha256:…')
    .describe('Image of jobs, by digest; it needs a shell, GNU tar, coreutils and Node, beside the toolchains.'),
  exchange: z.url().max(300).describe('Address of this Suture as jobs reach it, for the signed URLs by which files travel.'),
  egressRestricted: z
    .boolean()
    .default(false)
    .describe('Whether you have limited what pods of that workspace may reach to `exchange`; without it the sandbox is unavailable.'),
});

/** The part of the configuration about where untrusted commands run. */
export const SandboxConfig = z.strictObject({
  backend: z.enum(['local', 'docker', 'kubernetes', 'truefoundry']).default('local').describe('Where untrusted commands run.'),
  allow: z
    .array(
      z.strictObject({
        repositories: globs,
        backends: z
          .array(z.string().max(50))
          .min(1)
          .max(4)
          .describe('Sandboxes that they may ask for; the first is what they get unasked.'),
      }),
    )
    .max(100)
    .default([])
    .describe('Which repositories may use which sandboxes; the first entry that fits counts, and others get `backend`.'),
  docker: Docker.optional().describe('The container engine, for `docker`.'),
  kubernetes: Kubernetes.optional().describe('The cluster, for `kubernetes`.'),
  truefoundry: TrueFoundry.optional().describe('The workspace, for `truefoundry`.'),
  memoryBytes: z
    .number()
    .int()
    .positive()
    .default(2 * 1024 ** 3)
    .describe('Memory of one job.'),
  processes: z.number().int().positive().default(512).describe('Processes of one job.'),
  workspaceBytes: z
    .number()
    .int()
    .positive()
    .default(512 * 1024 ** 2)
    .describe('Size of the workspace of one job.'),
  concurrency: z.number().int().positive().max(64).default(2).describe('Jobs of one worker at the same time.'),
  toolchains: z
    .array(z.string().max(500))
    .max(20)
    .default([])
    .describe('Further host folders that hold toolchains, mounted read-only below `/opt/toolchains` and put on PATH.'),
  endpoints: z
    .array(
      z.strictObject({
        name: z
          .string()
          .regex(/^(?!localhost$)(?=.{1,253}$)[a-z0-9][a-z0-9-]{0,62}(?:\.[a-z0-9][a-z0-9-]{0,62})*$/, 'must be a lower case host name')
          .describe('Name inside.'),
        port: port.min(1024).describe('Port inside, 1024 or above.'),
        host: z.string().min(1).max(253).describe('What is dialled. A name must not lead to this machine; an address is taken as it is.'),
        targetPort: port.optional().describe('Port that is dialled; absent: the same.'),
        repositories: globs,
      }),
    )
    .max(50)
    .default([])
    .describe('Test endpoints that jobs may reach; nothing else is reachable.'),
  registries: z
    .array(
      z.strictObject({
        host: z
          .string()
          .regex(/^(?=.{1,253}$)[a-z0-9][a-z0-9-]{0,62}(?:\.[a-z0-9][a-z0-9-]{0,62})*$/, 'must be a lower case host name')
          .describe('Host of a package registry.'),
        port: port.default(443).describe('Its port.'),
      }),
    )
    .max(50)
    .default([])
    .describe('Package registries that jobs which install dependencies may reach, and no others.'),
  registryEnv: z
    .partialRecord(z.enum(['npm_config_registry', 'PIP_INDEX_URL', 'PIP_TRUSTED_HOST', 'GOPROXY', 'GOSUMDB']), z.string().max(300))
    .default({})
    .describe('Where package managers find their registries, when not where they usually do.'),
  secrets: z
    .array(
      z.strictObject({
        variable: z
          .string()
          .regex(/^[A-Z][A-Z0-9_]{0,99}$/)
          .describe('Variable that commands read it from.'),
        secret: z
          .string()
          .regex(/^test-[a-z0-9-]{1,50}$/, 'must begin with test-')
          .describe('Name of the secret; it must begin with `test-`, so that no secret of production gets here.'),
        repositories: z.array(z.string().min(1).max(200)).min(1).max(100).describe('Globs of the repositories whose jobs get it.'),
      }),
    )
    .max(50)
    .default([])
    .describe('Test secrets; everybody who may change those repositories can read them.'),
});
export type SandboxConfig = z.infer<typeof SandboxConfig>;
