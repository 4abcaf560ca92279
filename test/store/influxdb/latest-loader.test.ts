import { expect, it } from 'vitest';
import { silentLog } from '../../../runtime/log.ts';
import { LatestLoader } from '../../../store/influxdb/latest-loader.ts';
import { ManualClock } from '../../manual-clock.ts';

function aLoader() {
  const clock = new ManualClock();
  const world = { isUp: false, attempts: 0 };
  const load = async () => {
    world.attempts++;
    if (!world.isUp) throw new Error('down');
  };
  const loader = new LatestLoader({ load, clock, random: () => 1, log: silentLog });
  return { loader, clock, world };
}

it('tries again with growing pauses until it has loaded, then never again', async () => {
  const { loader, clock, world } = aLoader();
  loader.start();
  const attemptsAfter: number[] = [];
  for (const second of [0, 1, 2, 4, 8]) {
    await clock.advance(second * 1_000);
    attemptsAfter.push(world.attempts);
  }
  expect(attemptsAfter).toEqual([1, 2, 3, 4, 5]);
  world.isUp = true;
  await clock.advance(60_000);
  await clock.advance(3_600_000);
  expect(world.attempts).toBe(6);
  await loader.ready();
  expect(world.attempts).toBe(6);
});

it('tries at once when somebody asks, and tells what hinders it', async () => {
  const { loader, clock, world } = aLoader();
  loader.start();
  await clock.advance(0);
  await expect(loader.ready()).rejects.toThrow('down');
  world.isUp = true;
  await loader.ready();
  await clock.advance(3_600_000);
  expect(world.attempts).toBe(3);
});

it('does nothing more once stopped', async () => {
  const { loader, clock, world } = aLoader();
  loader.start();
  await loader.stop();
  await clock.advance(3_600_000);
  expect(world.attempts).toBe(1);
});
