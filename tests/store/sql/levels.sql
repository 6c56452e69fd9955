WITH lane_2_series AS (
  SELECT DISTINCT series FROM sum_members_2
),
lane_2_points AS (
  SELECT r.series, r.ts, r.value, r.flag
  FROM readings AS r JOIN lane_2_series AS s ON s.series = r.series
  WHERE r.ts >= 0 AND r.ts < 31536000000000
  UNION ALL
  SELECT r.series, r.ts, r.value, r.flag FROM readings AS r
  JOIN (
    SELECT r.series, max(r.ts) AS ts
    FROM readings AS r JOIN lane_2_series AS s ON s.series = r.series
    WHERE r.ts < 0 GROUP BY r.series
  ) AS b ON b.series = r.series AND b.ts = r.ts
  UNION ALL
  SELECT r.series, min(r.ts) AS ts, NULL AS value, 19 AS flag
  FROM readings AS r JOIN lane_2_series AS s ON s.series = r.series
  WHERE r.ts >= 31536000000000 GROUP BY r.series
  UNION ALL
  SELECT series, -62135596800000000 AS ts, NULL AS value, 19 AS flag
  FROM lane_2_series
),
lane_2_held AS (
  SELECT series, ts AS start, coalesce(until, 253402214400000000) AS "end", until - ts AS length,
    CASE WHEN flag NOT IN (0, 19) THEN value END AS value, flag
  FROM (
    SELECT series, ts, value, flag, lead(ts) OVER (PARTITION BY series ORDER BY ts) AS until
    FROM lane_2_points
  ) AS p
),
lane_2_pieces AS (
  SELECT h.series, b.bucket,
    greatest(h.start, b.start) AS start, least(h."end", b."end") AS "end",
    h.length, h.value, h.flag
  FROM (
    SELECT h.series, greatest(h.start, m.start) AS start, least(h."end", m."end") AS "end",
      h.length, (h.value * m.scale + m.shift) AS value, h.flag
    FROM lane_2_held AS h
    JOIN sum_members_2 AS m ON m.series = h.series
      AND m.start < h."end" AND m."end" > h.start
  ) AS h
  JOIN sum_buckets AS b ON b.start < h."end" AND b."end" > h.start
),
cells AS (
  SELECT c.bucket, c.start, c."end", s.total * c.multiply / c.divide AS total, 0 AS covered,
    s.numbers, s.cells, 0 AS open_cells, s.seen
  FROM (
    SELECT c.start AS start, fsum((r.value * m.scale + m.shift)) AS total,
      count(r.value) AS numbers, count(*) AS cells, bit_or(CAST(1 AS INTEGER) << r.flag) AS seen
    FROM (
      SELECT series, ts, CASE WHEN flag NOT IN (0, 19) THEN value END AS value, flag
      FROM readings
    ) AS r
    JOIN sum_calendar_1 AS c ON c.point = r.ts
    JOIN sum_members_1 AS m ON m.series = r.series
      AND r.ts + (c.decided - c.point) >= m.start AND r.ts + (c.decided - c.point) < m."end"
    GROUP BY c.start
  ) AS s
  JOIN sum_calendar_1 AS c ON c.start = s.start
  UNION ALL
  SELECT bucket, start, "end", fsum(value * ("end" - start) / 3600000000) AS total,
    0 AS covered,
    count(value) AS numbers, count(*) AS cells, count(*) AS open_cells,
    bit_or(CAST(1 AS INTEGER) << flag) AS seen
  FROM lane_2_pieces
  GROUP BY bucket, start, "end"
),
reached AS (
  SELECT bucket, start, "end", max("end") OVER (
    PARTITION BY bucket ORDER BY start, "end" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  ) AS reach
  FROM cells WHERE numbers > 0
),
united AS (
  SELECT bucket,
    CAST(sum(greatest("end" - greatest(start, coalesce(reach, start)), 0)) AS BIGINT) AS covered
  FROM reached GROUP BY bucket
)
SELECT t.bucket, fsum(t.total) AS total, coalesce(max(u.covered), 0) AS covered,
  CAST(sum(t.numbers) AS BIGINT) AS numbers, CAST(sum(t.cells) AS BIGINT) AS cells,
  CAST(sum(t.open_cells) AS BIGINT) AS open_cells, bit_or(t.seen) AS seen
FROM cells AS t LEFT JOIN united AS u ON u.bucket = t.bucket
GROUP BY t.bucket
ORDER BY t.bucket
