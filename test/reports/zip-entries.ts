/** A second reader of workbooks: the files of a ZIP archive (APPNOTE 4.3.12, 4.3.7), inflated by Node alone. */
import { inflateRawSync } from 'node:zlib';

export function zipEntries(archive: Buffer): Map<string, string> {
  const end = archive.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  const entries = new Map<string, string>();
  let place = archive.readUInt32LE(end + 16);
  for (let count = archive.readUInt16LE(end + 10); count > 0; count--) {
    const [method, size] = [archive.readUInt16LE(place + 10), archive.readUInt32LE(place + 20)];
    const [nameLength, extra, comment] = [28, 30, 32].map((offset) => archive.readUInt16LE(place + offset));
    const local = archive.readUInt32LE(place + 42);
    const name = archive.toString('utf8', place + 46, place + 46 + nameLength!);
    const begin = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
    const bytes = archive.subarray(begin, begin + size);
    entries.set(name, (method === 8 ? inflateRawSync(bytes) : bytes).toString('utf8'));
    place += 46 + nameLength! + extra! + comment!;
  }
  return entries;
}

/** The cells of a sheet by address; text is looked up, numbers are numbers. */
export function sheetCells(entries: ReadonlyMap<string, string>, sheet: number): Map<string, string | number> {
  const plain = (text: string) =>
    text.replace(
      /&(lt|gt|quot|apos|amp);/g,
      (_, name) => ({ lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' })[name as 'lt'],
    );
  const shared = [...entries.get('xl/sharedStrings.xml')!.matchAll(/<si><t[^>]*>([\s\S]*?)<\/t><\/si>/g)].map((match) =>
    plain(match[1]!),
  );
  const cells = new Map<string, string | number>();
  for (const match of entries
    .get(`xl/worksheets/sheet${sheet}.xml`)!
    .matchAll(/<c r="([A-Z]+\d+)"([^>]*)><v>([^<]*)<\/v><\/c>/g)) {
    cells.set(match[1]!, match[2]!.includes('t="s"') ? shared[Number(match[3])]! : Number(match[3]));
  }
  return cells;
}
