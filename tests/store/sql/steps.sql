WITH lane_4_series AS (
  SELECT DISTINCT series FROM sum_members_4
),
lane_4_points AS (
  SELECT r.series, r.ts, r.value, r.flag
  FROM readings AS r JOIN lane_4_series AS s ON s.series = r.series
  WHERE r.ts >= 0 AND r.ts < 31536000000000
  UNION ALL
  SELECT r.series, r.ts, r.value, r.flag FROM readings AS r
  JOIN (
    SELECT r.series, max(r.ts) AS ts
    FROM readings AS r JOIN lane_4_series AS s ON s.series = r.series
    WHERE r.ts < 0 GROUP BY r.series
  ) AS b ON b.series = r.series AND b.ts = r.ts
  UNION ALL
  SELECT r.series, min(r.ts) AS ts, NULL AS value, 19 AS flag
  FROM readings AS r JOIN lane_4_series AS s ON s.series = r.series
  WHERE r.ts >= 31536000000000 GROUP BY r.series
  UNION ALL
  SELECT series, -62135596800000000 AS ts, NULL AS value, 19 AS flag
  FROM lane_4_series
),
lane_4_held AS (
  SELECT series, ts AS start, coalesce(until, 253402214400000000) AS "end", until - ts AS length,
    CASE WHEN flag NOT IN (0, 19) THEN value END AS value, flag
  FROM (
    SELECT series, ts, value, flag, lead(ts) OVER (PARTITION BY series ORDER BY ts) AS until
    FROM lane_4_points
  ) AS p
),
lane_4_pieces AS (
  SELECT h.series, b.bucket,
    greatest(h.start, b.start) AS start, least(h."end", b."end") AS "end",
    h.length, h.value AS value, h.flag
  FROM lane_4_held AS h
  JOIN sum_buckets AS b ON b.start < h."end" AND b."end" > h.start
  JOIN sum_members_4 AS m ON m.series = h.series AND b.start >= m.start AND b.start < m."end"
),
cells AS (
  SELECT bucket, fsum(total / (NULLIF(covered, 0) / 3600000000)) AS total,
    0 AS covered, CAST(sum(numbers) AS BIGINT) AS numbers,
    CAST(sum(cells) AS BIGINT) AS cells, CAST(sum(open_cells) AS BIGINT) AS open_cells,
    bit_or(seen) AS seen
  FROM (
    SELECT r.series, c.bucket, fsum((r.value * m.scale + m.shift) * c.multiply / c.divide) AS total,
      CAST(sum(CASE WHEN r.value IS NULL THEN 0 ELSE c."end" - c.start END) AS BIGINT) AS covered,
      count(r.value) AS numbers, count(*) AS cells, 0 AS open_cells,
      bit_or(CAST(1 AS INTEGER) << r.flag) AS seen
    FROM sum_given AS r
    JOIN sum_calendar_3 AS c ON c.point = r.ts
    JOIN sum_members_3 AS m ON m.series = r.series
      AND r.ts + (c.decided - c.point) >= m.start AND r.ts + (c.decided - c.point) < m."end"
    GROUP BY r.series, c.bucket
  ) AS s
  GROUP BY bucket
  UNION ALL
  SELECT bucket, fsum(total / (NULLIF(covered, 0) / 3600000000)) AS total,
    0 AS covered, CAST(sum(numbers) AS BIGINT) AS numbers,
    CAST(sum(cells) AS BIGINT) AS cells, CAST(sum(open_cells) AS BIGINT) AS open_cells,
    bit_or(seen) AS seen
  FROM (
    SELECT series, bucket, fsum(value * ("end" - start) / 3600000000) AS total,
      CAST(sum(CASE WHEN value IS NULL THEN 0 ELSE "end" - start END) AS BIGINT) AS covered,
      count(value) AS numbers, count(*) AS cells, count(*) AS open_cells,
      bit_or(CAST(1 AS INTEGER) << flag) AS seen
    FROM lane_4_pieces
    GROUP BY series, bucket
  ) AS s
  GROUP BY bucket
)
SELECT t.bucket, fsum(t.total) AS total, 0 AS covered,
  CAST(sum(t.numbers) AS BIGINT) AS numbers, CAST(sum(t.cells) AS BIGINT) AS cells,
  CAST(sum(t.open_cells) AS BIGINT) AS open_cells, bit_or(t.seen) AS seen
FROM cells AS t
GROUP BY t.bucket
ORDER BY t.bucket
