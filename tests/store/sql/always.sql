WITH cells AS (
  SELECT c.bucket, s.total * c.multiply / c.divide AS total, 0 AS covered,
    s.numbers, s.cells, 0 AS open_cells, s.seen
  FROM (
    SELECT c.start AS start, fsum(r.value) AS total,
      count(r.value) AS numbers, count(*) AS cells, bit_or(CAST(1 AS INTEGER) << r.flag) AS seen
    FROM (
      SELECT series, ts, CASE WHEN flag NOT IN (0, 19) THEN value END AS value, flag
      FROM readings
    ) AS r
    JOIN sum_calendar_0 AS c ON c.point = r.ts
    JOIN sum_members_0 AS m ON m.series = r.series
    GROUP BY c.start
  ) AS s
  JOIN sum_calendar_0 AS c ON c.start = s.start
)
SELECT t.bucket, fsum(t.total) AS total, 0 AS covered,
  CAST(sum(t.numbers) AS BIGINT) AS numbers, CAST(sum(t.cells) AS BIGINT) AS cells,
  CAST(sum(t.open_cells) AS BIGINT) AS open_cells, bit_or(t.seen) AS seen
FROM cells AS t
GROUP BY t.bucket
ORDER BY t.bucket
