import { describe, expect, it } from 'vitest';
import type { GatewayEvidence, GatewayStart, PresenceChange } from '../../../contract/gateway-evidence.ts';
import { gatewayPresence } from '../../../energy/completeness/gateway-presence.ts';

const MINUTE = 60_000;
const at = (minute: number) => Date.parse('2026-11-01T12:00:00Z') + minute * MINUTE;
const NOW = at(600);
const stretch = (from: number, to: number) => ({ from: at(from), to: at(to) });
const online = (minute: number, since = minute): PresenceChange => ({
  at: at(minute),
  online: true,
  since,
  heard: at(minute),
});
const offline = (minute: number, heard = minute): PresenceChange => ({
  at: at(minute),
  online: false,
  since: 0,
  heard: at(heard),
});
const start = (minute: number, epoch: string): GatewayStart => ({ at: at(minute), epoch });

function anEvidence(change: Partial<GatewayEvidence> = {}): GatewayEvidence {
  return {
    gateway: 'library',
    knownSince: at(0),
    presence: [online(0)],
    starts: [start(-1, 'one')],
    dropped: [],
    gaps: [],
    held: { at: NOW, epoch: 'one', oldestAt: NOW, buffered: 0, setAside: 0, dropped: 0 },
    refused: [],
    waiting: [],
    late: [],
    ...change,
  };
}
const presenceOf = (change: Partial<GatewayEvidence>, listening = [{ from: at(-5), to: NOW }]) =>
  gatewayPresence(anEvidence(change), listening, NOW);

describe('a gateway', () => {
  it('that never went away is settled up to its last health', () => {
    expect(presenceOf({})).toEqual({ silent: [], unwatched: [], settled: [stretch(0, 600)], isAllSettled: true });
  });

  it('that was stopped and started anew was silent from its last sign of life to its return', () => {
    const found = presenceOf({
      presence: [online(0), offline(100, 99), online(200)],
      starts: [start(-1, 'one'), start(199, 'two')],
    });
    expect(found.silent).toEqual([{ ...stretch(99, 200), end: 'restarted' }]);
    expect(found.settled).toEqual([stretch(0, 99), stretch(200, 600)]);
  });

  it('whose link broke ran on: what is missing of the time it did not produce', () => {
    const found = presenceOf({ presence: [online(0), offline(100, 99), online(200)] });
    expect(found.silent).toEqual([]);
    expect(found.settled).toEqual([stretch(0, 600)]);
    // While it still holds readings of the time, they may come.
    const held = { at: NOW, epoch: 'one', oldestAt: at(99), buffered: 500, setAside: 0, dropped: 0 };
    expect(presenceOf({ presence: [online(0), offline(100, 99), online(200)], held }).settled).toEqual([
      stretch(0, 99),
    ]);
  });

  it('that has not come back is away', () => {
    const held = { at: at(99), epoch: 'one', oldestAt: at(99), buffered: 0, setAside: 0, dropped: 0 };
    const found = presenceOf({ presence: [online(0), offline(100, 99)], held });
    expect(found.silent).toEqual([{ ...stretch(99, 600), end: 'away' }]);
    expect(found.settled).toEqual([stretch(0, 99)]);
  });

  it('that says nothing of its health was silent, whatever it did', () => {
    const found = presenceOf({ presence: [online(0), offline(100), online(200)], held: null, starts: [] });
    expect(found.silent).toEqual([{ ...stretch(100, 200), end: 'unknown' }]);
    expect(found.isAllSettled).toBe(false);
  });

  it('that says nothing of its presence is not known at all', () => {
    const nothing = { silent: [], unwatched: [], settled: [], isAllSettled: false };
    expect(presenceOf({ knownSince: null, presence: [] })).toEqual(nothing);
  });

  it('that dropped or skipped something may have produced more than arrived', () => {
    const held = { at: NOW, epoch: 'one', oldestAt: NOW, buffered: 0, setAside: 0, dropped: 3 };
    expect(presenceOf({ held }).isAllSettled).toBe(false);
    expect(presenceOf({ gaps: [{ epoch: 'one', first: 2, last: 3, from: null, to: null }] }).isAllSettled).toBe(false);
  });
});

it('a batch that never came and has no time may explain anything of its epoch', () => {
  const gap = { epoch: 'one', first: 2, last: 3, from: null, to: null };
  const starts = [start(-1, 'one'), start(300, 'two')];
  expect(presenceOf({ gaps: [gap], starts }).settled).toEqual([stretch(300, 600)]);
  expect(presenceOf({ gaps: [{ ...gap, from: at(200) }], starts }).settled).toEqual([
    stretch(0, 200),
    stretch(300, 600),
  ]);
});

describe('while nobody listened', () => {
  const listening = [stretch(-5, 100), stretch(200, 600)];

  it('a gateway that was started anew meanwhile may not have run', () => {
    const found = presenceOf(
      { presence: [online(0), online(201)], starts: [start(-1, 'one'), start(150, 'two')] },
      listening,
    );
    expect(found.unwatched).toEqual([stretch(100, 201)]);
    expect(found.settled).toEqual([stretch(0, 100), stretch(201, 600)]);
    expect(found.silent).toEqual([]);
  });

  it('a gateway that ran on told afterwards', () => {
    const found = presenceOf({ presence: [online(0), online(201)] }, listening);
    expect(found.unwatched).toEqual([]);
    expect(found.settled).toEqual([stretch(0, 600)]);
  });

  it('a gateway that stayed connected to the broker was there', () => {
    expect(presenceOf({ presence: [online(0, 7), online(200, 7)] }, listening).settled).toEqual([stretch(0, 600)]);
  });

  it('a gateway that does not come back afterwards is silent from then on', () => {
    const held = { at: at(99), epoch: 'one', oldestAt: at(99), buffered: 0, setAside: 0, dropped: 0 };
    const found = presenceOf({ held }, listening);
    expect(found.silent).toEqual([{ ...stretch(200, 600), end: 'away' }]);
    expect(found.settled).toEqual([stretch(0, 99)]);
  });

  it('a gateway that was away before stays away', () => {
    const held = { at: at(49), epoch: 'one', oldestAt: at(49), buffered: 0, setAside: 0, dropped: 0 };
    const found = presenceOf({ presence: [online(0), offline(50), offline(200)], held }, listening);
    expect(found.silent).toEqual([{ ...stretch(50, 600), end: 'away' }]);
    expect(found.unwatched).toEqual([]);
  });
});
