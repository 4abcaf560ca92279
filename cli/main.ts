#!/usr/bin/env node
/** `lamplighter`: one program, a command a role. */
import { LamplighterError } from '../contract/error-codes.ts';
import { bearClosedOutput } from './closed-output.ts';
import { printError } from './print.ts';
import { lamplighterProgram } from './program.ts';

bearClosedOutput();
try {
  await lamplighterProgram().parseAsync();
} catch (error) {
  // Errors that were made for people are told as they are; anything else is a defect and shows where it came from.
  if (error instanceof LamplighterError) printError(`lamplighter: ${error.message}`);
  else printError(`lamplighter: unexpected ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  process.exitCode = 1;
}
