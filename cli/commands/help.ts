/** `lamplighter help gateway add`: the help of a command at any depth. Commander's own looks at the first word alone. */
import { Command } from 'commander';

export function helpCommand(program: Command): Command {
  return new Command('help')
    .description('show the help of a command')
    .argument('[command...]', 'which one, such as: gateway add')
    .action((words: string[]) => {
      let command = program;
      for (const word of words) {
        const next = command.commands.find((one) => one.name() === word);
        if (next === undefined) return command.error(`error: unknown command '${word}'`);
        command = next;
      }
      command.outputHelp();
    });
}
