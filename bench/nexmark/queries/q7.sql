-- Highest bid: a window aggregate joined back to its own input. BETWEEN includes both ends.
SELECT b.auction, b.price, b.bidder, b.date_time, b.extra
FROM bid b JOIN (
  SELECT max(price) AS maxprice, window_end
  FROM TUMBLE(bid, date_time, INTERVAL '10 seconds')
  GROUP BY window_end
) m ON b.price = m.maxprice
WHERE b.date_time BETWEEN m.window_end - INTERVAL '10 seconds' AND m.window_end
