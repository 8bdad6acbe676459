// sleepers_1m: tokio's tasks and sleep.
#[path = "../common/bench.rs"]
mod bench;
#[path = "../common/on_tokio.rs"]
mod on_tokio;

use std::time::Duration;

fn main() {
    let o = bench::parse(1_000_000);
    on_tokio::run(o.workers, async move {
        let seconds = o.number("seconds", 3.0);
        let delay = Duration::from_secs_f64(seconds);
        let before = bench::status_bytes("VmRSS");
        let watch = bench::Stopwatch::start();
        let all: Vec<_> = (0..o.size).map(|_| tokio::spawn(tokio::time::sleep(delay))).collect();
        for each in all {
            each.await.unwrap();
        }
        let took = watch.read().wall * 1e-9;
        bench::metric("bytes_per_task", "bytes", (bench::status_bytes("VmHWM") - before) / o.size as f64);
        bench::metric("overhead_s", "s", took - seconds);
    });
}
