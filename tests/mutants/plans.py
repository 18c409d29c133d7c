"""Plans: what these cost is a price that was not agreed, a model that was not sold, or a credit given twice."""

from tests.mutants.mutant import Mutant

VERSIONS = ("tests/unit/billing/plans/test_versions.py",)
WRITING = ("tests/unit/billing/plans/test_set_plan.py",)
HOLDING = ("tests/unit/billing/plans/test_holding_on_a_plan.py",)
WALKING = ("tests/unit/proxy/test_planned.py",)
LIMITED = ("tests/unit/proxy/limits/test_limits_of_plans.py",)
MODELS = ("tests/unit/orchestrator/test_models_of_plans.py",)
MODEL, ON_PLAN, SET_PLAN = (f"billing/plans/{name}.py" for name in ("model", "on_plan", "set_plan"))

CREDIT = ("tests/unit/billing/plans/test_monthly_credit.py",)

MUTANTS = (
    Mutant(
        "a month's credit is given by each plan that one has had",
        "billing/plans/credit.py",
        'key=f"PLAN#{month}"',
        'key=f"PLAN#{month}#{version.plan_id}"',
        CREDIT,
    ),
    Mutant(
        "a month's credit is given once in a life",
        "billing/plans/credit.py",
        'key=f"PLAN#{month}"',
        'key="PLAN#"',
        CREDIT,
    ),
    Mutant(
        "a month's credit never ends",
        "billing/plans/credit.py",
        "timedelta(days=32)",
        "timedelta(days=3200)",
        CREDIT,
    ),
    Mutant(
        "who has left a plan is given its credit",
        "billing/plans/credit.py",
        "if stamp is None or plan_id_of(stamp) != plan.plan_id or order is None:",
        "if order is None:",
        CREDIT,
    ),
    Mutant(
        "a wallet on a plan pays as if it were on none",
        "billing/store.py",
        "attribute_not_exists(suspended) AND attribute_not_exists(on_plan)",
        "attribute_not_exists(suspended)",
        HOLDING,
    ),
    Mutant(
        "an old version of a plan is paid by for ever",
        "billing/store.py",
        "attribute_not_exists(suspended) AND on_plan = :plan",
        "attribute_not_exists(suspended) AND attribute_exists(on_plan)",
        HOLDING,
    ),
    Mutant(
        "who is on another plan is told to be short of money",
        "billing/reserve.py",
        "if account.plan != plan:",
        "if False:",
        HOLDING,
    ),
    Mutant(
        "a plan's price is that of the list",
        ON_PLAN,
        "scaled = price.scaled(self.price_percent)",
        "scaled = price",
        WALKING,
    ),
    Mutant(
        "a plan's factor is in place of the key's",
        ON_PLAN,
        "    price = price.scaled(caller.price_percent)\n",
        "",
        MODELS,
    ),
    Mutant(
        "a price does not say by which plan",
        ON_PLAN,
        'version=f"{scaled.version}@{self.version}"',
        "version=scaled.version",
        WALKING,
    ),
    Mutant(
        "a plan on a plan: the first one's limits stay",
        ON_PLAN,
        "bare = caller if caller.plan is None else caller.plan.bare",
        "bare = caller",
        WALKING,
    ),
    Mutant("the laxer limit wins", MODEL, "min(most, of_plan", "max(most, of_plan", VERSIONS),
    Mutant(
        "a key's own limits are lost on a plan",
        MODEL,
        "{**of_plan, **{name: min(most, of_plan.get(name, most)) for name, most in own.items()}}",
        "dict(of_plan)",
        VERSIONS,
    ),
    Mutant(
        "keys that one makes have a plan's limits each",
        ON_PLAN,
        "Over(above.key_id, stricter(above.limits, terms.limits))",
        "Over(above.key_id, above.limits)",
        LIMITED,
    ),
    Mutant(
        "a request that learns its plan counts twice",
        "proxy/limits/rules.py",
        "return 0 if window in demand.counted else 1",
        "return 1",
        LIMITED,
    ),
    Mutant(
        "a version is in force before its moment",
        MODEL,
        "if version.effective_from <= moment",
        "if version.effective_from",
        VERSIONS,
    ),
    Mutant(
        "a slow clock pays by the version before",
        MODEL,
        "moment = max(moment, self.latest.created_at)",
        "moment = max(moment, self.versions[0].created_at)",
        VERSIONS,
    ),
    Mutant(
        "a version to come is forgotten by the next one",
        MODEL,
        "return Plan(self.plan_id, (holds, *ahead, version))",
        "return Plan(self.plan_id, (holds, version))",
        VERSIONS,
    ),
    Mutant(
        "a model that the plan has not is called all the same",
        "orchestrator/permitted.py",
        "    if caller.allowed_models is None and caller.plan is None:\n",
        "    if caller.allowed_models is None:\n",
        MODELS,
    ),
    Mutant(
        "a key with models of its own passes its plan's",
        "orchestrator/permitted.py",
        "        routes = permitted_routes(caller.plan.models, catalogue, model, routes)\n",
        "        pass\n",
        MODELS,
    ),
    Mutant(
        "a wallet stays on the version that it was put on",
        SET_PLAN,
        "        plans.move(wallet_id, plan.stamp)\n",
        "        pass\n",
        WRITING,
    ),
    Mutant(
        "a version that is written meanwhile is not seen",
        SET_PLAN,
        "if plans.latest(plan_id) == plan:",
        "if plan:",
        WRITING,
    ),
    Mutant(
        "an earlier word about a user's plan undoes a later one",
        "billing/plans/store.py",
        'f"attribute_not_exists({PLAN_VERSION}) OR {PLAN_VERSION} <= :version"',
        'f"attribute_not_exists({PLAN_VERSION}) OR {PLAN_VERSION} > :version OR {PLAN_VERSION} <= :version"',
        WRITING,
    ),
    Mutant(
        "a wallet that left is moved along",
        "billing/plans/store.py",
        'f"{ON_PLAN} >= :none AND {ON_PLAN} < :stamp"',
        'f"attribute_not_exists({ON_PLAN}) OR {ON_PLAN} < :stamp"',
        WRITING,
    ),
)
