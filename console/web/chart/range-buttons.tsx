/** Chooses how far back a chart looks. */
import { RANGES } from './ranges.ts';

export function RangeButtons(props: {
  readonly name: string;
  readonly chosen: string;
  readonly only?: readonly string[];
  onChoose(id: string): void;
}) {
  return (
    <fieldset class="segments">
      <legend class="visually-hidden">Range</legend>
      {RANGES.filter(({ id }) => props.only?.includes(id) ?? true).map(({ id, label, words }) => (
        <label key={id} class={id === props.chosen ? 'segment chosen' : 'segment'} title={words}>
          <input
            type="radio"
            class="visually-hidden"
            name={props.name}
            checked={id === props.chosen}
            onChange={() => props.onChoose(id)}
          />
          {label}
        </label>
      ))}
    </fieldset>
  );
}
