/** What the console asks of the register's owner, beside reading it. Each call resolves when the change is on disk. */
import type { Credential, Gateway, Site } from '../../register/model.ts';
import type { Register } from '../../register/register.ts';

/** Lists and manifests are planned against the register and written whole. */
export interface RegisterWriter
  extends Pick<
    Register,
    'city' | 'origin' | 'write' | 'decisions' | 'decisionHistory' | 'putDecision' | 'withdrawDecision'
  > {
  putSite(site: Site): Promise<void>;
  putGateway(gateway: Gateway): Promise<void>;
  /** Its readings stay; it may not connect again. */
  /** `at`: epoch milliseconds; now when it is left out. */
  retireGateway(id: string, at?: number): Promise<void>;
  /** The first token of a gateway or observer: random, 256 bits, seen this once. `conflict` when it has one. */
  addCredential(request: Pick<Credential, 'id' | 'role'>): Promise<{ readonly token: string }>;
  /** A new token in place of the one before. `not-found` when there was none. */
  rotate(id: string): Promise<{ readonly token: string }>;
}
