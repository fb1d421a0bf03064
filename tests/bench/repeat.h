#ifndef FAN_BENCH_REPEAT_H
#define FAN_BENCH_REPEAT_H

/* What the benchmarks share that time one thing many times. */

/* The path of what is built beside BUILD/bench, where these programs are. */
void bench_path_in_build(const char *name, char path[4096]);

/* Does it 200 times and prints, as JSON, the median as NAME-p50 and the 95th percentile as
 * NAME-p95. `once` returns milliseconds; the goal is for the 95th percentile. */
void bench_repeat(const char *name, double goal_ms, double (*once)(void));

#endif
