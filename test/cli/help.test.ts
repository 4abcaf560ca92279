import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { lamplighterProgram } from '../../cli/program.ts';

/** A command and all below it, with the words that call it. */
function everyCommand(command: Command, words: readonly string[]): [string, Command][] {
  const below = command.commands.flatMap((one) => everyCommand(one, [...words, one.name()]));
  return [[words.join(' '), command], ...below];
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (words) => {
      text += words;
    },
  });
  command.outputHelp();
  return text;
}

const commands = new Map(everyCommand(lamplighterProgram(), ['lamplighter']));

describe('the help', () => {
  it.each([...commands])('of %s says what it does, and what each argument and option means', (name, command) => {
    const help = helpOf(command);
    expect(help).toContain(`Usage: ${name}`);
    expect(command.description()).toMatch(/^\S.{10,}/);
    for (const { flags, description } of command.options) expect(description, `${name} ${flags}`).toMatch(/\S/);
    for (const one of command.registeredArguments) expect(one.description, `${name} ${one.name()}`).toMatch(/\S/);
    for (const one of command.commands) expect(help).toMatch(new RegExp(`^ {2}${one.name()}\\b`, 'm'));
  });

  it('knows the commands that the guides name', () => {
    const known = ['start', 'edge', 'observer add', 'store init', 'store check', 'metrics', 'version'];
    const further = ['gateway add', 'gateway list', 'gateway retire', 'gateway token'];
    const letters = ['list', 'show', 'replay', 'drop'].map((name) => `dead-letters ${name}`);
    for (const name of [...known, ...further, ...letters])
      expect([...commands.keys()]).toContain(`lamplighter ${name}`);
  });

  it('of start names its settings, and takes no secret on the command line', () => {
    const start = helpOf(commands.get('lamplighter start') as Command);
    expect(start).toContain('--mqtt-port');
    expect(start).toContain('LAMPLIGHTER_INFLUX_TOKEN');
    expect(start).not.toContain('--influx-token ');
  });
});
