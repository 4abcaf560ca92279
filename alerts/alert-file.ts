/**
 * Where alerts are kept: one LMDB file, `<data>/alerts`. What changes in one turn (open alerts, history, messages that
 * are still to be told) becomes durable together, so that a kill between two of them tells nothing twice and forgets
 * nothing.
 */
import { z } from 'zod';
import { LmdbFile } from '../runtime/lmdb-file.ts';
import { type OpenAlert, openAlertSchema, type ResolvedAlert, resolvedAlertSchema } from './alert-record.ts';

/** What is to be told of one alert. */
export const alertMessageSchema = z.object({
  number: z.number(),
  status: z.enum(['firing', 'resolved']),
  alert: z.union([resolvedAlertSchema, openAlertSchema]),
});
export type AlertMessage = z.infer<typeof alertMessageSchema>;

type Key = readonly ['open', string] | readonly ['history', number] | readonly ['message', number];
type LmdbKey = [string, string | number];

export interface KeptAlerts {
  readonly open: readonly OpenAlert[];
  /** Oldest first. */
  readonly history: readonly ResolvedAlert[];
  /** In the order in which they are to be told. */
  readonly messages: readonly AlertMessage[];
}

export interface AlertFileChange {
  readonly open: readonly OpenAlert[];
  readonly closed: readonly string[];
  readonly history: readonly ResolvedAlert[];
  readonly forgotten: readonly number[];
  readonly messages: readonly AlertMessage[];
  readonly toldOrDropped: readonly number[];
}

export const NO_CHANGE: AlertFileChange = {
  open: [],
  closed: [],
  history: [],
  forgotten: [],
  messages: [],
  toldOrDropped: [],
};

export class AlertFile {
  readonly #file: LmdbFile<unknown, LmdbKey>;

  constructor(folder: string) {
    this.#file = new LmdbFile(folder);
  }

  /** Entries that cannot be read (of another version) are left out, and named in `strange`. */
  open(): KeptAlerts & { readonly strange: readonly string[] } {
    this.#file.open();
    const open: OpenAlert[] = [];
    const history: ResolvedAlert[] = [];
    const messages: AlertMessage[] = [];
    const strange: string[] = [];
    for (const { key, value } of this.#file.db.getRange({})) {
      const [kind] = key;
      const isTaken =
        (kind === 'open' && take(openAlertSchema, value, open)) ||
        (kind === 'history' && take(resolvedAlertSchema, value, history)) ||
        (kind === 'message' && take(alertMessageSchema, value, messages));
      if (!isTaken) strange.push(key.join('/'));
    }
    return { open, history, messages, strange };
  }

  async close(): Promise<void> {
    if (this.#file.isOpen) await this.#file.close();
  }

  /** Durable when it resolves, all of it or nothing. @throws WriteRefused. */
  async write(change: AlertFileChange): Promise<void> {
    const key = (...one: Key): LmdbKey => [...one];
    await this.#file.write(({ put, remove }) => {
      for (const alert of change.open) put(key('open', alert.id), alert);
      for (const id of change.closed) remove(key('open', id));
      for (const alert of change.history) put(key('history', alert.number), alert);
      for (const number of change.forgotten) remove(key('history', number));
      for (const message of change.messages) put(key('message', message.number), message);
      for (const number of change.toldOrDropped) remove(key('message', number));
    });
  }
}

function take<T>(schema: z.ZodType<T>, value: unknown, into: T[]): boolean {
  const parsed = schema.safeParse(value);
  if (parsed.success) into.push(parsed.data);
  return parsed.success;
}
