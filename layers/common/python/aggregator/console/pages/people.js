// Views of who works together and of who is told what, with their words; fetched when one is first asked for.
import { learn } from "./text.js";
import en from "./text/en-people.js";
import ru from "./text/ru-people.js";

export { Alerts } from "./views/people/alerts.js";
export { Grants } from "./views/people/grants.js";
export { Teams } from "./views/people/teams.js";

learn({ en, ru });
