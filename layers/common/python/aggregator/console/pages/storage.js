// What the browser keeps for this page, where it lets it: a reader may have forbidden it.
const tried = (work) => {
  try {
    return work();
  } catch {
    return null;
  }
};

export const shelf = (storage) => ({
  get: (name) => tried(() => storage().getItem(name)),
  set: (name, value) => tried(() => (value == null ? storage().removeItem(name) : storage().setItem(name, value))),
});

// Until the tab is closed, and for good.
export const ofTab = shelf(() => sessionStorage);
export const ofBrowser = shelf(() => localStorage);
