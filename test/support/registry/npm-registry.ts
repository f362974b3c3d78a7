import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';

/** A stand-in for a package registry that speaks npm's protocol on loopback: packuments and tarballs of packages that exist nowhere else. */
export interface NpmRegistry {
  readonly port: number;
  /** Paths that were asked for, in order. */
  readonly asked: readonly string[];
  /** `package-lock.json` of a project that depends on everything here. */
  lockFile(name: string): string;
  close(): Promise<void>;
}

/** One package: its files below `package/`. */
export interface StandInPackage {
  readonly name: string;
  readonly version: string;
  readonly files: Readonly<Record<string, string>>;
}

async function tarball(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const archive = pack();
  for (const [name, content] of Object.entries(files)) archive.entry({ name: `package/${name}`, mode: 0o644 }, content);
  archive.finalize();
  const parts: Buffer[] = [];
  for await (const part of archive) parts.push(part as Buffer);
  return gzipSync(Buffer.concat(parts));
}

/** Opens the stand-in; `host` is how its clients name it. */
export async function openNpmRegistry(packages: readonly StandInPackage[], host: string): Promise<NpmRegistry> {
  const asked: string[] = [];
  const tarballs = new Map<string, Buffer>();
  for (const { name, version, files } of packages) tarballs.set(`/${name}/-/${name}-${version}.tgz`, await tarball(files));
  const integrity = ({ name, version }: StandInPackage): string =>
    `sha512-${createHash('sha512')
      .update(tarballs.get(`/${name}/-/${name}-${version}.tgz`) ?? '')
      .digest('base64')}`;
  const server: Server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    const found = tarballs.get(path);
    if (found !== undefined) return response.end(found);
    const one = packages.find(({ name }) => path === `/${name}`);
    if (one === undefined) {
      response.statusCode = 404;
      return response.end('{}');
    }
    const { name, version } = one;
    const dist = { tarball: `${host}/${name}/-/${name}-${version}.tgz`, integrity: integrity(one) };
    response.setHeader('content-type', 'application/json');
    return response.end(JSON.stringify({ name, 'dist-tags': { latest: version }, versions: { [version]: { name, version, dist } } }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    lockFile: (project) =>
      JSON.stringify({
        name: project,
        version: '1.0.0',
        lockfileVersion: 3,
        requires: true,
        packages: {
          '': { name: project, version: '1.0.0', dependencies: Object.fromEntries(packages.map(({ name, version }) => [name, version])) },
          ...Object.fromEntries(
            packages.map((each) => [
              `node_modules/${each.name}`,
              {
                version: each.version,
                resolved: `${host}/${each.name}/-/${each.name}-${each.version}.tgz`,
                integrity: integrity(each),
                hasInstallScript: true,
              },
            ]),
          ),
        },
      }),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
