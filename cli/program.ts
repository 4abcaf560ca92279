/** Every command of `lamplighter`, put together; each is a file in commands/. */
import { Command } from 'commander';
import { alertsCommand } from './commands/alerts.ts';
import { analyticsCommand } from './commands/analytics.ts';
import { backupCommand } from './commands/backup.ts';
import { completenessCommand } from './commands/completeness.ts';
import { composeCommand } from './commands/compose.ts';
import { deadLettersCommand } from './commands/dead-letters.ts';
import { demoCommand } from './commands/demo.ts';
import { edgeCommand } from './commands/edge.ts';
import { energyCommand } from './commands/energy.ts';
import { exportCommand } from './commands/export.ts';
import { gatewayCommand } from './commands/gateway.ts';
import { healthCommand } from './commands/health.ts';
import { helpCommand } from './commands/help.ts';
import { importCommand } from './commands/import.ts';
import { meterCommand } from './commands/meter.ts';
import { metricsCommand } from './commands/metrics.ts';
import { observerCommand } from './commands/observer.ts';
import { reportCommand } from './commands/report.ts';
import { restoreCommand } from './commands/restore.ts';
import { simulateCommand } from './commands/simulate.ts';
import { startCommand } from './commands/start.ts';
import { storeCommand } from './commands/store.ts';
import { tlsCommand } from './commands/tls.ts';
import { versionCommand } from './commands/version.ts';
import { VERSION } from './version.ts';

const AFTER_ERROR = '(--help shows what can be given)';

const FIRST_STEPS = `
First steps:
  lamplighter start                 a simulated city; then open http://127.0.0.1:8080
  lamplighter start --city none     an empty city of your own
  lamplighter gateway add --site town-hall --new-site "Town hall" --out gateway.yaml
  lamplighter edge --config gateway.yaml
  lamplighter help gateway add      every command has its own help
`;

export function lamplighterProgram(): Command {
  const program = new Command('lamplighter')
    .description(
      "Carries energy and environment readings from a city's buildings and streetlights, and loses none on the way.",
    )
    .version(VERSION, '-v, --version', 'print the version')
    .addHelpText('after', FIRST_STEPS)
    .addCommand(startCommand())
    .addCommand(edgeCommand())
    .addCommand(demoCommand())
    .addCommand(gatewayCommand())
    .addCommand(observerCommand())
    .addCommand(storeCommand())
    .addCommand(importCommand())
    .addCommand(exportCommand())
    .addCommand(deadLettersCommand())
    .addCommand(simulateCommand())
    .addCommand(energyCommand())
    .addCommand(analyticsCommand())
    .addCommand(meterCommand())
    .addCommand(completenessCommand())
    .addCommand(reportCommand())
    .addCommand(alertsCommand())
    .addCommand(metricsCommand())
    .addCommand(tlsCommand())
    .addCommand(backupCommand())
    .addCommand(restoreCommand())
    .addCommand(composeCommand())
    .addCommand(healthCommand())
    .addCommand(versionCommand());
  program.addCommand(helpCommand(program));
  pointToHelp(program);
  return program;
}

/** A command does not take this over from the one above it. */
function pointToHelp(command: Command): void {
  command.showHelpAfterError(AFTER_ERROR);
  for (const one of command.commands) pointToHelp(one);
}
