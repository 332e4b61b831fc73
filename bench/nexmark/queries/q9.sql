-- Winning bids: the first of each group.
SELECT * FROM (SELECT a.id, a.item_name, a.seller, a.category, b.auction, b.bidder, b.price,
b.date_time AS bid_time, b.extra AS bid_extra, row_number() OVER (PARTITION BY a.id ORDER BY b.price
DESC, b.date_time) AS rn FROM auction a JOIN bid b ON a.id = b.auction AND b.date_time BETWEEN
a.date_time AND a.expires) r WHERE rn <= 1
