/** Every board, in the order in which people look at them. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { airBoard } from './boards/air.ts';
import { buildingBoard } from './boards/building.ts';
import { cityBoard } from './boards/city.ts';
import { gatewaysBoard } from './boards/gateways.ts';
import { pipelineBoard } from './boards/pipeline.ts';
import { streetlightsBoard } from './boards/streetlights.ts';

export const DEFAULT_ZONE = 'America/New_York';

/** `zone`: IANA zone of the city, in which days begin at midnight. */
export function allBoards(zone: string): readonly Dashboard[] {
  const makers = [cityBoard, buildingBoard, streetlightsBoard, airBoard, gatewaysBoard, pipelineBoard];
  return makers.map((make) => make(zone));
}

/** Name of a board's file: `lamplighter-city` is `city.json`. */
export function fileNameOf({ uid = '' }: Dashboard): string {
  return `${uid.replace(/^lamplighter-/, '')}.json`;
}

export function fileTextOf(board: Dashboard): string {
  return `${JSON.stringify(board, null, 2)}\n`;
}
