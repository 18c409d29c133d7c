"""What the console reckons and writes without a page: money, days, keys, code to copy, and when to ask again."""

import ast
import json
import shlex
from collections.abc import Callable
from typing import Any

import pytest

from tests.node import run

Read = Callable[[str], Any]

_PAGE = """
globalThis.localStorage = { getItem: () => "%s", setItem() {} };
globalThis.navigator ??= { languages: ["en"] };
const told = async () => {
%s
};
process.stdout.write(JSON.stringify(await told()));
"""


def said(script: str, *, language: str = "en", zone: str = "UTC") -> Any:
    """What a script returns that has the console's modules at hand: `const { nano } = await import("./money.js")`."""
    return run(_PAGE % (language, script), zone=zone)


def test_money_is_added_to_the_last_nano_dollar() -> None:
    found = said("""
      const { amount, nano, running, sum } = await import("./money.js");
      return {
        sum: sum(["0.1", "0.2", "99999999999.000000001", "-0.3"]),
        back: ["0.00", "-0.000000001", "25.00", "1.5"].map((each) => amount(nano(each))),
        running: running([{ amount: "-0.000000001" }, { amount: "-5.00" }, { amount: "25.00" }], "19.999999999")
          .map((each) => each.left),
      };
    """)

    assert found == {
        "sum": "99999999999.000000001",
        "back": ["0.00", "-0.000000001", "25.00", "1.50"],
        "running": ["19.999999999", "20.00", "25.00"],
    }


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        ("en", ["1,234,567.000000001 USD", "−0.50 USD", "–", "412 ms", "1.25 s", "12.5%"]),
        ("ru", ["1 234 567,000000001 USD", "−0,50 USD", "–", "412 мс", "1,25 с", "12,5 %"]),
    ],
)
def test_numbers_are_written_as_the_reader_writes_them(language: str, wanted: list[str]) -> None:
    found = said(
        """
      const { percent, seconds, usd } = await import("./format.js");
      return [usd("1234567.000000001"), usd("-0.5"), usd(null), seconds(412), seconds(1250), percent(0.125)];
    """,
        language=language,
    )

    assert [each.replace("\u00a0", " ").replace("\u202f", " ") for each in found] == wanted


_HOURS = """
  const group = (model, cost, requests) => (
    { key: { model }, cost, requests, errors: 0, tokens: { input: 1, cachedInput: 0, output: 2 } });
  const data = { from: "2026-11-22T18:00:00.000Z", to: "2026-11-25T01:00:00.000Z", granularity: "hour", series: [
    { start: "2026-11-22T18:00:00.000Z", groups: [group("a", "0.1", 1)] },
    { start: "2026-11-23T17:00:00.000Z", groups: [group("a", "0.2", 1), group("b", "1.00", 4)] },
    { start: "2026-11-23T19:00:00.000Z", groups: [group("a", "0.000000001", 1)] },
  ] };
"""


def test_hours_are_added_up_to_days_of_the_readers_zone() -> None:
    found = said(
        _HOURS
        + """
      const { localDays } = await import("./days.js");
      return localDays(data).map(({ start, groups }) =>
        [new Date(start).toISOString(), groups.map((each) => [each.key.model, each.cost, each.requests])]);
    """,
        zone="Asia/Yekaterinburg",
    )

    assert found == [
        ["2026-11-21T19:00:00.000Z", [["a", "0.1", 1]]],
        ["2026-11-22T19:00:00.000Z", [["a", "0.2", 1], ["b", "1.00", 4]]],
        ["2026-11-23T19:00:00.000Z", [["a", "0.000000001", 1]]],
        ["2026-11-24T19:00:00.000Z", []],
    ]


def test_a_plot_stacks_the_groups_with_the_most_and_the_rest_as_one() -> None:
    found = said(
        _HOURS
        + """
      const { leaders, localDays, stacked, totalOf } = await import("./days.js");
      const days = localDays(data);
      const nameOf = (group) => group.key.model;
      const one = leaders(days, "requests", nameOf, 1);
      return { one, bars: stacked(days, "requests", nameOf, one), total: totalOf(days).cost };
    """
    )

    assert found == {
        "one": {"shown": ["b"], "rest": ["a"]},
        "bars": [[0, 4, 0, 0], [1, 6, 0, 0]],
        "total": "1.300000001",
    }


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({}, ["2026-10-30T04:00:00.000Z", "2026-11-28T12:00:00.000Z", "hour", 30, "day", False]),
        ({"days": "1"}, ["2026-11-28T05:00:00.000Z", "2026-11-28T12:00:00.000Z", "hour", 1, "hour", False]),
        ({"days": "92"}, ["2026-08-29T04:00:00.000Z", "2026-11-28T12:00:00.000Z", "day", 92, "day", True]),
        (
            {"days": "31415"},
            ["2026-10-30T04:00:00.000Z", "2026-11-28T12:00:00.000Z", "hour", 30, "day", False],
        ),
        (
            {"from": "2026-11-01", "to": "2026-11-02"},
            ["2026-11-01T04:00:00.000Z", "2026-11-03T05:00:00.000Z", "hour", "", "day", False],
        ),
        (
            {"from": "nonsense", "to": ""},
            ["2026-10-30T04:00:00.000Z", "2026-11-28T12:00:00.000Z", "hour", "", "day", False],
        ),
    ],
)
def test_an_address_names_a_range_in_the_readers_zone(asked: dict[str, str], wanted: list[Any]) -> None:
    found = said(
        f"""
      const {{ rangeOf }} = await import("./days.js");
      const range = rangeOf({json.dumps(asked)}, new Date("2026-11-28T12:00:00Z"));
      return [range.from, range.to, range.granularity, range.chosen, range.step, range.utc];
    """,
        zone="America/New_York",
    )

    assert found == wanted


def test_a_new_key_says_what_is_filled_in_and_a_known_one_what_changed() -> None:
    found = said("""
      const { bodyOf, formOf } = await import("./keyform.js");
      const me = { admin: false, scopes: ["inference", "keys:manage"] };
      const known = { name: "old", scopes: ["inference"], allowedModels: ["gpt-4o*"], allowedIps: null,
        expiresAt: "2030-01-01T23:59:59.000Z", limits: { requestsPerMinute: 60, dailyBudget: "5.00" },
        cap: "refuse", cacheSeconds: 60, aliases: { fast: "groq/gpt-oss-20b" }, pricePercent: 100 };
      const was = formOf(known, me);
      const form = formOf({}, me);
      const limits = { ...form.limits, tokensPerMinute: " 1000 ", monthlyBudget: "12.50", usdPerMinute: "much" };
      return {
        fresh: bodyOf({ ...form, name: " Laptop ", limits, aliases: "a = b/c=d\\n\\nx=y", expires: "2030-06-30" }),
        same: bodyOf(was, was),
        less: bodyOf({ ...was, name: "new", models: "", limits: form.limits, cap: "lower", cacheSeconds: "" }, was),
      };
    """)

    assert found == {
        "fresh": {
            "name": "Laptop",
            "scopes": ["inference"],
            "limits": {"tokensPerMinute": 1000, "usdPerMinute": "much", "monthlyBudget": "12.50"},
            "aliases": {"a": "b/c=d", "x": "y"},
            "expiresAt": "2030-06-30T23:59:59.000Z",
        },
        "same": {},
        "less": {"name": "new", "allowedModels": None, "limits": None, "cap": None, "cacheSeconds": None},
    }


def test_a_request_is_the_same_in_the_form_in_curl_and_in_python() -> None:
    found = said("""
      globalThis.document = { baseURI: "http://h/api/console/" };
      globalThis.addEventListener = () => {};
      const { bodyOf } = await import("./chat.js");
      const { curl, python } = await import("./snippets.js");
      const form = { model: "m", system: "Be brief.", prompt: `it's "so"\\n\\u{1f600} \\\\n`,
        image: "data:image/png;base64,AA", temperature: "0,5", topP: "", maxTokens: "64", seed: " 7 ", effort: "low",
        other: '{"stop": ["END"], "top_k": 3}',
        tools: '[{"type": "function", "function": {"name": "f", "strict": true, "parameters": null}}]', stream: true };
      const body = bodyOf(form);
      let field;
      try { bodyOf({ ...form, tools: "[" }); } catch (error) { field = [error.name, error.field]; }
      return { body, curl: curl("http://h/api", body), python: python("http://h/api", body), field };
    """)
    body = found["body"]

    assert body == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": 'it\'s "so"\n\U0001f600 \\n'},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}},
                ],
            },
        ],
        "temperature": 0.5,
        "max_tokens": 64,
        "seed": 7,
        "reasoning_effort": "low",
        "tools": [{"type": "function", "function": {"name": "f", "strict": True, "parameters": None}}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "stop": ["END"],
        "top_k": 3,
    }
    words = shlex.split(found["curl"].replace("\\\n", " "))
    assert words[:3] == ["curl", "-N", "http://h/api/v1/chat/completions"]
    assert json.loads(words[words.index("-d") + 1]) == body
    passed = passed_to_create(found["python"])
    assert passed.pop("extra_body") == {"top_k": 3}
    assert passed == {name: value for name, value in body.items() if name != "top_k"}
    assert found["field"] == ["SyntaxError", "tools"]


def passed_to_create(code: str) -> Any:
    """What a script passes to the package's `create(**...)`."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "create":
            return ast.literal_eval(node.keywords[0].value)
    raise AssertionError("nothing is created")


def test_a_stream_is_read_however_it_is_cut() -> None:
    found = said("""
      globalThis.document = { baseURI: "http://h/api/console/" };
      globalThis.addEventListener = () => {};
      const { events } = await import("./chat.js");
      const bytes = new TextEncoder().encode(
        ': hello\\n\\ndata: {"a": "\\u{1f600}"}\\r\\n\\r\\ndata: {"b":\\ndata: 1}\\n\\ndata: [DONE]\\n\\n');
      const one = (each) => new Uint8Array([each]);
      const cut = new ReadableStream({ start(to) { for (const each of bytes) to.enqueue(one(each)); to.close(); } });
      const found = [];
      for await (const event of events(cut)) found.push(event);
      return found;
    """)

    assert found == [{"a": "\U0001f600"}, {"b": 1}]


def test_a_server_that_is_down_is_asked_later_each_time_until_it_answers() -> None:
    found = said("""
      const { pauseAfter, watch } = await import("./reach.js");
      const pauses = [], told = [];
      let up = false;
      let asked = 0;
      const ask = async () => { asked += 1; if (!up) throw new Error("down"); };
      let wake;
      const wait = (work, pause) => { pauses.push(Math.round(pause / 1000)); wake = work; return 1; };
      const server = watch(ask, { wait, stop: () => {}, now: () => 0 });
      server.listen(({ down }) => told.push(down));
      server.found();
      server.lost();
      server.lost();
      for (let turn = 0; turn < 7; turn += 1) await wake();
      up = true;
      await wake();
      const before = told.length;
      server.found();
      return { asked, pauses, quiet: told.length === before, down: server.now().down,
        bounds: [0, 3, 9].map((tries) => [pauseAfter(tries, 0), pauseAfter(tries, 1)]), last: told.at(-1) };
    """)

    assert found["asked"] == 8
    assert len(found["pauses"]) == 8
    assert found["pauses"][-1] >= 24
    assert found["bounds"] == [[0.8, pytest.approx(1.2)], [6.4, pytest.approx(9.6)], [24, pytest.approx(36)]]
    assert (found["down"], found["last"], found["quiet"]) == (False, False, True)


def test_a_cell_of_csv_is_text_to_a_spreadsheet() -> None:
    found = said("""
      const { csv } = await import("./csv.js");
      return csv([["a", 'say "so"', "=1+1", "@x", -1, null], ["line\\nend", "+", "b", "c", 0, ""]]);
    """)

    assert found == ('"a","say ""so""","\'=1+1","\'@x","\'-1",""\r\n"line\nend","\'+","b","c","0",""\r\n')


def test_the_list_of_users_has_accounts_and_then_whoever_has_none() -> None:
    found = said("""
      const { foundByName, mayBeId, roster } = await import("./roster.js");
      const person = (userId, name) => ({ userId, name, email: `${userId}@example.com` });
      const people = [person("ann", "Ann Lee"), person("bob", "Bob"), person("carl", "Annegret")];
      const accounts = [{ userId: "ann" }, { userId: "crew" }, { userId: "old" }];
      const teams = [{ teamId: "crew" }];
      const shown = (asked) => roster({ accounts, people, teams, search: "", complete: true, ...asked })
        .map((row) => [row.key, row.person?.name ?? null, Boolean(row.isTeam), Boolean(row.noAccount)]);
      return {
        whole: shown({}),
        begun: shown({ complete: false }).map(([key]) => key),
        searched: shown({ accounts: [], search: "ANN" }).map(([key]) => key),
        byName: foundByName(people, "ann").map((each) => each.userId),
        byNoName: foundByName(people, ""),
        ids: ["ann@example.com", "Ann Lee", "", "Анна"].map(mayBeId),
      };
    """)

    assert found == {
        "whole": [
            ["ann", "Ann Lee", False, False],
            ["crew", None, True, False],
            ["old", None, False, False],
            ["bob", "Bob", False, True],
            ["carl", "Annegret", False, True],
        ],
        "begun": ["ann", "crew", "old"],
        "searched": ["ann", "carl"],
        "byName": ["carl"],
        "byNoName": [],
        "ids": [True, False, False, False],
    }


def test_a_challenge_is_what_the_standard_makes_of_its_example() -> None:
    """RFC 7636, appendix B."""
    found = said("""
      globalThis.document = { baseURI: "https://api.example.com/api/console/" };
      globalThis.addEventListener = () => {};
      const { challengeOf, spelled } = await import("./oidc.js");
      const challenge = await challengeOf("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
      return [challenge, spelled(new Uint8Array([251, 255, 254]))];
    """)

    assert found == ["E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "-__-"]


@pytest.mark.parametrize(
    ("came", "begun", "wanted"),
    [
        ("code=c&state=s", {"state": "s"}, {"code": "c", "verifier": "v", "nonce": "n", "stay": False}),
        ("code=c&state=other", {"state": "s"}, {"wrong": "signInOther"}),
        ("code=c&state=", {"state": "s"}, {"wrong": "signInOther"}),
        ("code=c&state=s", None, {"wrong": "signInOther"}),
        ("state=s", {"state": "s"}, {"wrong": "signInOther"}),
        ("error=access_denied&state=s", {"state": "s"}, {"wrong": "signInDenied"}),
        ("error=access_denied", None, {"wrong": "signInDenied"}),
    ],
)
def test_what_comes_back_counts_if_this_tab_asked_for_it(came: str, begun: Any, wanted: Any) -> None:
    kept = None if begun is None else {"verifier": "v", "nonce": "n", **begun}

    assert wanted == said(f"""
      globalThis.document = {{ baseURI: "https://api.example.com/api/console/" }};
      globalThis.addEventListener = () => {{}};
      const {{ read }} = await import("./oidc.js");
      return read(new URLSearchParams({json.dumps(came)}), {json.dumps(kept)});
    """)
