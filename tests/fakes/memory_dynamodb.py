"""DynamoDB in memory, for the expressions the platform uses: stores run on it as they are, in microseconds.

It answers `Aws.call` like DynamoDB does. tests/integration/test_memory_dynamodb.py compares it with moto, call by call.
"""

import copy
import re
from typing import Any

from aggregator.runtime.aws import CONDITION_FAILED, TRANSACTION_CANCELED, AwsError

JsonObject = dict[str, Any]
Key = tuple[str, str]

_COMPARISON = re.compile(r"^(\S+) (>=|<=|=|<|>) (\S+)$")
_NOT_EXISTS = re.compile(r"^attribute_not_exists\((\S+)\)$")
_CONTAINS = re.compile(r"^contains\((\S+), (\S+)\)$")
_SIZE = re.compile(r"^size\((\S+)\)$")
_SECTION = re.compile(r"\b(SET|ADD|DELETE|REMOVE)\b")
_ACTIONS = re.compile(r",\s*(?![^(]*\))")
_KEY_RANGE = re.compile(r"^pk = (:\w+) AND sk BETWEEN (:\w+) AND (:\w+)$")
_IF_NOT_EXISTS = re.compile(r"^if_not_exists\((\S+), (\S+)\)$")


class MemoryDynamoDb:
    """One table with string keys `pk` and `sk`. `calls` lists the actions that were asked for."""

    def __init__(self) -> None:
        self.items: dict[Key, JsonObject] = {}
        self.calls: list[str] = []

    def call(self, action: str, request: JsonObject) -> JsonObject:
        """Carry out one action, atomically."""
        self.calls.append(action)
        match action:
            case "GetItem":
                found = self.items.get(_key(request["Key"]))
                return {} if found is None else {"Item": copy.deepcopy(found)}
            case "PutItem":
                self._check(_key(request["Item"]), request)
                self.items[_key(request["Item"])] = copy.deepcopy(request["Item"])
                return {}
            case "UpdateItem":
                return self._update(request)
            case "DeleteItem":
                self._check(_key(request["Key"]), request)
                gone = self.items.pop(_key(request["Key"]), None)
                told = gone is not None and request.get("ReturnValues") == "ALL_OLD"
                return {"Attributes": gone} if told else {}
            case "BatchWriteItem":
                return self._batch_write(request["RequestItems"])
            case "TransactWriteItems":
                return self._transact(request["TransactItems"])
            case "BatchGetItem":
                return self._batch_get(request["RequestItems"])
            case "Query":
                return self._query(request)
            case "Scan":
                return self._scan(request)
            case _:
                raise AssertionError(f"{action} is not modelled")

    def _update(self, request: JsonObject) -> JsonObject:
        key = _key(request["Key"])
        self._check(key, request)
        found = self.items.get(key)
        before = found or dict(request["Key"])
        after = _updated(before, request)
        self.items[key] = after
        match request.get("ReturnValues", "NONE"):
            case "NONE":
                return {}
            case "ALL_NEW":
                return {"Attributes": copy.deepcopy(after)}
            case "ALL_OLD":
                return {} if found is None else {"Attributes": copy.deepcopy(found)}
            case "UPDATED_NEW":
                named = _targets(request)
                return {"Attributes": {name: copy.deepcopy(after[name]) for name in after if name in named}}
            case other:
                raise AssertionError(f"ReturnValues {other} is not modelled")

    def _transact(self, items: list[JsonObject]) -> JsonObject:
        reasons = []
        for each in items:
            kind, request = next(iter(each.items()))
            key = _key(request["Item"] if kind == "Put" else request["Key"])
            holds = _holds(request.get("ConditionExpression", ""), self.items.get(key), request)
            reasons.append({"Code": "None" if holds else "ConditionalCheckFailed"})
        if any(reason["Code"] != "None" for reason in reasons):
            raise AwsError(TRANSACTION_CANCELED, reasons=reasons)
        for each in items:
            kind, request = next(iter(each.items()))
            if kind == "Put":
                self.items[_key(request["Item"])] = copy.deepcopy(request["Item"])
            elif kind == "Update":
                key = _key(request["Key"])
                self.items[key] = _updated(self.items.get(key) or dict(request["Key"]), request)
        return {}

    def _batch_get(self, wanted: JsonObject) -> JsonObject:
        return {
            "Responses": {
                table: [
                    _projected(self.items[_key(key)], request)
                    for key in request["Keys"]
                    if _key(key) in self.items
                ]
                for table, request in wanted.items()
            }
        }

    def _batch_write(self, wanted: JsonObject) -> JsonObject:
        for requests in wanted.values():
            for each in requests:
                if "PutRequest" in each:
                    put = each["PutRequest"]["Item"]
                    self.items[_key(put)] = copy.deepcopy(put)
                else:
                    self.items.pop(_key(each["DeleteRequest"]["Key"]), None)
        return {"UnprocessedItems": {}}

    def _query(self, request: JsonObject) -> JsonObject:
        wanted = _KEY_RANGE.match(request["KeyConditionExpression"])
        assert wanted, f"{request['KeyConditionExpression']!r} is not modelled"
        partition, first, last = (
            request["ExpressionAttributeValues"][token]["S"] for token in wanted.groups()
        )
        keys = sorted((pk, sk) for pk, sk in self.items if pk == partition and first <= sk <= last)
        if not request.get("ScanIndexForward", True):
            keys.reverse()
        if "ExclusiveStartKey" in request:
            after = _key(request["ExclusiveStartKey"])
            keys = [key for key in keys if (key < after) != request.get("ScanIndexForward", True)]
            keys = [key for key in keys if key != after]
        found = [_projected(self.items[key], request) for key in keys]
        most = request.get("Limit", len(found) + 1)
        answer: JsonObject = {"Items": found[:most], "Count": min(len(found), most)}
        if len(found) >= most:
            pk, sk = keys[most - 1]
            answer["LastEvaluatedKey"] = {"pk": {"S": pk}, "sk": {"S": sk}}
        return answer

    def _scan(self, request: JsonObject) -> JsonObject:
        condition = request.get("FilterExpression", "")
        keys = sorted(self.items)
        if "ExclusiveStartKey" in request:
            after = _key(request["ExclusiveStartKey"])
            keys = [key for key in keys if key > after]
        evaluated = keys[: request.get("Limit", len(keys))]
        matching = [self.items[key] for key in evaluated if _holds(condition, self.items[key], request)]
        answer: JsonObject = {
            "Items": [_projected(each, request) for each in matching],
            "Count": len(matching),
        }
        if "Limit" in request and len(keys) >= request["Limit"]:
            pk, sk = evaluated[-1]
            answer["LastEvaluatedKey"] = {"pk": {"S": pk}, "sk": {"S": sk}}
        return answer

    def _check(self, key: Key, request: JsonObject) -> None:
        found = self.items.get(key)
        if not _holds(request.get("ConditionExpression", ""), found, request):
            wanted = request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
            raise AwsError(CONDITION_FAILED, item=copy.deepcopy(found) if wanted and found else None)


def _projected(item: JsonObject, request: JsonObject) -> JsonObject:
    names = [_name(token, request) for token in request.get("ProjectionExpression", "").split(", ") if token]
    return copy.deepcopy({name: item[name] for name in names if name in item} if names else item)


def _targets(request: JsonObject) -> set[str]:
    """Attributes that an update sets, or adds to."""
    parts = _SECTION.split(request["UpdateExpression"])[1:]
    return {
        _name(action.split()[0], request)
        for section, body in zip(parts[::2], parts[1::2], strict=True)
        if section in {"SET", "ADD"}
        for action in _ACTIONS.split(body.strip())
    }


def _key(item: JsonObject) -> Key:
    return item["pk"]["S"], item["sk"]["S"]


def _name(token: str, request: JsonObject) -> str:
    name: str = request["ExpressionAttributeNames"][token] if token.startswith("#") else token
    return name


def _operand(token: str, item: JsonObject, request: JsonObject) -> Any:
    if sized := _SIZE.match(token):
        found = _operand(sized[1], item, request)
        return None if found is None else len(found)
    values = request.get("ExpressionAttributeValues", {})
    stored = values[token] if token.startswith(":") else item.get(_name(token, request))
    if stored is None:
        return None
    kind, content = next(iter(stored.items()))
    return int(content) if kind == "N" else content


def _holds(expression: str, item: JsonObject | None, request: JsonObject) -> bool:
    if not expression:
        return True
    item = item or {}
    return any(
        all(_clause(clause.strip(), item, request) for clause in _split(part, " AND "))
        for part in _split(expression, " OR ")
    )


def _split(expression: str, joint: str) -> list[str]:
    """Parts of an expression between joints that are not in brackets."""
    parts, depth = [""], 0
    for piece in re.split(f"({joint}|[()])", expression):
        depth += {"(": 1, ")": -1}.get(piece, 0)
        if piece == joint and not depth:
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def _clause(clause: str, item: JsonObject, request: JsonObject) -> bool:
    if clause.startswith("NOT "):
        return not _clause(clause.removeprefix("NOT "), item, request)
    if clause.startswith("("):
        return _holds(clause[1:-1], item, request)
    if absent := _NOT_EXISTS.match(clause):
        return _name(absent[1], request) not in item
    if contained := _CONTAINS.match(clause):
        return _operand(contained[2], item, request) in (_operand(contained[1], item, request) or ())
    compared = _COMPARISON.match(clause)
    assert compared, f"condition {clause!r} is not modelled"
    left, right = (_operand(compared[n], item, request) for n in (1, 3))
    if left is None or right is None:
        return False
    verdicts: dict[str, bool] = {
        ">=": left >= right,
        "<=": left <= right,
        "=": left == right,
        "<": left < right,
        ">": left > right,
    }
    return verdicts[compared[2]]


def _updated(item: JsonObject, request: JsonObject) -> JsonObject:
    before, after = item, copy.deepcopy(item)
    parts = _SECTION.split(request["UpdateExpression"])[1:]
    for section, body in zip(parts[::2], parts[1::2], strict=True):
        for action in _ACTIONS.split(body.strip()):
            _apply(section, action.strip(), before, after, request)
    return after


def _apply(section: str, action: str, before: JsonObject, after: JsonObject, request: JsonObject) -> None:
    if section == "REMOVE":
        after.pop(_name(action, request), None)
    elif section == "DELETE" or (
        section == "ADD" and "SS" in request["ExpressionAttributeValues"][action.split()[1]]
    ):
        _change_set(section, action, before, after, request)
    elif section == "ADD":
        token, value = action.split()
        name = _name(token, request)
        sum_ = (_operand(token, before, request) or 0) + _operand(value, before, request)
        after[name] = {"N": str(sum_)}
    else:
        target, expression = (side.strip() for side in action.split(" = ", 1))
        after[_name(target, request)] = _assigned(expression, before, request)


def _change_set(
    section: str, action: str, before: JsonObject, after: JsonObject, request: JsonObject
) -> None:
    token, value = action.split()
    name, given = _name(token, request), set(_operand(value, before, request))
    had = set(_operand(token, before, request) or ())
    left = had | given if section == "ADD" else had - given
    after.pop(name, None)
    if left:  # there is no empty set
        after[name] = {"SS": sorted(left)}


def _assigned(expression: str, before: JsonObject, request: JsonObject) -> JsonObject:
    terms = re.split(r" ([+-]) ", expression)
    if len(terms) == 1 and terms[0].startswith(":"):
        stored: JsonObject = request["ExpressionAttributeValues"][terms[0]]
        return stored
    total = _term(terms[0], before, request)
    for sign, term in zip(terms[1::2], terms[2::2], strict=True):
        total += _term(term, before, request) * (1 if sign == "+" else -1)
    return {"N": str(total)}


def _term(term: str, before: JsonObject, request: JsonObject) -> int:
    if otherwise := _IF_NOT_EXISTS.match(term):
        found = _operand(otherwise[1], before, request)
        return int(_operand(otherwise[2], before, request) if found is None else found)
    found = _operand(term, before, request)
    if found is None:
        raise AwsError(
            "ValidationException", "The provided expression refers to an attribute that is not there"
        )
    return int(found)
