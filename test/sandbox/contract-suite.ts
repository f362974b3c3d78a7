import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FileChange } from '../../src/domain/change-set.schema.ts';
import { Failure } from '../../src/domain/failure.ts';
import type { JobResult, Sandbox, SandboxEndpoint, StepResult } from '../../src/sandbox/contract.ts';
import { baseTar, jobOf, tryInPython } from './support.ts';

const CANARY = 'canary-5d1f0c2e';
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const write = (path: string, text: string, mode: '100644' | '100755' = '100644'): FileChange => ({
  op: 'write',
  path,
  mode,
  content: base64(text),
});

/** What every sandbox backend must hold; call it with a factory of the backend. */
export function describeSandboxContract(
  name: string,
  create: () => Sandbox,
  /** `own`: the machine's own wrapper hides more and names refusals by their kind; `engine`: as an OCI runtime does. */
  kind: 'own' | 'engine' | 'cluster' | 'platform' = 'own',
): void {
  const engine = kind !== 'own';
  // What a hosted platform holds cannot be tried on a stand-in for it: these are for backends whose walls are really there.
  const walls = kind === 'platform' ? () => undefined : describe;
  const wall = kind === 'platform' ? () => undefined : it;
  describe(`${name} sandbox`, { timeout: 60_000 }, () => {
    let sandbox: Sandbox;
    beforeAll(async () => {
      sandbox = create();
      const health = await sandbox.preflight();
      if (!health.available) {
        throw new Error(health.findings.map((finding) => `${finding.name}: ${finding.detail}`).join('\n'));
      }
    });
    const one = async (command: string, more: Parameters<typeof jobOf>[1] = {}): Promise<StepResult> => {
      const result: JobResult = await sandbox.run(jobOf([command], more));
      const [step] = result.steps;
      if (step === undefined) {
        throw new Error('no step ran');
      }
      return step;
    };

    describe('results', () => {
      it('reports exit code and output of a green step', async () => {
        const step = await one('cat a.txt; echo oops >&2');
        expect(step).toMatchObject({
          exitCode: 0,
          signal: null,
          timedOut: false,
          killedBy: null,
          oomKilled: false,
          outputTruncated: false,
        });
        expect(step.output).toBe('one\noops\n');
      });

      it('reports a red step as a result and stops there', async () => {
        const result = await sandbox.run(jobOf(['true', 'exit 7', 'echo never']));
        expect(result.steps.map((step) => step.exitCode)).toEqual([0, 7]);
      });

      it('runs all steps in the same workspace and tells their outputs apart', async () => {
        const result = await sandbox.run(jobOf(['echo first; echo kept > made.txt', 'echo second; cat made.txt']));
        expect(result.steps.map((step) => step.output)).toEqual(['first\n', 'second\nkept\n']);
      });

      it('reports a crash by the shell convention', async () => {
        expect((await one('sh -c "kill -SEGV \\$\\$"')).exitCode).toBe(139);
      });

      it('names the isolation in force', async () => {
        expect((await sandbox.run(jobOf(['true']))).isolation).toMatch(/no network/);
      });

      it('runs jobs side by side', async () => {
        const results = await Promise.all(['1', '2', '3', '4'].map((text) => sandbox.run(jobOf([`sleep 0.1; echo ${text}`]))));
        expect(results.map((result) => result.steps[0]?.output)).toEqual(['1\n', '2\n', '3\n', '4\n']);
      });

      it('does not wait for a process that a step leaves behind', async () => {
        const result = await sandbox.run(jobOf(['sleep 600 & echo started', 'echo next']));
        expect(result.steps.map((step) => step.output)).toEqual(['started\n', 'next\n']);
      });

      it('leaves interrupts to the step', async () => {
        expect((await one(`python3 -c 'import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)'`)).output).toBe(
          'True\n',
        );
      });

      it('refuses environment names that a job has no business with', async () => {
        await expect(sandbox.run(jobOf(['true'], { env: { LD_PRELOAD: 'x' } }))).rejects.toMatchObject({ code: 'plan-invalid' });
      });

      it('passes allowed environment on and says it is CI', async () => {
        expect((await one('echo $TZ $CI $HOME $npm_config_offline', { env: { TZ: 'UTC' } })).output).toBe('UTC true /home/sandbox true\n');
      });

      it('offers Node and Python', async () => {
        expect((await one('node -p 1+1 && python3 -c "print(2+2)"')).output).toBe('2\n4\n');
      });
    });

    describe('workspace', () => {
      it('applies the change set on the base: writes, replaces, deletes, keeps modes', async () => {
        const step = await one('find . -type f | sort; cat a.txt; ./tool.sh; test -x plain.txt || echo plain', {
          base: { 'a.txt': 'one\n', 'gone/b.txt': 'b', 'tool.sh': { content: 'echo ran', executable: true }, 'plain.txt': 'p' },
          files: [write('a.txt', 'two\n'), { op: 'delete', path: 'gone/b.txt' }, write('new/run.sh', 'x', '100755')],
        });
        expect(step.output).toBe('./a.txt\n./new/run.sh\n./plain.txt\n./tool.sh\ntwo\nran\nplain\n');
      });

      it('keeps links of the base inside the workspace and drops those that lead out', async () => {
        const result = await sandbox.run(
          jobOf(['cat inner; test -e outer || echo none'], {
            openBase: baseTar({ 'a.txt': 'one\n' }, [
              { name: 'inner', type: 'symlink', linkname: 'a.txt' },
              { name: 'outer', type: 'symlink', linkname: '/etc/passwd' },
              { name: '../up.txt', type: 'symlink', linkname: 'a.txt' },
            ]),
          }),
        );
        expect(result.steps[0]?.output).toBe('one\nnone\n');
        expect(result.refused).toHaveLength(2);
      });

      it('writes a file of the change set in place of a link of the base, not through it', async () => {
        const step = await one('cat dir/f; ls real', {
          openBase: baseTar({ 'real/old': 'o' }, [{ name: 'dir', type: 'symlink', linkname: 'real' }]),
          files: [write('dir/f', 'mine\n')],
        });
        expect(step.output).toBe('mine\nold\n');
      });

      it('says that a base is too large for its workspace', async () => {
        const job = jobOf(['true'], { base: { big: 'x'.repeat(3 * 1024 ** 2) } });
        await expect(sandbox.run({ ...job, limits: { ...job.limits, workspaceBytes: 1024 ** 2 } })).rejects.toMatchObject({
          code: 'too-large',
        });
      });

      it('passes on why the base could not be read', async () => {
        const broken = (): Promise<Readable> =>
          Promise.resolve(
            new Readable({
              read() {
                this.destroy(new Failure('revision-gone', 'gone'));
              },
            }),
          );
        await expect(sandbox.run(jobOf(['true'], { openBase: broken }))).rejects.toMatchObject({ code: 'revision-gone' });
      });
    });

    describe('what comes out', () => {
      const base = { 'a.txt': 'one\n', 'b.txt': 'two\n', 'sub/c.sh': 'c\n', 'same.txt': 's\n' };

      it('collects what was changed, created, deleted and made executable, sorted', async () => {
        const result = await sandbox.run(
          jobOf(['echo 1 > a.txt; rm b.txt; chmod +x sub/c.sh; echo n > new.txt; touch same.txt; cp same.txt t; mv t same.txt'], {
            base,
            collectChanges: { only: [] },
          }),
        );
        expect(result.changes).toEqual([
          write('a.txt', '1\n'),
          { op: 'delete', path: 'b.txt' },
          write('new.txt', 'n\n'),
          write('sub/c.sh', 'c\n', '100755'),
        ]);
        expect(result.refused).toEqual([]);
      });

      it('notices a change whose time stamps were set back', async () => {
        const result = await sandbox.run(jobOf(['echo x > a.txt; touch -d @0 a.txt'], { base, collectChanges: { only: [] } }));
        expect(result.changes).toEqual([write('a.txt', 'x\n')]);
      });

      it('keeps to the paths and globs that were asked for', async () => {
        const result = await sandbox.run(
          jobOf(['echo x | tee a.txt b.txt sub/c.sh'], { base, collectChanges: { only: ['b.txt', 'sub/*.sh'] } }),
        );
        expect(result.changes.map((change) => change.path)).toEqual(['b.txt', 'sub/c.sh']);
      });

      it('leaves out what tools and the .gitignore of the base produce, but not tracked files', async () => {
        const result = await sandbox.run(
          jobOf(
            [
              'mkdir -p node_modules/x src/__pycache__; touch node_modules/x/i src/__pycache__/m; echo l > x.log; echo d > dist/kept.js; echo t > keep.log',
            ],
            {
              base: { '.gitignore': '*.log\n!keep.log\n', 'dist/kept.js': 'old' },
              collectChanges: { only: [] },
            },
          ),
        );
        expect(result.changes.map((change) => change.path)).toEqual(['dist/kept.js', 'keep.log']);
      });

      it('refuses links, pipes and setuid files, and says so', async () => {
        const result = await sandbox.run(
          jobOf(['ln -s /etc/passwd l; mkfifo p; rm a.txt; ln -s b.txt a.txt; echo s > s; chmod 4755 s'], {
            base,
            collectChanges: { only: [] },
          }),
        );
        expect(result.changes).toEqual([]);
        expect(result.refused.join('\n')).toMatch(/"a.txt": is a link[^]*"l": is a link[^]*"p": is a fifo[^]*"s": has setuid/);
      });

      it('does not take unreadable files for deleted ones', async () => {
        const result = await sandbox.run(jobOf(['chmod 000 sub a.txt'], { base, collectChanges: { only: [] } }));
        expect(result.changes).toEqual([]);
      });

      it('hands back named artifacts of a red step and leaves missing ones out', async () => {
        const result = await sandbox.run(jobOf(['mkdir out; echo "<x/>" > out/r.xml; exit 1'], { artifacts: ['out/r.xml', 'none.xml'] }));
        expect([...result.artifacts.keys()]).toEqual(['out/r.xml']);
        expect(Buffer.from(result.artifacts.get('out/r.xml') ?? []).toString()).toBe('<x/>\n');
      });

      it('refuses an artifact that is a link, a folder or too large', async () => {
        const result = await sandbox.run(
          jobOf(['ln -s /etc/passwd r.xml; mkdir d; truncate -s 40M big'], { artifacts: ['r.xml', 'd', 'big'] }),
        );
        expect(result.artifacts.size).toBe(0);
        expect(result.refused).toHaveLength(3);
      });
    });

    walls('endpoints', () => {
      let server: Server;
      let other: Server;
      const portOf = (one: Server): number => (one.address() as AddressInfo).port;
      beforeAll(async () => {
        // Answers what it was sent, when the other side has said all; never speaks first.
        const answer = (socket: Socket): void => {
          const parts: Buffer[] = [];
          socket.on('error', () => undefined);
          socket.on('data', (part: Buffer) => parts.push(part));
          socket.on('end', () => socket.end(Buffer.concat([Buffer.from('got '), ...parts])));
        };
        server = createServer({ allowHalfOpen: true }, answer).listen(0, '127.0.0.1');
        other = createServer({ allowHalfOpen: true }, answer).listen(0, '127.0.0.1');
        await Promise.all([once(server, 'listening'), once(other, 'listening')]);
      });
      afterAll(() => {
        server.close();
        other.close();
      });
      const endpoint = (name: string, port: number): SandboxEndpoint => ({ name, port, host: '127.0.0.1', targetPort: portOf(server) });
      /** Sends a text to an address and prints the answer, or the code of the error. */
      const say = (host: string, port: number, text: string): string =>
        `node -e "const s=require('net').connect({host:'${host}',port:${port}});s.on('error',(e)=>console.log(e.code));s.setTimeout(5000,()=>{console.log('silent');s.destroy()});s.pipe(process.stdout);s.end('${text}')"`;

      it('are reached by name and port, and what went through is counted', async () => {
        const result = await sandbox.run(
          jobOf([`${say('db.test', 5432, 'hello')}; echo; ${say('db.test', 5433, 'again')}`], {
            endpoints: [endpoint('db.test', 5432), endpoint('db.test', 5433)],
          }),
        );
        expect(result.steps[0]?.output).toBe('got hello\ngot again');
        expect(result.connections).toEqual([
          { endpoint: 'db.test:5432', connections: 1, refused: 0, sentBytes: 5, receivedBytes: 9 },
          { endpoint: 'db.test:5433', connections: 1, refused: 0, sentBytes: 5, receivedBytes: 9 },
        ]);
        expect(result.isolation).toMatch(/no network but 2 endpoints$/);
      });

      it('carry large contents both ways without a byte wrong', async () => {
        const program = `const {createHash,randomBytes}=require('crypto');const net=require('net');const b=randomBytes(3000000);const s=net.connect(5432,'db.test');const h=createHash('md5');let n=0;s.on('data',(d)=>{n+=d.length;h.update(d)});s.on('end',()=>console.log(n,h.digest('hex')===createHash('md5').update('got ').update(b).digest('hex')));s.end(b)`;
        const step = await one(`node -e "${program}"`, { endpoints: [endpoint('db.test', 5432)] });
        expect(step.output).toBe('3000004 true\n');
      });

      it('serve many connections at once, and one that nobody reads holds up no other', async () => {
        const program = `const net=require('net');const idle=net.connect(5432,'db.test');idle.pause();idle.write(Buffer.alloc(2000000));let left=20;for(let i=0;i<20;i++){const s=net.connect(5432,'db.test');let t='';s.on('data',(d)=>t+=d);s.on('end',()=>{if(t==='got '+i&&--left===0){console.log('all');process.exit()}});s.end(String(i))}`;
        expect((await one(`node -e "${program}"`, { endpoints: [endpoint('db.test', 5432)] })).output).toBe('all\n');
      });

      it('open nothing else: no other port, name, host service, resolver or metadata address', async () => {
        const result = await sandbox.run(
          jobOf(
            [
              [
                say('db.test', 5999, 'x'),
                say('127.0.0.1', portOf(other), 'x'),
                say('other.test', 5432, 'x'),
                say('169.254.169.254', 80, 'x'),
                say('8.8.8.8', 53, 'x'),
              ].join('; '),
            ],
            { endpoints: [endpoint('db.test', 5432)] },
          ),
        );
        expect(result.steps[0]?.output).toMatch(
          /^ECONNREFUSED\nECONNREFUSED\n(?:ENOTFOUND|EAI_AGAIN)\n(?:ENETUNREACH)\n(?:ENETUNREACH)\n$/,
        );
        expect(result.connections).toMatchObject([{ connections: 0, sentBytes: 0 }]);
      });

      it('that do not answer break the connection off and are counted as refused', async () => {
        const closed = createServer().listen(0, '127.0.0.1');
        await once(closed, 'listening');
        const targetPort = portOf(closed);
        closed.close();
        await once(closed, 'close');
        const result = await sandbox.run(
          jobOf([say('db.test', 5432, 'x')], { endpoints: [{ name: 'db.test', port: 5432, host: '127.0.0.1', targetPort }] }),
        );
        expect(result.steps[0]?.output ?? '').not.toContain('got');
        expect(result.connections).toMatchObject([{ connections: 0, refused: 1 }]);
      });

      it('go with the relay: a step that ends it only loses its connections', async () => {
        const result = await sandbox.run(
          jobOf(
            [
              `for p in /proc/[0-9]*; do case $(readlink $p/exe) in */node) kill -9 \${p#/proc/};; esac; done 2>/dev/null; ${say('db.test', 5432, 'x')}; echo after`,
            ],
            {
              endpoints: [endpoint('db.test', 5432)],
            },
          ),
        );
        expect(result.steps[0]).toMatchObject({ exitCode: 0, output: 'ECONNREFUSED\nafter\n' });
      });

      it('must have a plain name and a port that may be listened on', async () => {
        for (const [name, port] of [
          ['db.test\u0000.evil', 5432],
          ['DB.test', 5432],
          ['db.test.', 5432],
          ['user@db', 5432],
          ['localhost', 5432],
          ['db.test', 443],
        ] as const)
          await expect(sandbox.run(jobOf(['true'], { endpoints: [endpoint(name, port)] }))).rejects.toMatchObject({ code: 'plan-invalid' });
      });
    });

    describe('dependencies', () => {
      it('are handed back as one tar and given to another job, whose changes they are not', async () => {
        const parts: Buffer[] = [];
        const made = await sandbox.run(
          jobOf(
            [
              'mkdir -p node_modules/dep/bin node_modules/.bin /deps/go; echo "the dep" > node_modules/dep/file; echo echo ran > node_modules/dep/bin/x; chmod +x node_modules/dep/bin/x; ln -s ../dep/bin/x node_modules/.bin/x; echo mod > /deps/go/m',
            ],
            {
              keep: {
                paths: ['workspace/node_modules', 'deps'],
                to: async (tar) => {
                  for await (const part of tar) parts.push(part as Buffer);
                },
              },
            },
          ),
        );
        expect(made.steps[0]?.exitCode).toBe(0);
        const used = await sandbox.run(
          jobOf(['cat node_modules/dep/file /deps/go/m; node_modules/.bin/x; echo changed > node_modules/dep/file; echo 2 > a.txt'], {
            layers: [() => Promise.resolve(Readable.from(parts))],
            collectChanges: { only: [] },
          }),
        );
        expect(used.steps[0]?.output).toBe('the dep\nmod\nran\n');
        expect(used.changes.map(({ path }) => path)).toEqual(['a.txt']);
      });

      it('never take the place of what is committed, nor lead out', async () => {
        const layer = baseTar({ 'workspace/a.txt': 'theirs', '../up': 'x', 'etc/passwd': 'x', 'workspace/sub/b': 'b' }, [
          { name: 'workspace/dir', type: 'symlink', linkname: '/etc' },
          { name: 'workspace/dir/x', type: 'symlink', linkname: '../a.txt' },
        ]);
        const step = await one('cat a.txt; ls; ls sub', { layers: [layer] });
        expect(step.output).toBe('one\na.txt\ndir\nsub\nb\n');
      });

      it('are not kept when a step is red', async () => {
        let kept = false;
        const result = await sandbox.run(
          jobOf(['mkdir node_modules; exit 3'], {
            keep: {
              paths: ['workspace/node_modules'],
              to: async () => {
                kept = true;
              },
            },
          }),
        );
        expect([result.steps[0]?.exitCode, kept]).toEqual([3, false]);
      });
    });

    describe('test secrets', () => {
      it('are environment of the steps, under names that make no program load anything', async () => {
        expect((await one('echo $DB_PASSWORD', { secrets: { DB_PASSWORD: 'open sesame' } })).output).toBe('open sesame\n');
        for (const name of ['LD_PRELOAD', 'NODE_OPTIONS', 'PATH', 'BASH_ENV', 'GIT_SSH_COMMAND', 'lower'])
          await expect(sandbox.run(jobOf(['true'], { secrets: { [name]: 'x' } }))).rejects.toMatchObject({ code: 'plan-invalid' });
      });
    });

    describe('what is followed', () => {
      it('is the output of steps as it comes', async () => {
        const parts: Buffer[] = [];
        await sandbox.run(jobOf(['echo one; echo two', 'echo three']), { onOutput: (bytes) => parts.push(Buffer.from(bytes)) });
        expect(Buffer.concat(parts).toString()).toBe('one\ntwo\nthree\n');
      });
    });

    describe('limits', () => {
      const limited = (limits: Partial<ReturnType<typeof jobOf>['limits']>): Parameters<typeof jobOf>[1] => ({
        limits: { ...jobOf([]).limits, ...limits },
      });

      it('ends a command that hangs and ignores signals', async () => {
        const step = await one(`trap '' TERM INT HUP; echo here; while :; do sleep 1; done`, limited({ wallClockMs: 500 }));
        expect(step).toMatchObject({ exitCode: null, signal: 'SIGKILL', timedOut: true, killedBy: 'timeout', output: 'here\n' });
      });

      wall('ends a fork bomb within its limits and reports it as one', async () => {
        const step = await one('b() { b | b & }; b; exec sleep 600', limited({ wallClockMs: 1500, processes: 40 }));
        expect(step).toMatchObject({ timedOut: true, killedBy: 'processes' });
      });

      wall('reports a step that fails because it may start no more processes', async () => {
        const program = `import os, sys, time
for _ in range(200):
    try:
        if os.fork() == 0:
            time.sleep(600)
    except OSError:
        sys.exit(3)`;
        expect(await one(`python3 -c '${program}'`, limited({ processes: 40 }))).toMatchObject({ exitCode: 3, killedBy: 'processes' });
      });

      wall('ends a memory hog and reports it as one', async () => {
        const step = await one(`python3 -c 'x = [bytearray(1 << 20) for _ in range(4096)]'`, limited({ memoryBytes: 64 * 1024 ** 2 }));
        expect(step.exitCode).not.toBe(0);
        expect(step).toMatchObject({ killedBy: 'memory', oomKilled: true });
      });

      it('reports a full workspace', async () => {
        const step = await one('dd if=/dev/zero of=fill bs=1M count=100 2>/dev/null', limited({ workspaceBytes: 8 * 1024 ** 2 }));
        expect(step).toMatchObject({ exitCode: 1, killedBy: 'disk' });
      });

      it('reports a file beyond its size', async () => {
        const step = await one('exec dd if=/dev/zero of=fill bs=1M count=20 2>/dev/null', limited({ fileBytes: 4 * 1024 ** 2 }));
        expect(step).toMatchObject({ killedBy: 'disk' });
      });

      it('ends a step that prints without end and keeps head and tail', async () => {
        const step = await one('echo begin; yes 0123456789 | head -c 100000000', limited({ outputBytes: 4 * 1024 ** 2 }));
        expect(step).toMatchObject({ killedBy: 'output', outputTruncated: true });
        expect(Buffer.byteLength(step.output)).toBeLessThanOrEqual(1024 ** 2);
        expect(step.output.startsWith('begin\n0123456789\n')).toBe(true);
      });

      it('cuts an endless line', async () => {
        const step = await one('head -c 100000 /dev/zero | tr "\\0" x; echo; echo end');
        expect(step).toMatchObject({ exitCode: 0, outputTruncated: true });
        expect(step.output.length).toBeLessThan(20_000);
        expect(step.output.endsWith('\nend\n')).toBe(true);
      });

      it('stops and throws when it is cancelled', async () => {
        const stop = new AbortController();
        const running = sandbox.run(jobOf(['sleep 600']), { signal: stop.signal, onProgress: () => stop.abort() });
        await expect(running).rejects.toMatchObject({ code: 'cancelled' });
      });
    });

    walls('hostile steps', () => {
      let folder: string;
      beforeAll(() => {
        folder = mkdtempSync(join(tmpdir(), 'suture-canary-'));
        writeFileSync(join(folder, 'secret'), CANARY, { mode: 0o644 });
        process.env['SUTURE_TEST_CANARY'] = CANARY;
      });
      afterAll(() => {
        delete process.env['SUTURE_TEST_CANARY'];
        rmSync(folder, { recursive: true, force: true });
      });

      it('find no environment of the service in any process', async () => {
        const step = await one('cat /proc/*/environ /proc/*/cmdline 2>/dev/null | tr "\\0" "\\n"; env');
        expect(step.output).not.toContain(CANARY);
        expect(step.output).not.toContain(folder);
        expect(step.output).not.toContain(process.cwd());
      });

      it('find no file of the host', async () => {
        expect(
          (
            await one(
              `cat ${folder}/secret /proc/1/root${folder}/secret /proc/1/cwd/../${folder}/secret /etc/shadow; ls -d /root /sys /var /home/*`,
            )
          ).output,
        ).not.toMatch(engine ? CANARY : new RegExp(`${CANARY}|^/root|^/sys|^/var`, 'm'));
      });

      it('inherit no descriptor but their own three', async () => {
        expect(
          (
            await one(
              `python3 -c 'import os; print([os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd") if n not in "012" and os.path.exists(f"/proc/self/fd/{n}")])'`,
            )
          ).output,
        ).not.toMatch(/socket|pipe|anon/);
      });

      it('are an ordinary user without capabilities', async () => {
        const step = await one(`id -u; grep -E 'CapEff|CapBnd|NoNewPrivs|Seccomp:' /proc/self/status | tr -d '\\t'`);
        const rest = 'CapEff:0000000000000000\nCapBnd:0000000000000000\nNoNewPrivs:1\nSeccomp:2\n';
        // Where the limit of processes counts by user of a node, each job has one of its own.
        if (kind === 'cluster') expect(step.output).toMatch(new RegExp(`^1[0-9]{9}\n${rest}$`));
        else expect(step.output).toBe(`1000\n${rest}`);
      });

      it.each(['/proc/sys/kernel/core_pattern', '/proc/sysrq-trigger', '/usr/x', '/etc/passwd', '/opt/suture/supervisor', '/x'])(
        'cannot write %s',
        async (path) => {
          const step = await one(
            `{ echo x > ${path}; } 2>/dev/null && echo written; { head -c1 ${path} && cp ${path} ${path}; } >/dev/null 2>&1; true`,
          );
          expect(step.output).toBe('');
        },
      );

      it('reach no server of the host and no network', async () => {
        const server = createServer((socket) => socket.end(CANARY));
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        const address = server.address();
        const port = typeof address === 'object' && address !== null ? address.port : 0;
        try {
          const connect = (host: string, at: number): string =>
            tryInPython(`s = socket.socket(); s.settimeout(2); s.connect(('${host}', ${at}))`);
          const result = await sandbox.run(jobOf([connect('127.0.0.1', port), connect('169.254.169.254', 80)]));
          expect(result.steps.map((step) => step.output)).toEqual(['errno ECONNREFUSED\n', 'errno ENETUNREACH\n']);
        } finally {
          server.close();
        }
      });

      const ARM = process.arch === 'arm64';
      it.each([
        ['a new user namespace', `call(${ARM ? 97 : 272}, 0x10000000)`, 'EPERM'],
        ['clone with a namespace flag', `call(${ARM ? 220 : 56}, 0x10000011, 0, 0, 0, 0)`, 'EPERM'],
        ['clone3', 'call(435, 0, 0)', 'ENOSYS'],
        ['ptrace', `call(${ARM ? 117 : 101}, 16, 1, 0, 0)`, 'EPERM'],
        ['reading the memory of others', `call(${ARM ? 270 : 310}, 1, 0, 0, 0, 0, 0)`, 'EPERM'],
        ['a mount', `call(${ARM ? 40 : 165}, b'none', b'/tmp', b'tmpfs', 0, 0)`, 'EPERM'],
        ['the key ring', `call(${ARM ? 219 : 250}, 0, -3, 0)`, 'EPERM'],
        ['io_uring', 'call(425, 1, 0)', 'EPERM'],
        ['bpf', `call(${ARM ? 280 : 321}, 0, 0, 0)`, 'EPERM'],
        ['a call that nobody vetted', 'call(467, 0, 0, 0)', 'ENOSYS'],
        ['AF_VSOCK', 'socket.socket(40, socket.SOCK_STREAM)', 'EAFNOSUPPORT'],
        ['AF_PACKET', 'socket.socket(17, socket.SOCK_RAW)', 'EAFNOSUPPORT'],
        ['netfilter netlink', 'socket.socket(16, socket.SOCK_RAW, 12)', 'EAFNOSUPPORT'],
        ['typing into the terminal, with high bits set', `call(${ARM ? 29 : 16}, 0, ctypes.c_ulong(0x100005412), b'x')`, 'EPERM'],
      ])('are refused %s', async (_what, body, errno) => {
        const { output } = await one(tryInPython(body));
        if (engine) expect(output).toMatch(/^errno (?:EPERM|ENOSYS|EAFNOSUPPORT|ENOTTY)\n$/);
        else expect(output).toBe(`errno ${errno}\n`);
      });

      it('cannot reach the descriptors or the memory of the supervisor', async () => {
        const step = await one('for p in /proc/[0-9]*; do if [ "$(cut -d" " -f4 $p/stat)" = 1 ]; then ls $p/fd; : > $p/mem; fi; done 2>&1');
        // In a cluster what keeps the pod has nothing: it drives nothing and hears of nothing.
        if (kind !== 'cluster') expect(step.output).toMatch(/Permission denied/);
        expect(step.output).not.toMatch(/^\d+$/m);
      });

      it('cannot pass off a failure as success by writing status lines anywhere', async () => {
        const forge =
          'for p in /proc/[0-9]*; do for n in 3 4 5 6 7 8 9; do echo "end 1 0" > $p/fd/$n; done; done 2>/dev/null; for n in 3 4 5 6 7 8 9; do sh -c "echo end 1 0 >&$n"; done; exit 1';
        expect((await one(forge)).exitCode).toBe(1);
      });

      it('end the sandbox, never turn green, when they kill the supervisor', async () => {
        const result = await sandbox.run(jobOf(['kill -KILL $PPID; kill -KILL -1; exit 0', 'true']));
        expect(result.steps).toHaveLength(1);
        // Where steps cannot reach what keeps the sandbox, they end only themselves.
        expect(result.steps[0]).toMatchObject(engine ? { exitCode: 137 } : { exitCode: null, signal: 'SIGKILL', killedBy: null });
      });

      it('do not escape by a detached daemon that changes files later', async () => {
        const result = await sandbox.run(
          jobOf(['setsid sh -c "while :; do echo late > late.txt; rm -f late.txt; done" >/dev/null 2>&1 & sleep 0.1'], {
            collectChanges: { only: ['a.txt'] },
          }),
        );
        expect(result.changes).toEqual([]);
      });
    });
  });
}
