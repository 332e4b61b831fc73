-- As queries/q18.sql; of bids at one time the later arrival wins.
SELECT auction, bidder, price, channel, url, date_time, extra
FROM (SELECT *, row_number() OVER (PARTITION BY bidder, auction ORDER BY date_time DESC, arrival DESC) AS rn
      FROM (SELECT *, row_number() OVER () AS arrival FROM bid)) r
WHERE rn <= 1
