import { EventEmitter } from 'node:events';
import { expect, test, vi } from 'vitest';
import { bearClosedOutput } from '../../cli/closed-output.ts';

test('a reader that is gone harms nothing, an output that cannot be written ends the process', () => {
  const said = vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
  const output = new EventEmitter();
  const codes: number[] = [];
  bearClosedOutput([output], (code) => codes.push(code));
  output.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  expect(codes).toEqual([]);
  output.emit('error', Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' }));
  expect(codes).toEqual([1]);
  expect(said.mock.calls.flat().join('')).toMatch(/the output cannot be written: ENOSPC/);
  said.mockRestore();
});
