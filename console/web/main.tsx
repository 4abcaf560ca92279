/**
 * The page: the city as it happens and as it was. It knows the server only through /api (types from ../api).
 * Start reading in page.tsx, which picks one of pages/; city.ts holds what the stream brings (live-connection.ts feeds
 * it), use-asked.ts asks for the rest; chart/ draws, map/ maps.
 */
import 'uplot/dist/uPlot.min.css';
import './style/base.css';
import './style/header.css';
import './style/figures.css';
import './style/tables.css';
import './style/charts.css';
import './style/city.css';
import './style/map.css';
import './style/lights.css';
import './style/letters.css';
import './style/alerts.css';
import './style/site.css';
import './style/phone.css';
import { render } from 'preact';
import { Page } from './page.tsx';

const root = document.getElementById('page');
if (root !== null) render(<Page />, root);
