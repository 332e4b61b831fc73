-- Pass through: what reading, decoding and storing cost.
SELECT auction, bidder, price, date_time, extra
FROM bid
