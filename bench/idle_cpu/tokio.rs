// idle_cpu: tokio's workers after some tasks; the main thread, which is none of them, looks on.
#[path = "../common/bench.rs"]
mod bench;

use std::{hint::black_box, thread::sleep, time::Duration};

fn main() {
    let o = bench::parse(1);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(o.workers).enable_all().build().unwrap();
    let all: Vec<_> = (0..4 * o.workers)
        .map(|_| runtime.spawn(async { (0..1_000_000u64).fold(0, |sum, i| sum + black_box(i)) }))
        .collect();
    for each in all {
        runtime.block_on(each).unwrap();
    }
    sleep(Duration::from_millis(50));
    let watch = bench::Stopwatch::start();
    sleep(Duration::from_secs_f64(o.number("seconds", 1.0)));
    let m = watch.read();
    bench::metric("cpu_percent", "%", 100.0 * m.cpu / m.wall);
}
