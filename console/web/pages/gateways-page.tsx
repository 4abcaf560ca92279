/** What carries the readings: what arrives, who sends, what was refused, and the newest of every series. */
import type { City } from '../city.ts';
import { DeadLetters } from '../dead-letters.tsx';
import { Figures } from '../figures.tsx';
import { GatewayPanel } from '../gateway-panel.tsx';
import { GatewaysTable } from '../gateways-table.tsx';
import { LiveChart } from '../live-chart.tsx';
import { ValuesTable } from '../values-table.tsx';

export function GatewaysPage({ city, id }: { readonly city: City; readonly id: string | undefined }) {
  return (
    <>
      <div class="page-head">
        <h1>Gateways</h1>
        <p class="note">What arrives, who sends it, what waits, and what was refused</p>
      </div>
      <Figures city={city} />
      {id === undefined ? null : <GatewayPanel city={city} id={id} />}
      <GatewaysTable city={city} chosen={id} />
      <DeadLetters city={city} />
      <LiveChart city={city} />
      <ValuesTable city={city} />
    </>
  );
}
