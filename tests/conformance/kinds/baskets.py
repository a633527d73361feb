"""Baskets by mlxtend's association rules of a table of true and false."""

import math
import warnings
from fractions import Fraction

import pandas
from mlxtend.frequent_patterns import apriori, association_rules, fpgrowth

CLICKHOUSE = True
ITEMS = {"item_id": 1, "channel": 7, "user_id": 0, "price": 4, "order_id": 5}
BASKETS = {"order_id": 5, "session_id": 6, "user_id": 0, "ts": 3}


def question(rng):
    query = {"kind": "baskets"}
    if rng.random() < 0.8:
        query["item"] = rng.choice([*ITEMS, "order_id", "user_id"])
    if rng.random() < 0.7:
        query["by"] = rng.choice(list(BASKETS))
    if query.get("item", "item_id") == query.get("by", "order_id"):
        del query["item"]
    if rng.random() < 0.7:
        query["min_support"] = rng.choice([1, 1, 2, 3, 5, 0.1, 0.25, 0.5, 2.5])
    if rng.random() < 0.3:
        query["where"] = [rng.choice([{"action": "buy"}, {"not": {"action": "view"}}, {"column": "price", "gt": 5}])]
    if rng.random() < 0.3:
        query["limit"] = rng.choice([0, 1, 5, 1_000])
    if rng.random() < 0.15:
        return {**query, "of": "items"}
    if rng.random() < 0.4:
        query["min_confidence"] = rng.choice([0, 0.25, 0.5, 0.75, 1])
    if rng.random() < 0.3:
        query["for"] = "a" if query.get("item", "item_id") in ("item_id", "channel") else rng.choice([0, 1, 3])
    if rng.random() < 0.7:
        query["rank"] = rng.choice(["baskets", "support", "confidence", "lift", "cosine"])
    return query


def expected(query, events):
    def passes(row):
        condition = (query.get("where") or [None])[0]
        if condition is None:
            return True
        if "column" in condition:
            return row[4] is not None and float(row[4]) > 5
        return row[2] == "buy" if "action" in condition else row[2] is not None and row[2] != "view"

    name = query.get("item", "item_id")
    item, by = ITEMS[name], BASKETS[query.get("by", "order_id")]
    cells = {(row[by], row[item]) for row in events.rows if passes(row) and row[by] is not None and row[item] is not None}
    n = len({basket for basket, _ in cells})
    least = query.get("min_support", 2)
    least = math.ceil(Fraction(str(least)) * n) if least < 1 else math.ceil(least)
    if not cells or least > n:
        return []
    frame = pandas.crosstab(pandas.Series([str(basket) for basket, _ in cells]), pandas.Series([str(value) for _, value in cells])) > 0

    def typed(text):
        return text if name in ("item_id", "channel") else float(text)

    mine = apriori if len(cells) % 2 else fpgrowth
    sets = mine(frame, min_support=(least - 0.5) / n, use_colnames=True, max_len=2)
    limit = query.get("limit", 100)
    if query.get("of") == "items":
        singles = [(typed(*items), support) for items, support in zip(sets["itemsets"], sets["support"]) if len(items) == 1]
        rows = [[value, round(support * n), support] for value, support in singles]
        return sorted(rows, key=lambda row: (-row[1], row[0]))[:limit]
    if not any(len(items) == 2 for items in sets["itemsets"]):
        return []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Other measures divide by zero.
        rules = association_rules(sets, metric="support", min_threshold=0)
    rows = []
    for rule in rules.itertuples():
        (left,), (right,) = rule.antecedents, rule.consequents
        both, of_left, of_right = (round(rule[at] * n) for at in (5, 3, 4))
        cosine = Fraction(both * both, of_left * of_right)
        if Fraction(both, of_left) < Fraction(str(query.get("min_confidence", 0))):
            continue
        if "for" in query and str(query["for"]) != left and not (name == "price" and float(left) == query["for"]):
            continue
        ranks = {"baskets": both, "support": both, "confidence": Fraction(both, of_left), "lift": Fraction(both * n, of_left * of_right),
                 "cosine": cosine}
        row = [typed(left), typed(right), both, rule.support, rule.confidence, rule.lift, math.sqrt(cosine)]
        rows.append(((-ranks[query.get("rank", "lift")], -both, row[0], row[1]), row))
    return [row for _, row in sorted(rows, key=lambda pair: pair[0])][:limit]
