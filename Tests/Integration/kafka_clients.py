"""Short words for what tests and benchmarks do with confluent-kafka."""

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from streamhouse import wait_until

DEADLINE = 30.0


def produce(server, topic, values, partition=None, **settings):
    """Produces values (bytes, or keyword arguments of Producer.produce) and waits for each
    acknowledgement; the acknowledged messages in the order of their reports."""
    producer = Producer({"bootstrap.servers": server.kafka, **settings})
    done, failed = [], []

    def report(error, message):
        (failed if error else done).append(error or message)

    for value in values:
        arguments = value if isinstance(value, dict) else {"value": value}
        if partition is not None:
            arguments = {"partition": partition, **arguments}
        send(producer, topic, on_delivery=report, **arguments)
    left = producer.flush(DEADLINE)
    assert left == 0 and failed == [], f"{left} without an answer, {failed[:3]} refused"
    return done


def send(producer, topic, **arguments):
    """Produces one message, serving delivery reports while the queue is full."""
    while True:
        try:
            producer.produce(topic, **arguments)
            producer.poll(0)
            return
        except BufferError:
            producer.poll(0.1)


def consumer(server, group="unused", **settings):
    """A consumer that commits only when told and starts at the beginning."""
    return Consumer({"bootstrap.servers": server.kafka, "group.id": group,
                     "enable.auto.commit": False, "auto.offset.reset": "earliest", **settings})


def partitions_of(client, topic):
    """The partition numbers of a topic that exists."""
    return sorted(client.list_topics(topic, timeout=10).topics[topic].partitions)


def end_offsets(client, topic):
    """The high watermark of each partition."""
    return {p: client.get_watermark_offsets(TopicPartition(topic, p), timeout=10)[1]
            for p in partitions_of(client, topic)}


def take(client, count, deadline=DEADLINE):
    """The next `count` messages of a consumer that has an assignment."""
    messages = []

    def enough():
        for message in client.consume(count - len(messages), 0.2):
            raise_error(message)
            messages.append(message)
        return len(messages) >= count

    wait_until(enough, deadline, f"{count} messages")
    return messages


def take_topic(server, topic):
    """Every message a topic holds now, by partition and offset, read without a group."""
    client = consumer(server)
    try:
        ends = end_offsets(client, topic)
        client.assign([TopicPartition(topic, p, 0) for p in ends])
        messages = take(client, sum(ends.values()), 4 * DEADLINE)
        return sorted(messages, key=lambda m: (m.partition(), m.offset()))
    finally:
        client.close()


def raise_error(message):
    if message.error() and message.error().code() != KafkaError._PARTITION_EOF:
        raise KafkaException(message.error())
