/**
 * Batches as ready PUBLISH packets whose seq, times and values are patched in place: the loader must cost little, since
 * it shares two cores with what it measures. The text stays exactly what a gateway would send.
 */
import { generate } from 'mqtt-packet';
import type { Reading } from '../../contract/reading.ts';

/** All seqs have this many digits, so that they can be patched. */
const FIRST_SEQ = 1_000_000;
const EPOCH = 'bench1';
const STEP_MS = 1_000;

export function benchReading(device: number, time: number): Reading {
  const values = { active_power_kw: 41.25, active_energy_kwh: 918_273.5, voltage_v: 229.7, current_a: 183.1 };
  return { device: `meter-${String(device).padStart(2, '0')}`, time, values };
}

export interface PacketStream {
  readonly gateway: string;
  /** The next PUBLISH; the buffer is valid until the next call. */
  next(): { packet: Buffer; seq: number };
}

export function packetStream(
  gateway: string,
  prefix: string,
  readingsPerBatch: number,
  startTime: number,
): PacketStream {
  const readings = Array.from({ length: readingsPerBatch }, (_, i) => benchReading(i % 20, startTime));
  const body = JSON.stringify({ v: 1, epoch: EPOCH, seq: FIRST_SEQ, readings });
  const topic = `${prefix}/${gateway}/readings`;
  const packet = generate({ cmd: 'publish', topic, payload: body, qos: 0, dup: false, retain: false }, {});
  const text = packet.toString('latin1');
  const seqAt = text.indexOf(`"seq":${FIRST_SEQ}`) + 6;
  const timesAt: number[] = [];
  const powersAt: number[] = [];
  for (let at = text.indexOf('"time":'); at >= 0; at = text.indexOf('"time":', at + 1)) timesAt.push(at + 7);
  for (let at = text.indexOf('41.25'); at >= 0; at = text.indexOf('41.25', at + 1)) powersAt.push(at);
  let count = 0;
  return {
    gateway,
    next() {
      const seq = FIRST_SEQ + count;
      writeDigits(packet, seqAt, seq, 7);
      for (let i = 0; i < timesAt.length; i++) {
        const slot = count * Math.ceil(readingsPerBatch / 20) + Math.floor(i / 20);
        writeDigits(packet, timesAt[i] as number, startTime + slot * STEP_MS, 13);
        writeDigits(packet, (powersAt[i] as number) + 3, ((count + i) % 90) + 10, 2);
      }
      count++;
      return { packet, seq };
    },
  };
}

function writeDigits(buffer: Buffer, at: number, value: number, digits: number): void {
  let rest = value;
  for (let i = at + digits - 1; i >= at; i--) {
    const next = Math.floor(rest / 10);
    buffer[i] = 48 + (rest - next * 10);
    rest = next;
  }
}
