/** Doing what a list says, whole or not at all, in one write of the register; new gateways get their tokens with it. */
import { createHash } from 'node:crypto';
import { LamplighterError } from '../../contract/error-codes.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Change } from '../change.ts';
import { hashToken, newToken } from '../credentials.ts';
import type { Register } from '../register.ts';
import type { ImportKind } from './columns.ts';
import type { ImportTable } from './import-table.ts';
import { type ImportedEntry, type ImportPlan, type KnownCity, planImport } from './plan-import.ts';

export interface ImportRequest {
  readonly kind: ImportKind;
  readonly table: ImportTable;
  /** Gateways that are there already get a new token as well; the one before stops working. */
  readonly renewTokens: boolean;
  /** `planId` of the plan that was shown: the register must not have changed under it. */
  readonly planId?: string | undefined;
}

export interface AppliedImport {
  readonly plan: ImportPlan;
  /** By gateway; seen this once. */
  readonly tokens: ReadonlyMap<string, string>;
}

/**
 * Writes nothing when the plan has faults.
 * @throws LamplighterError `conflict` when the plan is not the one that was shown.
 */
export async function applyImport(
  register: KnownCity & Pick<Register, 'write'>,
  clock: Clock,
  { kind, table, renewTokens, planId: shown }: ImportRequest,
): Promise<AppliedImport> {
  let plan: ImportPlan = { entries: [], faults: [] };
  const tokens = new Map<string, string>();
  await register.write(() => {
    plan = planImport(kind, table, register);
    if (plan.faults.length > 0) return [];
    if (shown !== undefined && shown !== planId(plan)) {
      throw new LamplighterError(
        'conflict',
        'The register has changed since the preview, so the list would do something else now. Look at it again.',
      );
    }
    const changes = plan.entries.filter(({ action }) => action !== 'none').map(({ change }) => change);
    for (const entry of plan.entries) {
      if (!getsToken(entry, renewTokens)) continue;
      const token = newToken();
      tokens.set(entry.id, token);
      changes.push(credentialOf(entry.id, token, clock.now()));
    }
    return changes;
  });
  return { plan, tokens };
}

/** Whether the import makes a token for it. */
export function getsToken({ action, change }: ImportedEntry, renewTokens: boolean): boolean {
  return change.kind === 'gateway' && !change.value.retired && (action === 'add' || renewTokens);
}

/** The same for two plans that would do the same. */
export function planId({ entries }: Pick<ImportPlan, 'entries'>): string {
  const hash = createHash('sha256');
  for (const { id, action, fields, change } of entries) hash.update(JSON.stringify([id, action, fields, change]));
  return hash.digest('hex').slice(0, 32);
}

function credentialOf(id: string, token: string, created: number): Change {
  const value = { id, role: 'gateway', token_sha256: hashToken(token), created } as const;
  return { kind: 'credential', value, origin: 'console' };
}
