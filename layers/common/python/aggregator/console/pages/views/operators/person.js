// Who a user is, where that is written down, and whether anything is done for them: suspended, the next request is
// refused.
import { call, get } from "../../api.js";
import { time } from "../../format.js";
import { html } from "../../h.js";
import { t } from "../../text.js";
import { Act, Loaded, useLoaded } from "../../ui.js";

export function Person({ id }) {
  const path = `/identity/users/${encodeURIComponent(id)}`;
  const loaded = useLoaded((signal) => written(path, signal), []);
  const set = async (state) => {
    await call("PATCH", path, { body: { state } });
    loaded.again();
  };
  return html`<${Loaded} loaded=${loaded} isEmpty=${(person) => !person} empty=${t("notWritten")}>
    ${(person) => html`<dl class="facts">
        <dt>${t("name")}</dt><dd>${person.name}</dd>
        <dt>${t("email")}</dt><dd>${person.email}</dd>
        <dt>${t("role")}</dt><dd>${t(`role_${person.role}`)}</dd>
        <dt>${t("state")}</dt>
        <dd>
          <span class=${person.state === "active" ? "good" : "wrong"}>${t(`user_${person.state}`)}</span>${" "}
          <span class="quiet">${t("since", { time: time(person.updatedAt) })}</span>
        </dd>
      </dl>
      <p>${
        person.state === "active"
          ? html`<${Act} key="suspend" act=${() => set("suspended")} confirm=${t("suspendSure", { id })}>
              ${t("suspend")}
            <//>`
          : html`<${Act} key="resume" act=${() => set("active")} confirm=${t("resumeSure", { id })}>${t("resume")}<//>`
      }</p>`}
  <//>`;
}

// Users have keys and money before anybody writes down who they are.
async function written(path, signal) {
  try {
    return await get(path, {}, { signal });
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
}
