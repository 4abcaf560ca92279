import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PacketScanner } from '../../broker/packet-scanner.ts';
import { bytesOf, connectPacket, publishBytes } from './broker-fixture.ts';

const SIZES = { connect: 200, publish: 300, other: 100 };
const aScanner = (): PacketScanner => new PacketScanner(SIZES);

/** A fixed header that announces `length` bytes, and nothing more. */
function announcing(type: number, length: number): Buffer {
  const bytes = [type << 4];
  let rest = length;
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>= 7;
  } while (rest > 0);
  return Buffer.from(bytes);
}

describe('packet scanner', () => {
  it('counts packets, however the stream is cut', () => {
    const stream = Buffer.concat([
      connectPacket('library'),
      publishBytes('a/b', 'x'.repeat(250)),
      bytesOf({ cmd: 'pingreq' }),
      publishBytes('a/b', '', 1),
      bytesOf({ cmd: 'subscribe', messageId: 2, subscriptions: [{ topic: 'a', qos: 0 }] }),
    ]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: stream.length })), (cuts) => {
        const scanner = aScanner();
        const borders = [0, ...cuts.sort((a, b) => a - b), stream.length];
        for (let i = 1; i < borders.length; i++) {
          expect(scanner.scan(stream.subarray(borders[i - 1], borders[i]))).toBeUndefined();
        }
        expect(scanner.packets).toBe(5);
        expect(scanner.publishes).toBe(2);
        expect(scanner.connectComplete).toBe(true);
      }),
    );
  });

  it('knows the CONNECT as complete only with its last byte', () => {
    const scanner = aScanner();
    const connect = connectPacket('library');
    scanner.scan(connect.subarray(0, -1));
    expect(scanner.connectComplete).toBe(false);
    scanner.scan(connect.subarray(-1));
    expect(scanner.connectComplete).toBe(true);
  });

  it.each([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n'), 'not-mqtt'],
    ['TLS', Buffer.from([0x16, 0x03, 0x01]), 'not-mqtt'],
    ['a PUBLISH first', publishBytes('a', 'b'), 'not-mqtt'],
    ['a CONNECT with reserved flags', Buffer.from([0x11]), 'not-mqtt'],
    ['a large CONNECT, announced', announcing(1, 201), 'connect-too-large'],
    ['a length of five bytes', Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff, 0x01]), 'malformed'],
    ['a large PUBLISH, announced', Buffer.concat([connectPacket('a'), announcing(3, 301)]), 'packet-too-large'],
    ['256 MiB, announced', Buffer.concat([connectPacket('a'), announcing(3, 268_435_455)]), 'packet-too-large'],
    ['a large SUBSCRIBE, announced', Buffer.concat([connectPacket('a'), announcing(8, 101)]), 'packet-too-large'],
  ])('refuses %s', (_name, bytes, fault) => {
    expect(aScanner().scan(bytes)).toBe(fault);
  });

  it('takes a packet of exactly the size allowed', () => {
    const scanner = aScanner();
    scanner.scan(connectPacket('a'));
    expect(scanner.scan(announcing(3, 300))).toBeUndefined();
  });

  it('never throws on garbage', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const scanner = aScanner();
        scanner.scan(connectPacket('a'));
        scanner.scan(bytes);
      }),
    );
  });
});
