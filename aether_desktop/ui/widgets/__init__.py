"""Parts that views are made of; none of them knows a service or a store."""
