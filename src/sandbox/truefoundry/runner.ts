import { COLLECT_BODY, KEEP_BODY } from '../box-programs.ts';

/**
 * What a run does: fixed text for `node -e`, with the address of the exchange, the id of the job and its ticket as arguments. It fetches
 * the input (four bytes of length, the job as JSON, a tar), runs the steps under their limits, and hands in the result in the same form.
 */
export const RUNNER = `'use strict';
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const { Readable } = require('node:stream');
const [exchange, id, ticket] = process.argv.slice(1);
const COLLECT = ${JSON.stringify(COLLECT_BODY)};
const KEEP = ${JSON.stringify(KEEP_BODY)};
const request = (what, more) => fetch(exchange + '/exchange/' + id + '/' + what, { ...more, headers: { 'x-suture-ticket': ticket } });
const ended = (child) => new Promise((resolve) => { child.on('exit', (code, signal) => resolve({ code, signal })); child.on('error', () => resolve({ code: 127, signal: null })); });
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const endAll = () => {
  for (const name of fs.readdirSync('/proc')) {
    if (!/^[0-9]+$/.test(name) || Number(name) === process.pid || name === '1') continue;
    try { if (fs.readFileSync('/proc/' + name + '/environ').includes('SUTURE_JOB=' + id)) process.kill(Number(name), 'SIGKILL'); } catch {}
  }
};
const full = () => ['/workspace', '/deps', '/home/sandbox', '/tmp'].some((path) => { try { return fs.statfsSync(path).bavail < 16; } catch { return false; } });
const counts = (files, word) => Math.max(0, ...files.map((file) => { try { return Number(new RegExp('^' + word + ' ([0-9]+)$', 'm').exec(fs.readFileSync(file, 'utf8'))[1]); } catch { return 0; } }));
const refusals = () => counts(['/sys/fs/cgroup/pids.events', '/sys/fs/cgroup/pids/pids.events'], 'max');
const kills = () => counts(['/sys/fs/cgroup/memory.events', '/sys/fs/cgroup/memory/memory.oom_control'], 'oom_kill');
const send = async (facts, stream) => {
  const head = Buffer.from(JSON.stringify(facts));
  const size = Buffer.alloc(4);
  size.writeUInt32BE(head.length, 0);
  async function* body() { yield size; yield head; if (stream) for await (const part of stream) yield part; }
  const response = await request('result', { method: 'PUT', body: Readable.toWeb(Readable.from(body())), duplex: 'half' });
  if (!response.ok) throw new Error('the result was refused: ' + response.status);
};
const main = async () => {
  const response = await request('input');
  if (!response.ok) throw new Error('the input was refused: ' + response.status);
  const tar = spawn('tar', ['-x', '-p', '-f', '-', '-C', '/', '--no-same-owner'], { stdio: ['pipe', 'ignore', 'pipe'] });
  let said = '';
  tar.stderr.on('data', (part) => { if (said.length < 4096) said += part; });
  tar.stdin.on('error', () => undefined);
  const untarred = ended(tar);
  let rest = Buffer.alloc(0);
  let job = null;
  let unpacked = 0;
  for await (const part of response.body) {
    let bytes = Buffer.from(part);
    if (job === null) {
      rest = Buffer.concat([rest, bytes]);
      if (rest.length < 4 || rest.length < 4 + rest.readUInt32BE(0)) continue;
      const end = 4 + rest.readUInt32BE(0);
      job = JSON.parse(rest.subarray(4, end).toString());
      bytes = rest.subarray(end);
    }
    unpacked += bytes.length;
    if (unpacked > job.workspaceBytes) { tar.kill('SIGKILL'); said = 'No space left: more than ' + job.workspaceBytes + ' bytes'; break; }
    if (!tar.stdin.write(bytes)) await new Promise((resolve) => { tar.stdin.once('drain', resolve); tar.stdin.once('close', resolve); });
  }
  tar.stdin.end();
  const { code: filled } = await untarred;
  if (filled !== 0) return send({ filled: said.slice(0, 500) || 'exit ' + filled, steps: [], complete: false });
  const env = { ...job.env, PATH: process.env.PATH + ':' + job.env.PATH, SUTURE_JOB: id };
  const until = Date.now() + job.wallClockMs;
  const steps = [];
  for (const step of job.steps) {
    const limits = ['--core=0', '--nofile=4096', '--nproc=' + job.processes, '--fsize=' + job.fileBytes, '--'];
    const started = Date.now();
    const before = { refusals: refusals(), kills: kills() };
    const child = spawn('prlimit', [...limits, '/bin/sh', '-c', 'exec 2>&1; exec /bin/sh -c "$1"', 'step', step.run], { cwd: '/workspace', env, stdio: ['ignore', 'pipe', 'inherit'], detached: true });
    const parts = [];
    let bytes = 0;
    let reason = null;
    const stop = (why) => { if (reason !== null) return; reason = why; try { process.kill(-child.pid, 'SIGKILL'); } catch {} endAll(); };
    const timer = setTimeout(() => stop('timeout'), Math.max(0, until - Date.now()));
    child.stdout.on('data', (part) => {
      bytes += part.length;
      if (bytes <= job.outputBytes) { parts.push(part); process.stdout.write(part); } else stop('output');
    });
    const closed = new Promise((resolve) => child.stdout.on('close', resolve));
    const { code, signal } = await ended(child);
    clearTimeout(timer);
    await Promise.race([closed, wait(500)]);
    const exitCode = reason !== null ? null : code !== null ? code : signal === null ? null : 128 + (require('node:os').constants.signals[signal] || 0);
    steps.push({ name: step.name, exitCode, reason, durationMs: Date.now() - started, output: Buffer.concat(parts).toString('base64'), full: exitCode !== 0 && (full() || exitCode === 153), refused: refusals() > before.refusals, killed: kills() > before.kills });
    if (reason !== null || exitCode !== 0) break;
  }
  const over = steps.some((step) => step.reason !== null);
  const green = steps.every((step) => step.exitCode === 0);
  endAll();
  const program = over ? null : job.keep ? (green ? [KEEP, job.keep] : null) : job.wants ? [COLLECT, job.wants] : null;
  if (program === null) return send({ steps, complete: false });
  const collecting = spawn('/bin/sh', ['-c', program[0], 'collect', ...program[1]], { env: { PATH: process.env.PATH }, stdio: ['ignore', 'pipe', 'ignore'] });
  // Node throws away what nobody reads yet of a process that ended, and connecting may take longer.
  await send({ steps, complete: true }, collecting.stdout.pipe(new (require('node:stream').PassThrough)()));
};
main().then(() => process.exit(0), (error) => { console.error(String(error)); process.exit(1); });
`;
