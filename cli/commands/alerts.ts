import { Command } from 'commander';
import { testBody } from '../../alerts/webhook-body.ts';
import type { AlertsReply, OpenAlertReply } from '../../console/api/replies-alerts.ts';
import { LamplighterError } from '../../contract/error-codes.ts';
import { print, printError, printTable } from '../print.ts';
import { readSettings, wordsOfFaults } from '../read-settings.ts';
import { webhookOf } from '../roles/alerts.ts';
import { connectToServer } from '../server-client.ts';
import { variableOf } from '../settings.ts';
import { dataOption } from './server-option.ts';

const HISTORY = 50;

export function alertsCommand(): Command {
  const command = new Command('alerts')
    .description('what is wrong, since when, and what to do')
    .option('--history', `show the alerts that are over instead (the last ${HISTORY})`)
    .option('--json', 'print open and past alerts as JSON, as the API gives them')
    .addOption(dataOption())
    .action(async ({ data, history, json }: { data: string; history?: boolean; json?: boolean }) => {
      const server = await connectToServer(data);
      const reply = await server.get<AlertsReply>('/api/alerts', { history: history || json ? HISTORY : 0 });
      if (json) print(JSON.stringify(reply, null, 2));
      else if (history) printHistory(reply);
      else printOpen(reply);
    });

  command
    .command('test-webhook')
    .description('send a test to the webhook that is set, and say what it answers')
    .option('--config <file>', 'YAML file with the settings of the server')
    .action(async ({ config }: { config?: string }) => {
      const result = readSettings({ flags: { config }, env: process.env });
      if (!result.ok) throw new LamplighterError('bad-request', wordsOfFaults(result.faults));
      const post = webhookOf(result.settings);
      if (post === undefined) {
        throw new LamplighterError(
          'bad-request',
          `no webhook is set. Set ${variableOf('alert_webhook')}, or alert_webhook or alert_webhook_file in the configuration, and name that with --config.`,
        );
      }
      const sent = await post(testBody(Date.now()));
      if (sent.outcome === 'taken') print('The webhook took the test.');
      else throw new LamplighterError('not-ready', `the webhook did not take the test: ${sent.words}`);
    });
  return command;
}

function printOpen(reply: AlertsReply): void {
  const firing = reply.open.filter(({ state }) => state === 'firing');
  for (const alert of firing) {
    print(`${alert.severity.toUpperCase()}  ${alert.title}`);
    print(`  since ${sinceOf(alert)}${alert.owner === null ? '' : `, for ${alert.owner}`}`);
    print(`  ${alert.words}`);
    print(`  ${alert.what_to_do}`);
    if (alert.unjudged !== '') print(`  Whether it is still so cannot be said: ${alert.unjudged}.`);
    print();
  }
  const pending = reply.open.length - firing.length;
  const more = firing.length === 0 ? '' : ' more';
  const soon = pending === 1 ? `1${more} may become an alert soon.` : `${pending}${more} may become alerts soon.`;
  print(
    [firing.length === 0 ? 'No alert is open.' : `${firing.length} open.`, ...(pending > 0 ? [soon] : [])].join(' '),
  );
  printDoubts(reply);
}

function printHistory({ history }: AlertsReply): void {
  if (history.length === 0) {
    print('No alert is over yet.');
    return;
  }
  printTable(
    ['severity', 'from', 'to', 'what'],
    history.map(({ severity, firing, resolved, title }) => [severity, firing, resolved, title]),
  );
}

/** What keeps the list from being the whole truth, on standard error. */
function printDoubts({ fault, evaluated, cannot_be_judged: unjudged, webhook }: AlertsReply): void {
  if (fault !== '') printError(`This may be old: ${fault}.`);
  else if (evaluated === null) printError('The rules have not been evaluated yet; ask again in a minute.');
  for (const [why, titles] of titlesByWhy(unjudged)) printError(`Cannot be judged now (${why}): ${titles.join(', ')}.`);
  if (webhook.fault !== '') printError(`${webhook.waiting} messages wait for the webhook: ${webhook.fault}.`);
}

function titlesByWhy(unjudged: AlertsReply['cannot_be_judged']): Map<string, string[]> {
  const byWhy = new Map<string, string[]>();
  for (const { why, rule_title: title } of unjudged) byWhy.set(why, [...(byWhy.get(why) ?? []), title]);
  return byWhy;
}

function sinceOf({ since, firing }: OpenAlertReply): string {
  return since ?? firing ?? 'now';
}
