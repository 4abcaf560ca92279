import { describe, expect, it } from 'vitest';
import { TokenBucket } from '../../broker/token-bucket.ts';
import { ManualClock } from '../manual-clock.ts';

describe('token bucket', () => {
  it('gives a burst, then the rate', async () => {
    const clock = new ManualClock();
    const bucket = new TokenBucket({ perSecond: 10, burst: 5 }, clock);
    for (let i = 0; i < 5; i++) expect(bucket.tryTake()).toBe(true);
    expect(bucket.tryTake()).toBe(false);
    expect(bucket.waitMs()).toBe(100);
    await clock.advance(100);
    expect(bucket.tryTake()).toBe(true);
    expect(bucket.tryTake()).toBe(false);
  });

  it('goes into debt and says how long it takes to pay', async () => {
    const clock = new ManualClock();
    const bucket = new TokenBucket({ perSecond: 1_000, burst: 10 }, clock);
    bucket.take(2_010);
    expect(bucket.waitMs()).toBe(2_001);
    await clock.advance(2_001);
    expect(bucket.waitMs()).toBe(0);
  });

  it('never holds more than a burst', async () => {
    const clock = new ManualClock();
    const bucket = new TokenBucket({ perSecond: 1_000, burst: 10 }, clock);
    bucket.take(10);
    await clock.advance(3_600_000);
    expect(bucket.waitMs()).toBe(0);
    bucket.take(10);
    expect(bucket.waitMs()).toBe(1);
  });
});
