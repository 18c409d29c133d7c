// The list of users, out of what three calls say: accounts, people who are written down, and teams.
const ID = /^[A-Za-z0-9._@-]{1,128}$/;

// Whether a search can be part of an id, or an id itself: the API is asked for no other.
export const mayBeId = (search) => ID.test(search);

const has = (text, search) => text.toLowerCase().includes(search.toLowerCase());

export const fits = (person, search) => [person.userId, person.name, person.email].some((each) => has(each, search));

// People whom a search finds by name or mail: a search for accounts, which goes by the id, knows nothing of them.
export function foundByName(people, search, most = 20) {
  const found = people.filter((person) => !has(person.userId, search) && fits(person, search));
  return search ? found.slice(0, most) : [];
}

// Rows: an account each, with who it is; then, once there are no more accounts, whoever has none.
export function roster({ accounts, people, teams, search, complete }) {
  const byId = new Map(people.map((person) => [person.userId, person]));
  const ofTeam = new Set(teams.map((team) => team.teamId));
  const rows = accounts.map((account) => ({
    ...account, key: account.userId, person: byId.get(account.userId), isTeam: ofTeam.has(account.userId),
  }));
  const seen = new Set(accounts.map((account) => account.userId));
  const others = complete ? people.filter((person) => !seen.has(person.userId) && fits(person, search)) : [];
  return [...rows, ...others.map((person) => ({ userId: person.userId, key: person.userId, person, noAccount: true }))];
}
