"""Mail: only where a sender is named, as one identity of SES, from one address."""

from tests.tables import load_template


def test_mail_may_be_sent_as_one_identity_from_one_address_and_only_where_one_is_named() -> None:
    template = load_template()
    policy = template["Resources"]["AlertsMailPolicy"]

    assert template["Parameters"]["MailSender"]["Default"] == ""
    assert template["Conditions"]["SendsMail"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "MailSender"}, ""]}]}
    assert policy["Condition"] == "SendsMail"
    assert policy["Properties"]["Roles"] == [{"Ref": "AlertsWatchRole"}]
    assert policy["Properties"]["PolicyDocument"]["Statement"] == [
        {
            "Effect": "Allow",
            "Action": ["ses:SendEmail"],
            "Resource": {
                "Fn::Sub": "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/${MailIdentity}"
            },
            "Condition": {"StringEquals": {"ses:FromAddress": {"Ref": "MailSender"}}},
        }
    ]
