/** What the engine can be asked about the ways of actors, customers and orders, and the answers drawn. */

import "./events/events.css";

export { openQuestions } from "./events/shell.js";
