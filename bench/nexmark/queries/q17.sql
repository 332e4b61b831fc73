-- Auction statistics by day: many aggregates on many groups.
SELECT auction, to_char(date_time, 'YYYY-MM-DD') AS day, count(*) AS total_bids,
  count(*) FILTER (WHERE price < 10000) r0,
  count(*) FILTER (WHERE price >= 10000 AND price < 1000000) r1,
  count(*) FILTER (WHERE price >= 1000000) r2,
  min(price) mi, max(price) ma, avg(price) av, sum(price) AS sum_price
FROM bid
GROUP BY 1, 2
