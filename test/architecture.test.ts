import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { allBreaches, breachesOf, importsOf } from './architecture.ts';

test('every file imports only what its folder may', () => {
  expect(allBreaches(join(import.meta.dirname, '..'))).toEqual([]);
});

describe('the detector', () => {
  test('finds imports of every form', () => {
    const text = `import a from 'a';
import { b,
  c } from "./b.ts";
import type { D } from '../d.ts';
export * from './e.ts';
export { f } from './f.ts';
import 'g';
const h = await import('h');`;
    expect(importsOf(text)).toEqual(['a', './b.ts', '../d.ts', './e.ts', './f.ts', 'g', 'h']);
  });

  test.each([
    ['contract/x.ts', '../runtime/log.ts'],
    ['contract/x.ts', 'pino'],
    ['edge/x.ts', '../ingest/ingest.ts'],
    ['edge/sources/x.ts', '../../register/model.ts'],
    ['ingest/x.ts', '../store/duckdb/duckdb-store.ts', 'allowed'],
    ['console/api/x.ts', '../../store/duckdb/duckdb-store.ts'],
    ['console/api/x.ts', '../../broker/broker.ts'],
    ['console/web/x.ts', '../../ingest/ingest-view.ts'],
    ['simulators/x.ts', '../edge/codecs/tasmota.ts'],
    ['store/x.ts', '@duckdb/node-api'],
    ['ingest/x.ts', '@influxdata/influxdb-client'],
    ['runtime/x.ts', 'fs'],
    ['cli/x.ts', '../../elsewhere/x.ts'],
    ['newfolder/x.ts', '../contract/ids.ts'],
  ])('%s importing %s', (file, imports, verdict = 'a breach') => {
    expect(breachesOf(file, `import x from '${imports}';`)).toHaveLength(verdict === 'allowed' ? 0 : 1);
  });
});
