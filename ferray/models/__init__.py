"""Networks: a backbone that yields features, a head that yields logits, and what travels with their weights."""
