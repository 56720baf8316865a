"""What customers' events become: names that nothing maps with a proposed row each, and payloads tried on paper."""
