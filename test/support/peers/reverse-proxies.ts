import { readFileSync } from 'node:fs';
import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROJECT_FOLDER } from '../../../lib/local/folder.ts';
import { accepts, Server } from '../brokers/server.ts';

/** A reverse proxy of a Debian package, with the configuration of docs/serve.md. */
interface ReverseProxy {
  readonly name: string;
  readonly program: string;
  /** The language of its configuration in the page. */
  readonly language: string;
  /** Makes a whole configuration of the one in the page, which listens on a port without TLS. */
  readonly configure: (snippet: string, port: number, folder: string) => string;
  readonly args: (file: string) => readonly string[];
}

export const REVERSE_PROXIES: readonly ReverseProxy[] = [
  {
    name: 'nginx',
    program: '/usr/sbin/nginx',
    language: 'nginx',
    configure: (snippet, port, folder) => {
      const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
      return [
        `daemon off; pid ${folder}/pid; error_log stderr; events {}`,
        `http { access_log off; ${paths.map((path) => `${path}_temp_path ${folder}/${path};`).join(' ')}`,
        replaced(snippet, 'listen 443 ssl', `listen 127.0.0.1:${port}`),
        '}',
      ].join('\n');
    },
    args: (file) => ['-c', file],
  },
  {
    name: 'Caddy',
    program: '/usr/bin/caddy',
    language: 'caddy',
    configure: (snippet, port) =>
      `{\n  admin off\n  auto_https off\n}\n${replaced(snippet, 'jobs.example.com', `http://127.0.0.1:${port}`)}`,
    args: (file) => ['run', '--adapter', 'caddyfile', '--config', file],
  },
  {
    name: 'HAProxy',
    program: '/usr/sbin/haproxy',
    language: 'haproxy',
    configure: (snippet, port) =>
      replaced(snippet, ':443 ssl crt /etc/haproxy/jobs.pem', `127.0.0.1:${port}`),
    args: (file) => ['-f', file],
  },
  {
    name: 'Apache',
    program: '/usr/sbin/apache2',
    language: 'apache',
    configure: (snippet, port, folder) => {
      const modules = ['mpm_event', 'authz_core', 'proxy', 'proxy_http'].map(
        (name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`,
      );
      return [
        `ServerName localhost\nServerRoot ${folder}\nDefaultRuntimeDir ${folder}\nPidFile ${folder}/pid`,
        `ErrorLog ${folder}/errors\nUser www-data\nGroup www-data\nListen 127.0.0.1:${port}`,
        ...modules,
        replaced(snippet, '*:443', `127.0.0.1:${port}`),
        '',
      ].join('\n');
    },
    args: (file) => ['-f', file, '-D', 'FOREGROUND'],
  },
];

/** @throws an error that says how to install it */
export async function findReverseProxies(): Promise<readonly ReverseProxy[]> {
  for (const { program } of REVERSE_PROXIES) {
    await access(program).catch((cause) => {
      throw new Error(`No ${program}: run apt-get install nginx-light caddy haproxy apache2`, { cause });
    });
  }
  return REVERSE_PROXIES;
}

/** Starts a reverse proxy in front of a service. */
export function startReverseProxy(proxy: ReverseProxy, port: number, servicePort: number): Promise<Server> {
  const { program, language, configure, args } = proxy;
  const snippet = replaced(snippetOf(language), '127.0.0.1:4570', `127.0.0.1:${servicePort}`);
  return Server.start({
    command: program,
    prepare: (folder) => writeFile(join(folder, 'configuration'), configure(snippet, port, folder)),
    args: (folder) => args(join(folder, 'configuration')),
    env: (folder) => ({ HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }),
    ready: () => accepts(port),
  });
}

function snippetOf(language: string): string {
  const page = readFileSync(join(PROJECT_FOLDER, 'docs/serve.md'), 'utf8');
  const [, snippet] = new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's').exec(page) ?? [];
  if (snippet === undefined) throw new Error(`docs/serve.md has no configuration in ${language}`);
  return snippet;
}

function replaced(text: string, what: string, by: string): string {
  if (!text.includes(what)) throw new Error(`no ${what} in ${text}`);
  return text.replace(what, by);
}
