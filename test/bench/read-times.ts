/** One question asked over HTTP many times, one after the other, and how long its answers took. */
import type { ServerClient } from '../../cli/server-client.ts';

export interface Question {
  readonly name: string;
  /** Of p95, milliseconds (docs/benchmarks.md). */
  readonly targetMs?: number;
  readonly sites: readonly string[];
  readonly ask: (site: string) => { readonly path: string; readonly query: Record<string, string> };
}

export interface ReadTimes {
  readonly question: Question;
  /** Milliseconds, rising. */
  readonly ms: readonly number[];
  /** Characters of the last answer. */
  readonly characters: number;
}

/** Asked of each site in turn. */
export async function readTimes(api: ServerClient, question: Question, times: number): Promise<ReadTimes> {
  const ms: number[] = [];
  let characters = 0;
  for (let i = 0; i < times; i++) {
    const { path, query } = question.ask(question.sites[i % question.sites.length] ?? '');
    const began = performance.now();
    characters = (await api.text(path, query)).length;
    ms.push(performance.now() - began);
  }
  return { question, ms: ms.sort((a, b) => a - b), characters };
}

export function printReads(rows: readonly ReadTimes[]): void {
  console.log('| asked | p50 ms | p95 ms | target p95 ms | KiB |');
  console.log('|---|---:|---:|---:|---:|');
  for (const { question, ms, characters } of rows) {
    const at = (share: number) => (ms[Math.min(ms.length - 1, Math.floor(ms.length * share))] ?? 0).toFixed(0);
    const cells = [question.name, at(0.5), at(0.95), question.targetMs ?? '–', (characters / 1_024).toFixed(0)];
    console.log(`| ${cells.join(' | ')} |`);
  }
}
