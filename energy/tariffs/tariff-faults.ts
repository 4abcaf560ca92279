/** What is wrong between the fields of a tariff: names that nothing bears, blocks out of order, days without season. */

export interface TariffFault {
  readonly path: readonly (string | number)[];
  readonly words: string;
}

interface When {
  readonly windows?: readonly string[] | undefined;
  readonly seasons?: readonly string[] | undefined;
}

interface Block {
  readonly up_to?: number | undefined;
}

/** The part of a tariff that is looked at here; each field was checked by itself before. */
export interface CheckedTariff {
  readonly valid_from: string;
  readonly valid_to?: string | undefined;
  readonly seasons?: readonly { readonly name: string; readonly from: string; readonly to: string }[] | undefined;
  readonly windows?: readonly (When & { readonly name: string })[] | undefined;
  readonly otherwise?: string | undefined;
  readonly energy?:
    | readonly (When & { readonly rate?: number | undefined; readonly blocks?: readonly Block[] | undefined })[]
    | undefined;
  readonly demand?: readonly When[] | undefined;
}

export function checkTariff(tariff: CheckedTariff): TariffFault[] {
  const { valid_from, valid_to, windows, otherwise } = tariff;
  const faults: TariffFault[] = [];
  if (valid_to !== undefined && valid_to < valid_from) {
    faults.push({ path: ['valid_to'], words: 'must not lie before valid_from' });
  }
  if ((windows === undefined) !== (otherwise === undefined)) {
    faults.push({ path: ['otherwise'], words: 'must stand with windows: it names the window of all other times' });
  }
  return [...faults, ...seasonFaults(tariff), ...nameFaults(tariff), ...blockFaults(tariff)];
}

function nameFaults({ seasons, windows, otherwise, energy, demand }: CheckedTariff): TariffFault[] {
  const seasonNames = new Set(seasons?.map(({ name }) => name));
  const windowNames = new Set(windows?.map(({ name }) => name));
  if (otherwise !== undefined) windowNames.add(otherwise);
  const of = (list: string, items: readonly When[] | undefined): TariffFault[] =>
    (items ?? []).flatMap((item, place) => [
      ...unknownOf(item.seasons, seasonNames, [list, place, 'seasons'], 'season'),
      ...(list === 'windows' ? [] : unknownOf(item.windows, windowNames, [list, place, 'windows'], 'window')),
    ]);
  return [...of('windows', windows), ...of('energy', energy), ...of('demand', demand)];
}

function unknownOf(
  names: readonly string[] | undefined,
  known: ReadonlySet<string>,
  path: readonly (string | number)[],
  what: string,
): TariffFault[] {
  return (names ?? []).flatMap((name, place) => {
    if (known.has(name)) return [];
    const words = `names no ${what} of this tariff; there are ${[...known].join(', ') || 'none'}`;
    return [{ path: [...path, place], words }];
  });
}

function blockFaults({ energy }: CheckedTariff): TariffFault[] {
  return (energy ?? []).flatMap(({ rate, blocks }, place): TariffFault[] => {
    if ((rate === undefined) === (blocks === undefined)) {
      return [{ path: ['energy', place, 'rate'], words: 'must stand alone: give either rate or blocks' }];
    }
    return (blocks ?? []).flatMap(({ up_to }, index, all): TariffFault[] => {
      const path = ['energy', place, 'blocks', index, 'up_to'];
      const isLast = index === all.length - 1;
      if (isLast)
        return up_to === undefined ? [] : [{ path, words: 'must be absent in the last block, which has no end' }];
      if (up_to === undefined) return [{ path, words: 'is missing; only the last block has no end' }];
      const before = index === 0 ? 0 : (all[index - 1]?.up_to ?? 0);
      return up_to > before ? [] : [{ path, words: 'must be above the end of the block before' }];
    });
  });
}

/** Every day of a leap year must lie in one season. */
function seasonFaults({ seasons }: CheckedTariff): TariffFault[] {
  if (seasons === undefined) return [];
  for (let time = Date.UTC(2024, 0); time < Date.UTC(2025, 0); time += 86_400_000) {
    const day = new Date(time).toISOString().slice(5, 10);
    const names = seasons.filter((season) => isInSeason(season, day)).map(({ name }) => name);
    if (names.length === 1) continue;
    const which = names.length === 0 ? 'no season' : `several seasons (${names.join(', ')})`;
    return [{ path: ['seasons'], words: `must cover every day once, but ${day} lies in ${which}` }];
  }
  return [];
}

/** `day` such as 06-01. A season may reach over the turn of the year. */
export function isInSeason({ from, to }: { readonly from: string; readonly to: string }, day: string): boolean {
  return from <= to ? from <= day && day <= to : from <= day || day <= to;
}
