/** Builders for tariffs. */
import type { z } from 'zod';
import { type Tariff, tariffSchema } from '../../../energy/tariffs/tariff.ts';

export function aTariff(change: Partial<z.input<typeof tariffSchema>> = {}): Tariff {
  return tariffSchema.parse({
    id: 'flat',
    name: 'Flat',
    utility: 'A utility',
    source: 'made up for a test',
    revision: '1',
    retrieved: '2026-11-22',
    carrier: 'electricity',
    unit: 'kWh',
    valid_from: '2024-01-01',
    currency: 'USD',
    zone: 'America/New_York',
    energy: [{ name: 'Energy', rate: 0.2 }],
    ...change,
  });
}
