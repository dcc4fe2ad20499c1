"""The command and the schedule: they put jobs in a row, and nothing imports them."""
