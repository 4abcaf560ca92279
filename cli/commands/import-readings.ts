import { Command, Option } from 'commander';
import { LamplighterError } from '../../contract/error-codes.ts';
import { idSchema } from '../../contract/ids.ts';
import { zoneSchema } from '../../register/model.ts';
import type { CsvDelimiter } from '../../runtime/csv-rows.ts';
import { columnMappings } from '../import/column-mapping.ts';
import type { Ambiguous } from '../import/stamp-reader.ts';
import { timeFormat } from '../import/time-format.ts';
import { delimiterOption, gathered } from './import-options.ts';
import { dataOption } from './server-option.ts';

interface Options {
  readonly data: string;
  readonly gateway: string;
  readonly device?: string;
  readonly deviceColumn?: string;
  readonly timeColumn: string;
  readonly timeFormat: string;
  readonly zone?: string;
  readonly ambiguous: Ambiguous;
  readonly map?: readonly string[];
  readonly delimiter?: CsvDelimiter;
  readonly dryRun?: boolean;
  readonly skipRefused?: boolean;
}

export function importReadingsCommand(): Command {
  return new Command('readings')
    .argument('<file.csv>', 'the readings, one instant a line, with a header')
    .description('import past readings of a gateway: looks at the whole file first, then sends it; can be run again')
    .requiredOption('--gateway <id>', 'gateway in whose name they are stored')
    .option('--device <id>', 'device of every row …')
    .option('--device-column <name>', '… or the column that names it')
    .option('--map <column=metric[:unit]>', 'a column and its metric; repeat it for each column', gathered)
    .option('--time-column <name>', 'column of the time', 'time')
    .option('--time-format <format>', 'iso, epoch-ms, epoch-s, or a pattern such as "MM/dd/yyyy HH:mm"', 'iso')
    .option('--zone <zone>', 'IANA time zone of times without an offset, such as America/New_York')
    .addOption(
      new Option('--ambiguous <which>', 'which one is meant by a time that comes twice when clocks go back')
        .choices(['file-order', 'earlier', 'later'])
        .default('file-order'),
    )
    .addOption(delimiterOption())
    .option('--dry-run', 'only say what the file holds')
    .option('--skip-refused', 'leave out the rows that are refused and import the others')
    .addOption(dataOption())
    .action(async (file: string, options: Options) => {
      const mappings = columnMappings(options.map ?? []);
      checkOptions(options);
      const { data, gateway, device, deviceColumn, timeColumn, timeFormat: formatName, zone, ambiguous } = options;
      // Loaded here, so that other commands need not wait for what reads the rows.
      const { importReadings } = await import('../import/readings-import.ts');
      await importReadings({
        data,
        path: file,
        gateway,
        delimiter: options.delimiter,
        dryRun: options.dryRun === true,
        skipRefused: options.skipRefused === true,
        rows: {
          mappings,
          timeColumn,
          device,
          deviceColumn,
          stamps: { format: timeFormat(formatName), formatName, zone, ambiguous },
        },
      });
    });
}

function checkOptions({ gateway, device, deviceColumn, zone, map = [] }: Options): void {
  const faults: string[] = [];
  if (!idSchema.safeParse(gateway).success) faults.push(`--gateway: "${gateway}" is no id.`);
  if (device !== undefined && !idSchema.safeParse(device).success) faults.push(`--device: "${device}" is no id.`);
  if ((device === undefined) === (deviceColumn === undefined)) {
    faults.push('--device or --device-column: give one of the two, so that each row has its device.');
  }
  if (zone !== undefined && !zoneSchema.safeParse(zone).success) {
    faults.push(`--zone: "${zone}" is no IANA time zone, such as America/New_York.`);
  }
  if (map.length === 0) {
    faults.push('--map: name at least one column, such as --map "kWh=active_energy_kwh" (lamplighter metrics).');
  }
  if (faults.length > 0) throw new LamplighterError('bad-request', faults.join('\n'));
}
