/**
 * The console: what people and programs ask the city over HTTP. `api/` answers, `web/` is the page.
 * It reads the store, the register and ingest through their interfaces and holds nothing of its own but sessions.
 */
import type { AddressInfo } from 'node:net';
import { LamplighterError } from '../contract/error-codes.ts';
import type { Service } from '../runtime/service.ts';
import { isLoopback } from './api/access-control.ts';
import { buildConsoleApp } from './api/app.ts';
import type { ConsoleApp } from './api/console-app.ts';
import type { ConsoleDeps } from './api/console-deps.ts';
import { findWebFolder } from './api/routes/page.ts';

export interface ConsoleOptions {
  /** Address to listen on. Anything but loopback asks for the operator token on reading too. */
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Folder of the built page; found by itself when left out. */
  readonly webFolder?: string;
  /** Address of a server of map tiles, `https://…/{z}/{x}/{y}.png`; the page's own outline is used without one. */
  readonly mapTiles?: string | undefined;
}

export const DEFAULT_CONSOLE_OPTIONS: ConsoleOptions = { host: '127.0.0.1', port: 8080 };

export interface Console extends Service {
  /** For `inject()`. Thrown away by `stop()`. Throws `not-ready` before `start()`. */
  readonly app: ConsoleApp;
  /** `http://host:port`; empty while it does not listen. */
  readonly address: string;
}

export function createConsole(deps: ConsoleDeps & { readonly options?: Partial<ConsoleOptions> }): Console {
  const options = { ...DEFAULT_CONSOLE_OPTIONS, ...deps.options };
  let app: ConsoleApp | undefined;
  let address = '';
  return {
    name: 'console',
    get app() {
      if (app === undefined) throw new LamplighterError('not-ready', 'The console has not been started.');
      return app;
    },
    get address() {
      return address;
    },
    /** Throws `bad-request` for a binding that would leave the city open, and when the port is taken. */
    async start() {
      if (!isLoopback(options.host) && deps.operatorTokenSha256 === undefined) {
        throw new LamplighterError(
          'bad-request',
          `The console would be reachable at ${options.host} by everyone. Give it an operator token, or bind it to 127.0.0.1.`,
        );
      }
      const webFolder = options.webFolder ?? findWebFolder();
      app = await buildConsoleApp(deps, { host: options.host, webFolder, mapTiles: options.mapTiles });
      try {
        await app.listen({ host: options.host, port: options.port });
      } catch (error) {
        await app.close();
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
        throw new LamplighterError(
          'bad-request',
          `Port ${options.port} on ${options.host} is taken. Stop what listens there, or give the console another port with --port.`,
          { cause: error },
        );
      }
      const bound = app.server.address() as AddressInfo;
      address = `http://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}`;
      deps.log.info({ address }, 'console listens');
    },
    async stop() {
      address = '';
      await app?.close();
    },
  };
}
