"""Random updates and deletes of the rows that are there, and of few of them each."""

from random import Random

from .rows import count, order_key
from .steps import Statement

SPAN = 400
"""A range of keys has at most one in so many."""

UPDATES = [
    "UPDATE lineitem SET l_extendedprice = l_extendedprice * 1.07 WHERE l_orderkey {orders}",
    "UPDATE lineitem SET l_extendedprice = l_extendedprice * 0.93 WHERE l_partkey {parts}",
    "UPDATE lineitem SET l_quantity = l_quantity % 50 + 1 WHERE l_orderkey {orders}",
    "UPDATE lineitem SET l_discount = (l_discount + 0.03) % 0.11, l_tax = l_tax / 2"
    " WHERE l_orderkey {orders}",
    "UPDATE lineitem SET l_shipdate = l_shipdate + {days}, l_receiptdate = l_receiptdate + {days}"
    " WHERE l_orderkey {orders}",
    "UPDATE lineitem SET l_commitdate = l_receiptdate - 1 WHERE l_orderkey {orders}",
    "UPDATE lineitem SET l_receiptdate = l_commitdate WHERE l_suppkey = {supplier}"
    " AND l_linenumber = 2",
    "UPDATE lineitem SET l_returnflag = 'R', l_shipmode = 'MAIL'"
    " WHERE l_orderkey {orders} AND l_returnflag = 'N'",
    "UPDATE lineitem SET l_partkey = {part}, l_suppkey = {supplier} WHERE l_orderkey {orders}",
    "UPDATE lineitem SET l_suppkey = {supplier} WHERE l_suppkey = {other_supplier}"
    " AND l_linenumber = 1",
    "UPDATE lineitem SET l_orderkey = {order}, l_linenumber = l_linenumber + {fresh}"
    " WHERE l_orderkey = {other_order}",
    "UPDATE lineitem SET l_quantity = p_size FROM part"
    " WHERE l_partkey = p_partkey AND p_partkey {parts}",
    "UPDATE orders SET o_custkey = {customer} WHERE o_orderkey {orders}",
    "UPDATE orders SET o_orderdate = o_orderdate - {days} WHERE o_orderkey {orders}",
    "UPDATE orders SET o_orderpriority = '1-URGENT', o_orderstatus = 'F' WHERE o_orderkey {orders}",
    "UPDATE orders SET o_comment = 'special packages and requests' WHERE o_custkey {customers}",
    "UPDATE orders SET o_orderkey = o_orderkey + 8 WHERE o_orderkey = {order}",
    "UPDATE orders SET o_totalprice = total FROM ("
    "SELECT l_orderkey, sum(l_extendedprice * (1 + l_tax) * (1 - l_discount)) AS total"
    " FROM lineitem WHERE l_orderkey {orders} GROUP BY l_orderkey) AS lines"
    " WHERE o_orderkey = l_orderkey",
    "UPDATE customer SET c_acctbal = -c_acctbal, c_mktsegment = 'BUILDING'"
    " WHERE c_custkey {customers}",
    "UPDATE customer SET c_nationkey = {nation},"
    " c_phone = {nation} + 10 || substring(c_phone FROM 3) WHERE c_custkey {customers}",
    "UPDATE supplier SET s_acctbal = s_acctbal / 3 WHERE s_suppkey {suppliers}",
    "UPDATE supplier SET s_nationkey = {nation} WHERE s_suppkey = {supplier}",
    "UPDATE supplier SET s_comment = 'Customer ' || s_comment || ' Complaints'"
    " WHERE s_suppkey = {supplier} AND length(s_comment) < 80",
    "UPDATE part SET p_size = p_size % 50 + 1, p_type = 'PROMO PLATED BRASS'"
    " WHERE p_partkey {parts}",
    "UPDATE part SET p_brand = 'Brand#23', p_container = 'MED BOX' WHERE p_partkey = {part}",
    "UPDATE part SET p_name = 'forest green' WHERE p_partkey = {part}",
    "UPDATE partsupp SET ps_supplycost = ps_supplycost * 1.5 WHERE ps_suppkey = {supplier}"
    " AND ps_partkey % 5 = 0",
    "UPDATE partsupp SET ps_availqty = ps_availqty / 7 WHERE ps_partkey {parts}",
    "INSERT INTO partsupp SELECT p_partkey, {supplier}, p_size, p_retailprice, p_comment"
    " FROM part WHERE p_partkey {parts}"
    " ON CONFLICT (ps_partkey, ps_suppkey) DO UPDATE SET ps_supplycost = excluded.ps_supplycost",
    "UPDATE nation SET n_regionkey = {region} WHERE n_nationkey = {nation}",
]

DELETES = [
    "DELETE FROM lineitem WHERE l_orderkey {orders}",
    "DELETE FROM lineitem WHERE l_partkey = {part}",
    "DELETE FROM lineitem USING orders WHERE l_orderkey = o_orderkey AND o_custkey {customers}",
    "DELETE FROM orders WHERE o_orderkey {orders}",
    "DELETE FROM orders WHERE o_custkey = {customer}",
    "DELETE FROM customer WHERE c_custkey {customers} AND c_acctbal < 0",
    "DELETE FROM part WHERE p_partkey {parts}",
    "DELETE FROM partsupp WHERE ps_partkey {parts} AND ps_suppkey % 2 = 0",
    "DELETE FROM supplier WHERE s_suppkey = {supplier} AND s_acctbal < 0",
]


class Changes:
    """Draws changes to the rows that have come so far."""

    def __init__(self, scale, seed):
        self.random = Random(f"{seed} changes")
        self.scale = scale
        self.held = {}
        self.drawn = 0

    def grow(self, part):
        """From here on this part of each table's rows has come."""
        self.held = {table: max(int(count(table, self.scale) * part), 1)
                     for table in ["supplier", "customer", "part", "orders"]}

    def draw(self):
        """A Statement."""
        self.drawn += 1
        templates = DELETES if self.random.random() < 0.25 else UPDATES
        return Statement(self.random.choice(templates).format(
            order=order_key(self.number("orders")), other_order=order_key(self.number("orders")),
            orders=self.range("orders", order_key), part=self.key("part"),
            parts=self.range("part"), supplier=self.key("supplier"),
            other_supplier=self.key("supplier"), suppliers=self.range("supplier"),
            customer=self.key("customer"), customers=self.range("customer"),
            nation=self.random.randrange(25), region=self.random.randrange(5),
            days=self.random.randint(1, 60), fresh=self.drawn * 10))

    def number(self, table):
        return self.random.randrange(self.held[table])

    def key(self, table):
        return self.number(table) + 1

    def range(self, table, key=lambda number: number + 1):
        first = self.number(table)
        length = self.random.randint(1, max(self.held[table] // SPAN, 1))
        return f"BETWEEN {key(first)} AND {key(first + length - 1)}"
