/** Every lamp of a circuit as a cell: how bright, and how it stands. One stop of the Tab key; arrows walk through it. */
import { useRef } from 'preact/hooks';
import type { LampRow, LampState } from '../city/replies.ts';
import { formatNumber, plural } from '../formatters.ts';
import { LAMP_STATES, lampWords } from './circuit-words.ts';

const MARKS: Readonly<Partial<Record<LampState, string>>> = { failed: '✕', dark: '!', 'day-burner': '☀', silent: '?' };
const ORDER: readonly LampState[] = ['failed', 'dark', 'day-burner', 'silent', 'lit', 'off'];

export function LampGrid(props: {
  readonly lamps: readonly LampRow[];
  readonly chosen: string | undefined;
  onChoose(device: string): void;
}) {
  const { lamps, chosen } = props;
  const grid = useRef<HTMLUListElement>(null);
  const reachable = lamps.some(({ device }) => device === chosen) ? chosen : lamps[0]?.device;
  const move = (event: KeyboardEvent) => {
    const cells = [...(grid.current?.querySelectorAll('button') ?? [])];
    const at = cells.indexOf(document.activeElement as HTMLButtonElement);
    const first = cells[0];
    if (at < 0 || first === undefined) return;
    const columns = Math.max(
      1,
      cells.findIndex((cell) => cell.offsetTop > first.offsetTop),
    );
    const steps: Readonly<Record<string, number>> = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -columns,
      ArrowDown: columns,
      Home: -at,
      End: cells.length - 1 - at,
    };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    cells[Math.min(cells.length - 1, Math.max(0, at + step))]?.focus();
  };
  const counts = ORDER.map((state) => ({ state, count: lamps.filter((lamp) => lamp.state === state).length })).filter(
    ({ count }) => count > 0,
  );
  return (
    <>
      <ul class="lamp-key">
        {counts.map(({ state, count }) => (
          <li key={state} title={LAMP_STATES[state][1]}>
            <span class={`lamp-dot ${state}`} aria-hidden="true">
              {MARKS[state] ?? ''}
            </span>
            {plural(count, 'lamp')} {LAMP_STATES[state][0]}
          </li>
        ))}
      </ul>
      <ul class="lamp-grid" ref={grid} onKeyDown={move} aria-label="Lamps; arrow keys move between them">
        {lamps.map((lamp) => (
          <li key={lamp.device}>
            <button
              type="button"
              class={`lamp ${lamp.state}${(lamp.dim_percent ?? 0) < 50 ? ' dim' : ''}${lamp.device === chosen ? ' chosen' : ''}`}
              style={{ '--level': String((lamp.dim_percent ?? 0) / 100) }}
              tabIndex={lamp.device === reachable ? 0 : -1}
              aria-pressed={lamp.device === chosen}
              aria-label={`${lamp.name}: ${lampWords(lamp)}`}
              title={`${lamp.name}: ${lampWords(lamp)}`}
              data-lamp={lamp.device}
              onClick={() => props.onChoose(lamp.device)}
            >
              <span class="lamp-mark" aria-hidden="true">
                {MARKS[lamp.state] ?? ''}
              </span>
              <span class="lamp-level" aria-hidden="true">
                {lamp.dim_percent === null ? '–' : formatNumber(lamp.dim_percent)}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
