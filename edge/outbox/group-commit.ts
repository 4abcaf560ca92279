/**
 * Changes that arrive while a transaction is being flushed share the next one. When the disk refuses a group, what
 * shrinks the outbox is tried apart from what grows it, and in small steps: a full disk must not keep acknowledgements
 * from emptying it.
 */

/** JSON that one transaction takes in, so that a burst does not become one transaction of any size. */
export const MAX_GROUP_BYTES = 4 * 1024 * 1024;

/** One change that somebody waits for. `plan` must not throw once it has begun to change the draft. */
export interface Change<Draft> {
  readonly isGrowing: boolean;
  readonly bytes: number;
  plan(draft: Draft): void;
}

interface Waiting<Draft> {
  readonly change: Change<Draft>;
  done(): void;
  failed(error: unknown): void;
}

export class GroupCommit<Draft> {
  readonly #transact: (plan: (draft: Draft) => void) => Promise<void>;
  #queue: Waiting<Draft>[] = [];
  #working: Promise<void> | undefined;

  /** `transact` makes a draft, has it planned, and writes it: all of it or, when it throws, nothing. */
  constructor(transact: (plan: (draft: Draft) => void) => Promise<void>) {
    this.#transact = transact;
  }

  /** Resolves when the change is durable; rejects when its plan throws or the disk refuses it. */
  submit(change: Change<Draft>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ change, done: resolve, failed: reject });
      this.#working ??= this.#work();
    });
  }

  /** Resolves when nothing is waiting or being written. */
  async idle(): Promise<void> {
    await this.#working;
  }

  async #work(): Promise<void> {
    // One turn of the microtask queue lets what is called in one go share a transaction.
    await undefined;
    while (this.#queue.length > 0) {
      const refused = await this.#commit(this.#nextGroup());
      const shrinking = await this.#commit(refused.filter(({ change }) => !change.isGrowing));
      for (const alone of shrinking) await this.#commit([alone]);
      await this.#commit(refused.filter(({ change }) => change.isGrowing));
    }
    this.#working = undefined;
  }

  #nextGroup(): Waiting<Draft>[] {
    let bytes = 0;
    const past = this.#queue.findIndex(({ change }, index) => {
      bytes += change.bytes;
      return index > 0 && bytes > MAX_GROUP_BYTES;
    });
    return this.#queue.splice(0, past === -1 ? this.#queue.length : past);
  }

  /** Returns what was refused together and may fare better in parts. */
  async #commit(group: readonly Waiting<Draft>[]): Promise<readonly Waiting<Draft>[]> {
    if (group.length === 0) return [];
    let planned: Waiting<Draft>[] = [];
    try {
      await this.#transact((draft) => {
        planned = group.filter((waiting) => isPlanned(waiting, draft));
      });
    } catch (error) {
      if (planned.length > 1 && planned.some(({ change }) => !change.isGrowing)) return planned;
      for (const { failed } of group) failed(error);
      return [];
    }
    for (const { done } of planned) done();
    return [];
  }
}

/** A plan that throws (the caller's own dating, say) fails alone. */
function isPlanned<Draft>({ change, failed }: Waiting<Draft>, draft: Draft): boolean {
  try {
    change.plan(draft);
    return true;
  } catch (error) {
    failed(error);
    return false;
  }
}
