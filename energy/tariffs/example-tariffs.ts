/**
 * Example tariffs, one for each carrier that is commonly billed. Their shapes are real, most of their figures are made
 * up, and every cost that is made with them says so: replace them by your own (docs/analytics.md).
 */
import { z } from 'zod';
import tables from './tables/examples.json' with { type: 'json' };
import { type Tariff, tariffSchema } from './tariff.ts';

export const EXAMPLE_TARIFFS: readonly Tariff[] = z.array(tariffSchema).parse(tables);
