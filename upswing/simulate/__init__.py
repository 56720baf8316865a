"""Made-up companies with known truth: what happens is drawn first, then told as events, the truth beside them."""
