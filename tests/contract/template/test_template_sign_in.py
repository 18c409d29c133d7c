"""Sign-in in the template: a user pool only where it is asked for, and one that PKCE and invitations are enough for."""

from typing import Any

from tests.tables import load_template

POOL = {"UserPool", "UserPoolClient", "UserPoolDomain"}


def properties(name: str) -> Any:
    return load_template()["Resources"][name]["Properties"]


def test_a_pool_its_client_and_its_domain_are_there_only_with_cognito() -> None:
    template = load_template()
    conditional = {
        name for name, each in template["Resources"].items() if each.get("Condition") == "MakesUserPool"
    }

    assert conditional == POOL
    assert template["Conditions"]["MakesUserPool"] == {"Fn::Equals": [{"Ref": "SignIn"}, "cognito"]}
    assert template["Parameters"]["SignIn"]["Default"] == ""


def test_both_functions_know_the_same_issuer_and_client() -> None:
    names = ("SIGN_IN_ISSUER", "SIGN_IN_CLIENT_ID")
    told = [
        [properties(function)["Environment"]["Variables"][name] for name in names]
        for function in ("AuthCreateSessionFunction", "AuthGetSignInFunction")
    ]

    pool = {"Fn::Sub": "https://cognito-idp.${AWS::Region}.${AWS::URLSuffix}/${UserPool}"}
    assert told[0] == told[1]
    assert told[0] == [
        {"Fn::If": ["MakesUserPool", pool, {"Ref": "SignInIssuer"}]},
        {"Fn::If": ["MakesUserPool", {"Ref": "UserPoolClient"}, {"Ref": "SignInClientId"}]},
    ]


def test_nobody_makes_an_account_in_the_pool_by_themselves_nor_an_address_theirs_unconfirmed() -> None:
    pool = properties("UserPool")

    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    assert pool["UserAttributeUpdateSettings"] == {"AttributesRequireVerificationBeforeUpdate": ["email"]}


def test_the_client_takes_codes_alone_and_sends_people_back_to_the_console_alone() -> None:
    client = properties("UserPoolClient")

    assert (client["AllowedOAuthFlows"], client["ExplicitAuthFlows"]) == (
        ["code"],
        ["ALLOW_REFRESH_TOKEN_AUTH"],
    )
    assert client["AllowedOAuthScopes"] == ["openid", "email", "profile"]
    assert client["GenerateSecret"] is False
    assert client["CallbackURLs"] == [
        {
            "Fn::If": [
                "WantsDomain",
                {"Fn::Sub": "https://${DomainName}/console/"},
                {"Fn::If": ["TellsConsoleUrl", {"Ref": "ConsoleUrl"}, {"Ref": "AWS::NoValue"}]},
            ]
        }
    ]
