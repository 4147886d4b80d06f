"""The find service as a tutorial has it: Flask, served by waitress, and a database connection for every request."""

import os
import sys
import threading

import mysql.connector
from flask import Flask, jsonify
from waitress import serve

app = Flask(__name__)


def connect():
    return mysql.connector.connect(
        host=os.environ["DB_HOST"],
        port=int(os.environ["DB_PORT"]),
        user=os.environ["DB_USER"],
        password=os.environ["DB_PASSWORD"],
        database=os.environ["DB_NAME"],
        collation="utf8mb4_general_ci",  # the default is one that MariaDB does not know
    )


@app.get("/user/<name>")
def find(name):
    connection = connect()
    try:
        cursor = connection.cursor()
        cursor.execute("SELECT name, phone, since FROM ums_users WHERE name = %s", (name,))
        row = cursor.fetchone()
    finally:
        connection.close()
    if row is None:
        return jsonify(error="not found"), 404
    return jsonify(name=row[0], phone=row[1], since=row[2].isoformat() + "Z")


def end_with_parent():
    """End when the standard input does: it is a pipe from the benchmark."""
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=end_with_parent, daemon=True).start()
    serve(app, listen=os.environ["ADDR"])
