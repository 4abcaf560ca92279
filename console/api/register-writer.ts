/** What the console asks of the register's owner. Each call resolves when the change is on disk. */
import type { Gateway, Origin, Site } from '../../register/model.ts';

export interface RegisterWriter {
  putSite(site: Site, origin: Origin): Promise<void>;
  putGateway(gateway: Gateway, origin: Origin): Promise<void>;
  /** Its readings stay; it may not connect again. */
  retireGateway(id: string): Promise<void>;
  /** Makes a new random 256-bit token, keeps its SHA-256 in place of any before, and returns it: the only time it is seen. */
  issueToken(id: string, role: 'gateway' | 'observer'): Promise<string>;
}
