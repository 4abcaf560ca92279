/** The store, opened for the roles of this process that need it. */
import { type CityStore, createStore } from '../open-store.ts';
import type { RoleContext } from './role.ts';

/** A store that cannot be used yet is said to be so, and used once it can. */
export async function openStore(context: RoleContext): Promise<CityStore> {
  const store = createStore(context.settings, context);
  await context.run({ name: 'store', start: () => store.open(), stop: () => store.close() });
  const check = await store.check();
  if (!check.ok) context.log.error(`the store cannot be used yet: ${check.words}`);
  return store;
}
