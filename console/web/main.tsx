/**
 * The page: the city's state as it happens. It knows the server only through /api (types from ../api/replies.ts).
 * Start reading in page.tsx; what is known lies in city.ts, which live-connection.ts feeds.
 */
import 'uplot/dist/uPlot.min.css';
import './style/base.css';
import './style/header.css';
import './style/figures.css';
import './style/tables.css';
import './style/letters.css';
import './style/phone.css';
import { render } from 'preact';
import { Page } from './page.tsx';

const root = document.getElementById('page');
if (root !== null) render(<Page />, root);
