import { Command, Option } from 'commander';
import { createLog, LOG_LEVELS, type LogLevel } from '../../runtime/log.ts';
import { print } from '../print.ts';
import { firstSignal } from '../until-signal.ts';

export function edgeCommand(): Command {
  return new Command('edge')
    .description('run a gateway: sources → outbox on disk → the city')
    .requiredOption(
      '--config <file...>',
      'gateway.yaml, as printed by: lamplighter gateway add; several files run several gateways',
    )
    .option('--check', 'check the configuration, name every fault with its line, and stop')
    .addOption(
      new Option('--log-level <level>', 'how much is logged')
        .choices([...LOG_LEVELS])
        .default('warn')
        .env('LAMPLIGHTER_LOG_LEVEL'),
    )
    .action(async (options: { config: string[]; check?: boolean; logLevel: LogLevel }) => {
      const signalled = firstSignal();
      // Loaded here, so that other commands need not wait for MQTT and LMDB.
      const { countedSources, readConfigs, runGateways } = await import('../run-gateways.ts');
      const configs = readConfigs(options.config);
      if (options.check === true) {
        for (const config of configs)
          print(
            `${config.id}: the configuration is good; ${countedSources(config.sources.length)}, outbox in ${config.dataFolder}`,
          );
        return;
      }
      await runGateways(configs, createLog({ level: options.logLevel, name: 'edge' }), signalled);
    });
}
