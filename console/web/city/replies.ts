/** The answers about the city and their parts, under the names that the page uses. Null: not known. */
import type {
  AirReply,
  CircuitReply,
  CitySiteReply,
  EnergyReply,
  LightsReply,
  SiteRowReply,
} from '../../api/replies-city.ts';

export type { AnalyticsReply } from '../../api/analytics/replies-analytics.ts';
export type {
  AirReply,
  CircuitReply,
  CityReply,
  CitySiteReply as SiteDetailReply,
  CitySitesReply as SitesReply,
  EnergyReply,
  LightsReply,
  ProblemReply as Problem,
  ProblemsReply,
  SiteRowReply as SiteRow,
} from '../../api/replies-city.ts';

export type SiteState = SiteRowReply['state'];
export type Severity = NonNullable<SiteRowReply['worst_severity']>;
export type MeterRow = CitySiteReply['meters'][number];
export type RoomRow = CitySiteReply['rooms'][number];
export type EnergyRow = EnergyReply['rows'][number];
export type CircuitRow = LightsReply['circuits'][number];
export type CircuitState = CircuitRow['state'];
export type LampRow = CircuitReply['lamps'][number];
export type LampState = LampRow['state'];
export type StationRow = AirReply['stations'][number];
export type AirRoomRow = AirReply['rooms'][number];
