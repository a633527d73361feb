"""One module for each kind: `question(rng)`, and `expected(query, events)` where an oracle of its own knows the answer."""


def some(rng, *choices):
    """A condition on rows that holds for some."""
    return rng.choice(list(choices) or [{"action": "view"}, {"action": "cart"}, {"action": "buy"}, {"item_id": "a"}, {"column": "price", "gt": 10},
                                        {"column": "action", "in": ["cart", "buy"]}, {"not": {"action": "view"}}])
