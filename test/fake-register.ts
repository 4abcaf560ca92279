/** A register that a test fills by hand. */
import type { Credential, Device, Gateway, Site } from '../register/model.ts';
import type { RegisterView } from '../register/register-view.ts';

export class FakeRegister implements RegisterView {
  readonly version = 1;
  readonly #gateways = new Map<string, Gateway>();
  readonly #devices = new Map<string, Device>();
  readonly #credentials = new Map<string, Credential>();

  withGateway(id: string, change: Partial<Gateway> = {}): this {
    this.#gateways.set(id, { id, name: id, site: 'city-hall', retired: false, ...change });
    return this;
  }

  withDevice(gateway: string, id: string): this {
    const placements = [{ site: 'city-hall', from: 0 }];
    this.#devices.set(`${gateway}/${id}`, { gateway, id, name: id, placements, is_new: false });
    return this;
  }

  withCredential(credential: Credential): this {
    this.#credentials.set(credential.id, credential);
    return this;
  }

  site(): Site | undefined {
    return undefined;
  }
  sites(): readonly Site[] {
    return [];
  }
  gateway(id: string): Gateway | undefined {
    return this.#gateways.get(id);
  }
  gateways(): readonly Gateway[] {
    return [...this.#gateways.values()];
  }
  device(gateway: string, device: string): Device | undefined {
    return this.#devices.get(`${gateway}/${device}`);
  }
  devices(): readonly Device[] {
    return [...this.#devices.values()];
  }
  credential(id: string): Credential | undefined {
    return this.#credentials.get(id);
  }
  onChange(): () => void {
    return () => {};
  }
}
