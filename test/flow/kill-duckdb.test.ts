import { test } from 'vitest';
import { tellKillStory } from './kill-story.ts';

test('20 gateways publish while server and gateways are killed: DuckDB holds exactly what was produced', {
  timeout: 300_000,
}, async () => {
  await tellKillStory({ args: [], victims: [] });
});
