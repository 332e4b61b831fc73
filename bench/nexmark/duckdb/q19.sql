-- As queries/q19.sql; of equal bids the earlier arrival comes first.
SELECT auction, bidder, price, channel, url, date_time, extra, rn
FROM (SELECT *, row_number() OVER (PARTITION BY auction ORDER BY price DESC, arrival) AS rn
      FROM (SELECT *, row_number() OVER () AS arrival FROM bid)) r
WHERE rn <= 10
