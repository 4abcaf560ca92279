import { expect, test } from 'vitest';
import { logWords } from '../../runtime/log-words.ts';

const TIME = /^\d\d:\d\d:\d\d /;

test.each([
  [
    { level: 40, url: 'mqtt://broker:1883', error: 'nothing listens there', msg: 'MQTT connection failed' },
    'warn MQTT connection failed: nothing listens there (url=mqtt://broker:1883)\n',
  ],
  [{ level: 30, changes: 3, kinds: ['site'], msg: 'done' }, 'info done (changes=3, kinds=["site"])\n'],
  [
    { level: 40, err: { message: 'no disk', stack: 'Error: no disk\n  at x' }, msg: 'failed' },
    'warn failed: no disk\n',
  ],
  [
    { level: 50, err: { message: 'odd', stack: 'Error: odd\n  at x' }, msg: 'failed' },
    'error failed: odd\nError: odd\n  at x\n',
  ],
  [{ level: 40, error: 7 }, 'warn  (error=7)\n'],
  [{ level: 40, topic: 'a\u001b[2Jb', words: 'x\ny', msg: 'refused' }, 'warn refused: x y (topic=a [2Jb)\n'],
])('%o', (line, words) => {
  const text = logWords(JSON.stringify({ time: '2026-11-23T18:10:26.624Z', ...line }));
  expect(text).toMatch(TIME);
  expect(text.replace(TIME, '')).toBe(words);
});
