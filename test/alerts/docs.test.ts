import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ALERT_RULES } from '../../alerts/rules/table.ts';

const text = readFileSync(join(import.meta.dirname, '../../docs/alerts.md'), 'utf8');

it.each(ALERT_RULES)(
  'docs/alerts.md says of $id what the table says',
  ({ id, title, summary, whatToDo, severity, owner, forMs }) => {
    const after = forMs === 0 ? 'at once' : `after ${forMs / 60_000} min`;
    expect(text).toContain(
      `### ${title}\n\n\`${id}\` · ${severity} · for ${owner} · ${after}\n\n${summary}\n\n**What to do:** ${whatToDo}\n`,
    );
  },
);

it('docs/alerts.md tells of no alert that there is not', () => {
  expect(text.match(/^### /gm)).toHaveLength(ALERT_RULES.length);
});
