// What an admin sees besides, with its words; main.js fetches it when it is first asked for.
import { learn } from "./text.js";
import en from "./text/en-operators.js";
import ru from "./text/ru-operators.js";

export { Catalogue } from "./views/operators/catalogue.js";
export { Codes } from "./views/operators/codes.js";
export { Health } from "./views/operators/health.js";
export { Plans } from "./views/operators/plans.js";
export { Providers } from "./views/operators/providers.js";
export { Reconcile } from "./views/operators/reconcile.js";
export { NewTeam, TeamDesk } from "./views/operators/team.js";
export { Users } from "./views/operators/users.js";

learn({ en, ru });
