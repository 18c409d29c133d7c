// All pages of a list of people or teams, a hundred in a call.
import { get } from "../../api.js";

const MOST = 1000;

export async function everyPage(path, query = {}, signal) {
  const found = [];
  let cursor;
  do {
    const page = await get(path, { ...query, limit: 100, cursor }, { signal });
    found.push(...page.data);
    cursor = page.nextCursor;
  } while (cursor && found.length < MOST);
  return found;
}
