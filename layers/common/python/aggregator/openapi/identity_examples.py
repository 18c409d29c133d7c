"""Examples of what is done with people, by operation and name."""

from aggregator.errors import JsonObject

_USER: JsonObject = {
    "userId": "ann",
    "email": "ann@example.com",
    "name": "Ann Lee",
    "role": "member",
    "state": "active",
    "plan": "pro",
    "createdAt": "2026-11-23T06:19:00.000Z",
    "createdBy": "admin",
    "updatedAt": "2026-11-23T06:19:00.000Z",
    "boundTo": None,
}
_SUSPENDED = _USER | {"state": "suspended", "updatedAt": "2026-11-24T08:00:00.000Z"}
_SUSPENDING: JsonObject = {
    "id": "0f9b1f6be3a7f0a85b0d1c4c7a2e9d31",
    "action": "suspended",
    "occurredAt": "2026-11-24T08:00:00.000Z",
    "byKeyId": "admin",
    "byUserId": "admin",
    "changes": {"state": {"from": "active", "to": "suspended"}},
}


_TEAM: JsonObject = {
    "teamId": "crew",
    "name": "The crew",
    "monthlyBudget": "100.00",
    "state": "active",
    "plan": None,
    "createdAt": "2026-11-23T06:19:00.000Z",
    "createdBy": "admin",
    "updatedAt": "2026-11-23T06:19:00.000Z",
}
_MEMBER: JsonObject = {
    "teamId": "crew",
    "userId": "ann",
    "role": "member",
    "monthlyBudget": "20.00",
    "addedAt": "2026-11-23T06:20:00.000Z",
    "updatedAt": "2026-11-23T06:20:00.000Z",
}
_JOINING: JsonObject = {
    "id": "5e0c2f0f4f2b4c6f9b5d1d0a3c7e8a11",
    "action": "member_set",
    "occurredAt": "2026-11-23T06:20:00.000Z",
    "byKeyId": "admin",
    "byUserId": "admin",
    "memberUserId": "ann",
    "changes": {"role": {"from": None, "to": "member"}},
}


def _one(value: JsonObject) -> dict[str, JsonObject]:
    return {"default": {"value": value}}


_CODE: JsonObject = {
    "code": "4/0AanRRrt5x1V9",
    "codeVerifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    "redirectUri": "https://api.example.com/console/",
    "nonce": "n-0S6_WzA2Mj",
}
_SESSION: JsonObject = {
    "id": "1vQ8Zk7pQ2xA",
    "key": "agg_prod_1vQ8Zk7pQ2xA_4f8Jd0sLq2Wm9XyTzB1cVn31vCE0",
    "userId": "ann",
    "email": "ann@example.com",
    "name": "Ann Lee",
    "role": "member",
    "scopes": ["inference", "models:read", "billing:read", "analytics:read"],
    "createdAt": "2026-11-23T07:02:11.000Z",
    "expiresAt": "2026-11-23T19:02:11.000Z",
}
_SIGN_IN: JsonObject = {
    "enabled": True,
    "issuer": "https://accounts.google.com",
    "clientId": "1234987819200.apps.googleusercontent.com",
    "authorizationEndpoint": "https://accounts.google.com/o/oauth2/v2/auth",
    "scope": "openid email profile",
}


REQUESTS: dict[str, dict[str, JsonObject]] = {
    "createSession": _one(_CODE)
    | {
        "idToken": {
            "value": {"idToken": "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.e30.c2ln", "nonce": "n-0S6_WzA2Mj"}
        }
    },
    "createUser": _one({"userId": "ann", "email": "ann@example.com", "name": "Ann Lee", "role": "member"}),
    "updateUser": _one({"state": "suspended"}),
    "createTeam": _one({"teamId": "crew", "name": "The crew", "monthlyBudget": "100.00"}),
    "updateTeam": _one({"monthlyBudget": "250.00"}),
    "setMember": _one({"role": "member", "monthlyBudget": "20.00"}),
}

RESPONSES: dict[str, dict[str, JsonObject]] = {
    "createSession": _one(_SESSION),
    "endSession": _one({"ended": 1}),
    "getSignIn": _one(_SIGN_IN),
    "createUser": _one(_USER),
    "listUsers": _one({"data": [_USER], "nextCursor": None}),
    "getUser": _one(_SUSPENDED | {"history": [_SUSPENDING]}),
    "updateUser": _one(_SUSPENDED),
    "createTeam": _one(_TEAM),
    "listTeams": _one({"data": [_TEAM | {"role": None}], "nextCursor": None}),
    "getTeam": _one(
        _TEAM
        | {
            "role": "manager",
            "spentThisMonth": "12.0100375",
            "wallet": {"available": "37.9799625", "held": "0.01", "total": "37.9899625"},
            "history": [_JOINING],
        }
    ),
    "updateTeam": _one(_TEAM | {"monthlyBudget": "250.00"}),
    "listMembers": _one({"data": [_MEMBER | {"spentThisMonth": "4.25"}], "nextCursor": None}),
    "setMember": _one(_MEMBER),
    "removeMember": _one(_MEMBER),
}
