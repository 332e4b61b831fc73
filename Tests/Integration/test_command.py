"""What an operator sees of the command: flags, ports, signals, refusals, HTTP."""

import http.client
import json
import re
import signal
import socket
import threading

import pytest
from confluent_kafka import Consumer

from streamhouse import READY_LINE, StartFailure, run_command, wait_until

SERVE_FLAGS = ["--data-dir", "--listen", "--pg-port", "--kafka-port", "--http-port", "--workers",
               "--kafka-advertise", "--init", "--auth", "--checkpoint-interval-ms"]

PORT_FLAGS = ["--pg-port", "--kafka-port", "--http-port"]

FREE_PORTS = [part for flag in PORT_FLAGS for part in (flag, "0")]

METRIC_LINE = re.compile(
    r'^[a-zA-Z_:][a-zA-Z0-9_:]*(\{[^{}]*\})? [-+]?(\d+(\.\d+)?([eE][-+]?\d+)?|Inf|NaN)( \d+)?$')


def serve_to_its_end(*flags, **options):
    """Runs `serve` with flags that should be refused; the completed process."""
    return run_command("serve", *flags, **options)


def expect_refusal(done, *words):
    """One sentence on stderr that has the words, nothing on stdout, a non-zero exit."""
    assert done.returncode > 0, f"ended with {done.returncode}: success, or a signal"
    assert done.stdout == ""
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, f"one sentence, not {len(lines)} lines:\n{done.stderr}"
    for word in words:
        assert str(word) in lines[0]


# Words

def test_version_is_one_line():
    done = run_command("--version")
    assert done.returncode == 0
    assert re.fullmatch(r"streamhouse \d+\.\d+\S*\n", done.stdout)


def test_help_names_the_subcommands_and_every_flag():
    done = run_command("--help")
    assert done.returncode == 0
    assert [word for word in ["serve", "generate", *SERVE_FLAGS] if word not in done.stdout] == []


@pytest.mark.parametrize("arguments, word", [
    (["serve", "--no-such-flag"], "--no-such-flag"),
    (["serve", "--pg-port"], "--pg-port"),
    (["serve", "--pg-port", "many"], "many"),
    (["serve", "--pg-port", "65536"], "65536"),
    (["serve", "--workers", "0"], "--workers"),
    (["no-such-command"], "no-such-command"),
    (["generate", "nexmark", "--table", "nothing", "--count", "1", "--seed", "1"], "--table"),
])
def test_a_wrong_command_line_is_one_sentence(arguments, word, tmp_path):
    expect_refusal(run_command(*arguments, cwd=tmp_path), word)
    assert list(tmp_path.iterdir()) == [], "a refused command leaves nothing behind"


# Starting

def test_the_ready_line_is_all_there_is_on_stdout(fresh):
    fresh.sql("SELECT 1")
    fresh.psql("-c", "SELECT nonsense", check=False)
    fresh.kcat("-L")
    fresh.http("/metrics")
    fresh.stop()
    assert len(fresh.stdout_lines) == 1
    assert READY_LINE.match(fresh.stdout_lines[0])


def test_all_three_ports_accept_once_the_line_is_there(fresh):
    ports = [fresh.pg_port, fresh.kafka_port, fresh.http_port]
    assert 0 not in ports and len(set(ports)) == 3
    for port in ports:
        socket.create_connection((fresh.host, port), timeout=5).close()


def test_the_default_data_directory_is_below_the_working_directory(spawn):
    server = spawn(command_line=["serve", *FREE_PORTS])
    server.stop()
    assert (server.directory / "data").is_dir()


def test_variables_configure_what_flags_do(spawn, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    variables = {"STREAMHOUSE_DATA_DIR": str(elsewhere), "STREAMHOUSE_LISTEN": "127.0.0.1",
                 "STREAMHOUSE_PG_PORT": "0", "STREAMHOUSE_KAFKA_PORT": "0",
                 "STREAMHOUSE_HTTP_PORT": "0", "STREAMHOUSE_WORKERS": "1",
                 "STREAMHOUSE_CHECKPOINT_INTERVAL_MS": "200"}
    server = spawn(env=variables, command_line=["serve"])
    assert server.sql("SELECT 1") == [(1,)]
    server.stop()
    assert elsewhere.is_dir() and not server.data_directory.exists()


def test_a_flag_wins_over_its_variable(spawn, tmp_path):
    server = spawn(env={"STREAMHOUSE_DATA_DIR": str(tmp_path / "loses")})
    server.stop()
    assert server.data_directory.is_dir() and not (tmp_path / "loses").exists()


def test_a_wrong_variable_is_refused_as_its_flag_is(tmp_path):
    done = serve_to_its_end(cwd=tmp_path, env={"STREAMHOUSE_PG_PORT": "many"})
    expect_refusal(done, "many")


def test_a_second_process_on_a_data_directory_is_refused(fresh):
    fresh.sql("CREATE TABLE kept (x bigint)")
    expect_refusal(serve_to_its_end("--data-dir", fresh.data_directory, *FREE_PORTS),
                   fresh.data_directory)
    fresh.sql("INSERT INTO kept VALUES (1)")
    assert fresh.sql("SELECT x FROM kept") == [(1,)]


def test_the_directory_of_a_killed_process_is_free_again(fresh):
    fresh.kill9()
    fresh.restart()
    assert fresh.sql("SELECT 1") == [(1,)]


@pytest.mark.parametrize("flag", PORT_FLAGS)
def test_a_busy_port_is_refused(flag, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        others = [part for other in PORT_FLAGS if other != flag for part in (other, "0")]
        expect_refusal(
            serve_to_its_end("--data-dir", tmp_path / "data", flag, port, *others), port)


def test_a_data_directory_that_cannot_be_made_is_refused(tmp_path):
    """Below a regular file nobody can make a directory, root neither."""
    (tmp_path / "file").write_text("in the way")
    unwritable = tmp_path / "file" / "data"
    expect_refusal(serve_to_its_end("--data-dir", unwritable, *FREE_PORTS), unwritable)


def test_trust_is_refused_beyond_loopback(tmp_path):
    done = serve_to_its_end("--data-dir", tmp_path / "data", "--listen", "0.0.0.0",
                            "--auth", "trust", *FREE_PORTS)
    expect_refusal(done, "trust")


def test_the_advertised_address_is_what_kafka_clients_are_told(spawn):
    server = spawn("--kafka-advertise", "broker.example:19092")
    assert b"broker.example:19092" in server.kcat("-L").stdout


# --init

def test_init_runs_on_a_new_data_directory_only(spawn, tmp_path):
    script = tmp_path / "init.sql"
    script.write_text("""
        -- Several statements, a comment and a view.
        CREATE TABLE made (x bigint);
        CREATE MATERIALIZED VIEW doubled AS SELECT x * 2 AS y FROM made;
        INSERT INTO made VALUES (1), (2);
    """)
    server = spawn("--init", script)
    assert server.sql("SELECT y FROM doubled ORDER BY y") == [(2,), (4,)]
    server.stop()
    server.restart()
    assert server.sql("SELECT y FROM doubled ORDER BY y") == [(2,), (4,)]
    server.stop()


@pytest.mark.parametrize("text", ["CREATE TABLE broken (x no_such_type);", None])
def test_a_failing_init_stops_the_start(text, spawn, tmp_path):
    script = tmp_path / "init.sql"
    if text is not None:
        script.write_text(text)
    with pytest.raises(StartFailure) as failure:
        spawn("--init", script)
    assert "init.sql" in str(failure.value)


# Signals

@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_exit_0_and_everything_kept(how, fresh):
    """Open sessions, one of them inside a transaction, and a waiting consumer hold nothing up."""
    fresh.sql("CREATE TOPIC watched WITH (partitions = 1)")
    fresh.sql("CREATE TABLE kept (x bigint)")
    fresh.sql("CREATE MATERIALIZED VIEW total AS SELECT sum(x) AS s FROM kept")
    fresh.sql("INSERT INTO kept VALUES (1), (2)")
    consumer = Consumer({"bootstrap.servers": fresh.kafka, "group.id": "waits",
                         "fetch.wait.max.ms": 30000, "socket.timeout.ms": 60000})
    consumer.subscribe(["watched"])
    wait_until(lambda: consumer.poll(0.05) or consumer.assignment(), what="an assignment")
    with fresh.connect(autocommit=False) as busy:
        busy.execute("INSERT INTO kept VALUES (100)")
        fresh.stop(how)
        busy.close()
    consumer.close()
    fresh.restart()
    assert fresh.sql("SELECT s FROM total") == [(3,)]


def test_a_signal_ends_a_long_query_too(fresh):
    def run():
        try:
            fresh.sql("SELECT count(*) FROM generate_series(1, 1000000000000)")
        except Exception as error:  # how it ends is the client library's affair
            ended.append(error)
    ended = []
    idle = fresh.cpu_seconds()
    query = threading.Thread(target=run, daemon=True)
    query.start()
    wait_until(lambda: fresh.cpu_seconds() > idle + 0.2, what="a busy server")
    fresh.stop()
    query.join(10)
    assert ended and not query.is_alive()


# HTTP

@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_ready_server_is_healthy_over_http(path, server):
    status, _, _ = server.http(path)
    assert status == 200


def test_an_unknown_path_is_404(server):
    assert server.http("/no/such/path")[0] == 404


def test_metrics_are_prometheus_text(server):
    status, content_type, body = server.http("/metrics")
    assert status == 200 and content_type.startswith("text/plain")
    samples = [line for line in body.splitlines() if line and not line.startswith("#")]
    assert samples and [line for line in samples if not METRIC_LINE.match(line)] == []
    declared = re.findall(r"^# TYPE (\S+) (?:counter|gauge|histogram|summary|untyped)$", body, re.M)
    names = {re.match(r"[^{ ]+", line)[0] for line in samples}
    assert {n for n in names if not any(n.startswith(d) for d in declared)} == set()
    assert len(declared) == len(set(declared))


def test_http_connections_are_kept_and_other_methods_refused(server):
    """Scrapers keep their connection; a wrong method must not break it either."""
    client = http.client.HTTPConnection(server.host, server.http_port, timeout=10)
    for method, path, expected in [("GET", "/healthz", 200), ("POST", "/metrics", 405),
                                   ("GET", "/metrics", 200)]:
        client.request(method, path)
        answer = client.getresponse()
        answer.read()
        assert answer.status == expected
    client.close()


# The generator as a command

@pytest.mark.parametrize("table, share, fields", [
    ("person", 20, ["id", "name", "email_address", "credit_card", "city", "state", "date_time",
                    "extra"]),
    ("auction", 60, ["id", "item_name", "description", "initial_bid", "reserve", "date_time",
                     "expires", "seller", "category", "extra"]),
    ("bid", 920, ["auction", "bidder", "price", "channel", "url", "date_time", "extra"]),
])
def test_generate_prints_the_tables_share_of_all_events(table, share, fields):
    lines = generate(table, 1000, 1)
    assert len(lines) == share
    for line in lines:
        row = json.loads(line)
        assert list(row) == fields
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}", row["date_time"])


def test_generate_is_deterministic_and_a_prefix_of_more():
    assert generate("bid", 1000, 7) == generate("bid", 1000, 7)
    assert generate("bid", 3000, 7)[:920] == generate("bid", 1000, 7)
    assert generate("bid", 1000, 8) != generate("bid", 1000, 7)


def test_generated_bids_have_the_known_skew():
    """Half of the bids go to the hot auction, three quarters to the hot bidder of their batch."""
    bids = [json.loads(line) for line in generate("bid", 5000, 1)]
    hot_auctions = sum((bid["auction"] - 1000) % 100 == 0 for bid in bids) / len(bids)
    hot_bidders = sum((bid["bidder"] - 1000) % 100 == 1 for bid in bids) / len(bids)
    assert 0.45 < hot_auctions < 0.56 and 0.70 < hot_bidders < 0.81


def generate(table, count, seed):
    """The lines `streamhouse generate nexmark` prints."""
    done = run_command("generate", "nexmark", "--table", table, "--count", count, "--seed", seed)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
