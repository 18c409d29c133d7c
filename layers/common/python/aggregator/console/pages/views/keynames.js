// The names of a user's keys, by id, for views that show ids: for whoever may manage keys; others see the ids.
import { get } from "../api.js";
import { useLoaded } from "../ui.js";

export const mayManage = (me) => me.admin || me.scopes.includes("keys:manage");

// A user's keys, all pages of them, newest first.
export async function allKeys(userId, signal) {
  const found = [];
  let cursor;
  do {
    const page = await get("/auth/api-keys", { userId, limit: 100, cursor }, { signal });
    found.push(...page.data);
    cursor = page.nextCursor;
  } while (cursor);
  return found;
}

export function useKeyNames(me, wanted = true) {
  const load = async (signal) => (wanted && mayManage(me) ? allKeys(me.userId, signal) : []);
  const { data } = useLoaded(load, [me.keyId, wanted]);
  return new Map((data ?? []).map((key) => [key.id, key.name]));
}
