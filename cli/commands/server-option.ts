import { Option } from 'commander';

/** Every command that asks a running server finds it by its data folder. */
export function dataOption(): Option {
  return new Option('--data <folder>', 'data folder of the running server').env('LAMPLIGHTER_DATA').default('./data');
}
