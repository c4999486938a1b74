/**
 * A real nginx for tests, with a configuration, log and pid file of its own in a temporary folder. It writes the log
 * that docs/first-week.md asks for and serves a small site: `/` with its files, and paths with a fixed answer.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DEADLINE_MS } from './until.ts';

export const NGINX_BINARY = '/usr/sbin/nginx';

/** The log_format of docs/first-week.md, word for word. */
export const LOG_FORMAT = `log_format zban escape=json '{"timestamp":"$msec","source_ip":"$remote_addr","method":"$request_method","path":"$request_uri","status":"$status","response_size":"$body_bytes_sent","request_time":"$request_time","user_agent":"$http_user_agent","referer":"$http_referer","host":"$host"}';`;

export interface NginxOptions {
  /** Puts the command into a namespace, as `network.prefix('server')` does; it must replace itself by the command. */
  readonly prefix?: readonly string[];
  /** `listen` addresses such as `127.0.0.1:8080` or `[::]:80`. Default: port 80 of every address, IPv4 and IPv6. */
  readonly listen?: readonly string[];
  /** Backend of everything below `/api/`, such as `http://127.0.0.1:8081`; without it `/api/` answers 200 by itself. */
  readonly proxyTo?: string;
  /** Access log, default `access.log` in the temporary folder. */
  readonly accessLog?: string;
  /** More lines of the http block, such as `include /tmp/deny.conf;`. */
  readonly http?: readonly string[];
  /** More lines of the server block. */
  readonly server?: readonly string[];
}

export interface Nginx {
  /** The master process. */
  readonly pid: number;
  /** The command with its configuration: add `-T` or `-s reload`. */
  readonly command: readonly [string, ...string[]];
  readonly accessLog: string;
  readonly errorLog: string;
  /** Tells nginx to open its logs anew (USR1) and waits until the new file is there. */
  reopen(): Promise<void>;
  /** Renames the log to `accessLog.1`, … (the next free number) and reopens. Returns the renamed file. */
  rotate(): Promise<string>;
  /** Ends nginx and removes its folder. */
  stop(): Promise<void>;
}

/** Why nginx cannot run here, or undefined. For `{ skip }` of a test. */
export function findNginxObstacle(): string | undefined {
  try {
    accessSync(NGINX_BINARY, constants.X_OK);
    return undefined;
  } catch {
    return `needs nginx at ${NGINX_BINARY} (Debian: nginx-light)`;
  }
}

/** Starts nginx and returns when it listens. Throws with nginx's own words when it does not. */
export async function startNginx(options: NginxOptions = {}): Promise<Nginx> {
  const folder = mkdtempSync(join(tmpdir(), 'zban-nginx-'));
  // The workers run as an ordinary user and must reach the pages and, when they reopen it, the log.
  chmodSync(folder, 0o755);
  const accessLog = options.accessLog ?? join(folder, 'access.log');
  const errorLog = join(folder, 'error.log');
  const pidFile = join(folder, 'nginx.pid');
  writeSite(folder);
  writeFileSync(join(folder, 'nginx.conf'), configuration(folder, accessLog, options));
  const [program, ...args] = [
    ...(options.prefix ?? []),
    NGINX_BINARY,
    '-p',
    folder,
    '-e',
    errorLog,
    '-c',
    'nginx.conf',
  ];
  const command: Nginx['command'] = [program ?? '', ...args];
  const child = spawn(command[0], args, { stdio: 'ignore' });
  const started = await waitFor(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8').trim() !== '', child);
  if (!started) {
    child.kill('SIGKILL');
    const reason = existsSync(errorLog) ? readFileSync(errorLog, 'utf8') : 'no error log';
    rmSync(folder, { recursive: true });
    throw new Error(`nginx did not start: ${reason.trim()}`);
  }
  const pid = Number(readFileSync(pidFile, 'utf8'));
  const reopen = async (): Promise<void> => {
    process.kill(pid, 'SIGUSR1');
    if (!(await waitFor(() => existsSync(accessLog), child))) throw new Error(`nginx did not open ${accessLog} again`);
  };
  return {
    pid,
    command,
    accessLog,
    errorLog,
    reopen,
    rotate: async () => {
      const old = freeName(accessLog);
      renameSync(accessLog, old);
      await reopen();
      return old;
    },
    stop: async () => {
      await end(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function freeName(accessLog: string): string {
  let number = 1;
  while (existsSync(`${accessLog}.${number}`)) number++;
  return `${accessLog}.${number}`;
}

/** Polls until the condition holds; false when the process ended first or the deadline passed. */
async function waitFor(condition: () => boolean, child: ChildProcess): Promise<boolean> {
  const endMs = performance.now() + DEADLINE_MS;
  while (!condition()) {
    if (child.exitCode !== null || performance.now() > endMs) return false;
    await delay(10);
  }
  return true;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

function writeSite(folder: string): void {
  const pages = join(folder, 'pages');
  mkdirSync(join(pages, 'static'), { recursive: true });
  const files = Array.from({ length: 12 }, (_, index) => `/static/picture-${index}.png`);
  const images = files.map((path) => `<img src="${path}" alt="">`).join('');
  writeFileSync(
    join(pages, 'index.html'),
    `<!doctype html><title>A page</title><link rel="stylesheet" href="/static/main.css">${images}<script src="/static/app.js"></script>`,
  );
  writeFileSync(join(pages, 'static', 'main.css'), 'body { margin: 2rem }\n');
  writeFileSync(join(pages, 'static', 'app.js'), '// nothing to do\n');
  for (const path of files) writeFileSync(join(pages, path), Buffer.alloc(4096, 0x2e));
}

function configuration(folder: string, accessLog: string, options: NginxOptions): string {
  const listen = (options.listen ?? ['80', '[::]:80']).map((address) => `    listen ${address};`).join('\n');
  const api = options.proxyTo === undefined ? 'return 200 "{}";' : `proxy_pass ${options.proxyTo};`;
  const user = process.getuid?.() === 0 ? 'user www-data;' : '';
  return `daemon off;
worker_processes 2;
${user}
pid ${folder}/nginx.pid;
events { worker_connections 4096; }
http {
  types { text/html html; text/css css; text/javascript js; image/png png; }
  ${LOG_FORMAT}
  access_log ${accessLog} zban;
  keepalive_requests 1000000;
  ${(options.http ?? []).join('\n  ')}
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server {
${listen}
    root ${folder}/pages;
    ${(options.server ?? []).join('\n    ')}
    location /api/ { ${api} }
    location = /wp-login.php { return 200 "wrong password"; }
    location = /login { return 401; }
    location = /forbidden { return 403; }
    location = /broken { return 502; }
  }
}
`;
}
