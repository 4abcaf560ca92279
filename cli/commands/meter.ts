import { userInfo } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import type {
  DecisionHistoryReply,
  DecisionRecordReply,
  DecisionsReply,
  MeterEventsReply,
} from '../../console/api/replies-meters.ts';
import { LamplighterError } from '../../contract/error-codes.ts';
import { METER_EVENT_KINDS } from '../../contract/roll-up.ts';
import { METER_DECISIONS } from '../../register/model.ts';
import { print, printError, printTable } from '../print.ts';
import { connectToServer } from '../server-client.ts';
import { dataOption } from './server-option.ts';

interface Filter {
  readonly site?: string;
  readonly gateway?: string;
  readonly device?: readonly string[];
  readonly metric?: string;
  readonly limit: number;
  readonly after?: string;
  readonly csv?: true;
  readonly data: string;
}

interface Target {
  readonly device: Readonly<{ gateway: string; device: string }>;
  readonly metric: string;
  readonly at: string;
  readonly why: string;
  readonly who?: string;
  readonly data: string;
}

interface Decided extends Target {
  readonly as: string;
  readonly last?: number;
  readonly first?: number;
  readonly estimate?: number;
}

export function meterCommand(): Command {
  return new Command('meter')
    .description('what meters did besides counting (resets, gaps, exchanges …), and what people decide about it')
    .addCommand(eventsCommand())
    .addCommand(decisionsCommand())
    .addCommand(decideCommand())
    .addCommand(withdrawCommand());
}

const EVENTS_EXAMPLES = `
Examples:
  lamplighter meter events --site city-hall --from -7d
  lamplighter meter events --kind reset swap --from 2026-10-01 --to 2026-11-01 --csv > events.csv`;

const VALUE_EXAMPLE = '--device basement/main-meter --metric active_energy_kwh --at 2026-05-04T12:00:10-04:00';

const DECIDE_EXAMPLES = `
Examples:
  lamplighter meter decide ${VALUE_EXAMPLE} \\
    --as swap --last 731902.4 --first 12.5 --why "Exchanged by the utility, sheet 4711"
  lamplighter meter decide ${VALUE_EXAMPLE} \\
    --as reset --estimate 35 --why "Restarted; estimated from the day before"`;

const WITHDRAW_EXAMPLES = `
Example:
  lamplighter meter withdraw ${VALUE_EXAMPLE} \\
    --why "It was the other meter"`;

function eventsCommand(): Command {
  return filtered(new Command('events').description('list events of counters, newest first, with what was booked'))
    .addOption(new Option('--kind <kind...>', 'only of this kind; several may be named').choices(METER_EVENT_KINDS))
    .option('--from <when>', 'day of the site (2026-11-01), today, month, ISO 8601 with an offset, or -7d', '-31d')
    .option('--to <when>', 'the same; a day means its beginning', 'now')
    .addHelpText('after', EVENTS_EXAMPLES)
    .action(async ({ data, csv, ...query }: Filter & { kind?: readonly string[]; from: string; to: string }) => {
      const server = await connectToServer(data);
      if (csv === true) {
        process.stdout.write(await server.text('/api/meters/events', { ...query, format: 'csv' }));
        return;
      }
      const { events, total, by_kind, next } = await server.get<MeterEventsReply>('/api/meters/events', query);
      if (total === 0) {
        print('There are no events.');
        return;
      }
      printTable(
        ['at', 'kind', 'device', 'metric', 'before', 'after', 'booked', 'unit', 'decided by'],
        events.map((row) => [
          row.at_local,
          row.kind,
          `${row.gateway}/${row.device}`,
          row.metric,
          row.before,
          row.after,
          row.booked,
          row.unit,
          row.decided_by === 'person' ? (row.decision?.who ?? 'a person') : 'rule',
        ]),
      );
      print();
      for (const { words } of events.length <= MOST_EXPLAINED ? events : []) print(`${words}\n`);
      const kinds = Object.entries(by_kind).map(([kind, count]) => `${count} ${kind}`);
      print(`In all: ${kinds.join(', ')}.`);
      if (next !== null) print(`There are more: go on with --after ${next}`);
    });
}

/** With more events their words would bury the table. */
const MOST_EXPLAINED = 20;

function decisionsCommand(): Command {
  return filtered(new Command('decisions').description('list the decisions of people about counters that still hold'))
    .option('--history', 'list everything that was ever decided or withdrawn')
    .action(async ({ data, csv, history, ...query }: Filter & { history?: true }) => {
      const server = await connectToServer(data);
      const path = history === true ? '/api/meters/decisions/history' : '/api/meters/decisions';
      if (csv === true) {
        process.stdout.write(await server.text(path, { ...query, format: 'csv' }));
        return;
      }
      const { decisions, total, next } = await server.get<DecisionsReply | DecisionHistoryReply>(path, query);
      for (const { words } of decisions) print(`${words}\n`);
      print(total === 0 ? 'There are no decisions.' : `In all: ${total}.`);
      if (next !== null) print(`There are more: go on with --after ${next}`);
    });
}

function decideCommand(): Command {
  return targeted(
    new Command('decide').description('say what happened between two values of a counter, in place of the rules'),
  )
    .addOption(
      new Option('--as <what>', 'what it was; glitch-zero: the value at --at is ignored')
        .choices(METER_DECISIONS)
        .makeOptionMandatory(),
    )
    .option('--last <reading>', 'of a swap: last reading of the old meter', amount)
    .option('--first <reading>', 'of a swap: first reading of the new one', amount)
    .option('--estimate <amount>', 'what was used between the two values, in the unit of the metric', amount)
    .addHelpText('after', DECIDE_EXAMPLES)
    .action(async ({ data, device, as, who, ...decided }: Decided) => {
      const body = { ...decided, ...device, decision: as, who: who ?? operator() };
      tell(await (await connectToServer(data)).post<DecisionRecordReply>('/api/meters/decisions', body));
    });
}

function withdrawCommand(): Command {
  return targeted(new Command('withdraw').description('withdraw a decision: the rules say again what happened'))
    .addHelpText('after', WITHDRAW_EXAMPLES)
    .action(async ({ data, device, who, ...target }: Target) => {
      const body = { ...target, ...device, who: who ?? operator() };
      tell(await (await connectToServer(data)).post<DecisionRecordReply>('/api/meters/decisions/withdraw', body));
    });
}

function filtered(command: Command): Command {
  return command
    .option('--site <id>', 'only of devices that were at this site then')
    .option('--gateway <id>', 'only of this gateway')
    .option('--device <gateway/device...>', 'only of these; * stands for any gateway or any device')
    .option('--metric <id>', 'only of this counter')
    .option('--limit <number>', 'at most this many', wholeNumber, 50)
    .option('--after <place>', 'go on after this place, which the end of the list before names')
    .option('--csv', 'write CSV to standard output')
    .addOption(dataOption());
}

function targeted(command: Command): Command {
  return command
    .requiredOption('--device <gateway/device>', 'the meter', deviceId)
    .requiredOption('--metric <id>', 'the counter, such as active_energy_kwh')
    .requiredOption(
      '--at <when>',
      'time of the later value, as `meter events` tells it; local to the site without an offset',
    )
    .requiredOption('--why <words>', 'the reason, for the record')
    .option('--who <name>', 'who says so (default: the user of this machine)')
    .addOption(dataOption());
}

function tell({ words }: DecisionRecordReply): void {
  print(words);
  printError('What depends on it is counted again within a minute.');
}

function operator(): string {
  try {
    const { username } = userInfo();
    if (username !== '') return username;
  } catch {
    // A user id without an entry in the system's list, as in containers: asked for below.
  }
  throw new LamplighterError('bad-request', 'nobody knows who you are on this machine. Say it with --who NAME.');
}

function deviceId(text: string): { gateway: string; device: string } {
  const [gateway = '', device = '', ...more] = text.split('/');
  if (gateway === '' || device === '' || more.length > 0) {
    throw new InvalidArgumentError('must be gateway/device, such as basement/main-meter');
  }
  return { gateway, device };
}

function amount(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(value) || value < 0) {
    throw new InvalidArgumentError('must be a number from 0, with a decimal point and without marks between thousands');
  }
  return value;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('must be a whole number from 1');
  return value;
}
