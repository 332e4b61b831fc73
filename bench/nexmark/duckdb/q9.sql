-- As queries/q9.sql; of equal bids the earlier arrival wins.
SELECT * FROM (
  SELECT a.id, a.item_name, a.seller, a.category, b.auction, b.bidder, b.price,
    b.date_time AS bid_time, b.extra AS bid_extra,
    row_number() OVER (PARTITION BY a.id ORDER BY b.price DESC, b.date_time, b.arrival) AS rn
  FROM auction a JOIN (SELECT *, row_number() OVER () AS arrival FROM bid) b ON a.id = b.auction
    AND b.date_time BETWEEN a.date_time AND a.expires
) r WHERE rn <= 1
