/** The store, opened for the roles of this process that need it. */
import type { LatestValue } from '../../store/telemetry-store.ts';
import { type CityStore, createStore } from '../open-store.ts';
import type { InternalClient } from './internal-client.ts';
import type { RoleContext } from './role.ts';

/** A store that cannot be used yet is said to be so, and used once it can. */
export async function openStore(context: RoleContext): Promise<CityStore> {
  const store = createStore(context.settings, context);
  await context.run({ name: 'store', start: () => store.open(), stop: () => store.close() });
  const check = await store.check();
  if (!check.ok) context.log.error(`the store cannot be used yet: ${check.words}`);
  return store;
}

/**
 * The same store, but for the newest values: those are in the memory of the process that commits them, ingest's, and a
 * store that commits nothing would go on answering with those of its start.
 */
export function withLatestOf(ingest: InternalClient, store: CityStore): CityStore {
  const latest: CityStore['latest'] = (query) => ingest.post<readonly LatestValue[]>('ingest/latest', query);
  return new Proxy(store, {
    get(target, key) {
      if (key === 'latest') return latest;
      const member: unknown = Reflect.get(target, key, target);
      // Methods with private fields must be called on the store itself.
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}
