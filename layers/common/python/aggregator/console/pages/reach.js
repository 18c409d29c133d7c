// Whether the server answers. When it does not, it is asked again, each time a little later, until it does.
const PAUSES = [1, 2, 4, 8, 16, 30];

// Seconds until the next try after so many: doubled each time, half a minute at the most, and not all pages at once.
export function pauseAfter(tries, random = Math.random()) {
  return PAUSES[Math.min(tries, PAUSES.length - 1)] * (0.8 + 0.4 * random);
}

// A watch over one server. `ask()` resolves where it answers. Listeners are told {down, again}: when it is asked next.
export function watch(ask, { wait = setTimeout, stop = clearTimeout, now = Date.now } = {}) {
  const state = { down: false, tries: 0, again: null, timer: null };
  const listeners = new Set();
  const tell = () => listeners.forEach((listener) => listener({ down: state.down, again: state.again }));

  function later() {
    const pause = pauseAfter(state.tries) * 1000;
    state.tries += 1;
    state.again = now() + pause;
    state.timer = wait(again, pause);
    tell();
  }

  async function again() {
    stop(state.timer);
    state.again = null;
    tell();
    try {
      await ask();
    } catch {
      if (state.down) later();
      return;
    }
    found();
  }

  function found() {
    if (!state.down) return;
    stop(state.timer);
    Object.assign(state, { down: false, tries: 0, again: null });
    tell();
  }

  function lost() {
    if (state.down) return;
    state.down = true;
    later();
  }

  const listen = (listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  return { again, found, lost, listen, tell, now: () => ({ down: state.down, again: state.again }) };
}
