/** What commands say to people: results on standard output, everything else on standard error. */

export function print(line = ''): void {
  process.stdout.write(`${line}\n`);
}

export function printError(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** `1 reading`, `3 readings`. */
export function counted(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`;
}

/** Columns as wide as their widest cell; numbers to the right. */
export function printTable(header: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => String(row[column] ?? '').length)),
  );
  const line = (cells: readonly (string | number)[]): string =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return typeof cell === 'number' ? String(cell).padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  print(line(header));
  for (const row of rows) print(line(row));
}

/** Answers of yes or no; without a terminal the answer is no, and `--yes` is named. */
export async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    printError(`${question} Add --yes to do it without being asked.`);
    return false;
  }
  process.stdout.write(`${question} [y/N] `);
  const answer = await new Promise<string>((resolve) =>
    process.stdin.once('data', (bytes) => resolve(bytes.toString('utf8'))),
  );
  process.stdin.pause();
  return /^y(es)?$/i.test(answer.trim());
}
