// Automatic top-ups, with their words; fetched when a statement is shown to who may pay.
import { learn } from "./text.js";
import en from "./text/en-payments.js";
import ru from "./text/ru-payments.js";

export { AutoTopUp } from "./views/autotopup.js";

learn({ en, ru });
