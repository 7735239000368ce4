"""What stands in the table: what keys were charged, what calls hold, and the step in time that no test waits for."""

import hashlib


def hash_of(key):
    return hashlib.sha256(key.encode()).hexdigest()


class State:
    """One table, read behind everybody's back."""

    def __init__(self, client, table):
        self._client, self._table = client, table

    def totals(self, key):
        """Nano-dollars that a key was charged, those that count against its budget, and its charged calls."""
        at = {"pk": {"S": f"KEY#{hash_of(key)}"}, "sk": {"S": "SPEND"}}
        item = self._client.get_item(TableName=self._table, Key=at, ConsistentRead=True)["Item"]
        return tuple(int(item.get(name, {"N": "0"})["N"]) for name in ("spend", "used", "requests"))

    def rows(self, key):
        """Spend rows of a key: how many nano-dollars each says."""
        return [int(item["spend"]["N"]) for item in self._with("LOG#") if item["key"]["S"] == hash_of(key)]

    def in_flight(self, key):
        """Requests of a key that count as being under way."""
        counters = self._with(f"RATE#api_key#{hash_of(key)}")
        return sum(int(item["count"]["N"]) for item in counters if item["sk"]["S"] == "PARALLEL")

    def holds(self):
        """What calls hold. What stands in the place of a call that was given up holds nothing."""
        return [item for item in self._with("HOLD#") if "void" not in item]

    def end_calls(self):
        """As if the time of every call under way were over: a minute more than the call itself may take."""
        for hold in self.holds():
            self._client.update_item(
                TableName=self._table,
                Key={"pk": hold["pk"], "sk": hold["sk"]},
                UpdateExpression="SET #until = :past",
                ExpressionAttributeNames={"#until": "until"},
                ExpressionAttributeValues={":past": {"N": "1"}},
            )

    def _with(self, partition):
        scan = {"TableName": self._table, "ConsistentRead": True}
        scan |= {"FilterExpression": "begins_with(pk, :part)", "ExpressionAttributeValues": {":part": {"S": partition}}}
        pages = self._client.get_paginator("scan").paginate(**scan)
        return [item for page in pages for item in page["Items"]]
