"""The find slot of UMS: GET /user/{name}, read from the table ums_users."""
