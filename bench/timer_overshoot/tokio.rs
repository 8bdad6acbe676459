// timer_overshoot: tokio's sleep, whose wheel turns in steps of a millisecond.
#[path = "../common/bench.rs"]
mod bench;
#[path = "../common/on_tokio.rs"]
mod on_tokio;

use std::time::{Duration, Instant};

fn main() {
    let o = bench::parse(1000);
    on_tokio::run(o.workers, async move {
        let delay = Duration::from_millis(1);
        let mut overshoots = Vec::new();
        for _ in 0..o.size {
            let start = Instant::now();
            tokio::time::sleep(delay).await;
            overshoots.push((start.elapsed().as_nanos() as f64 - 1e6) / 1000.0);
        }
        bench::metric("p50_us", "us", bench::percentile(&mut overshoots, 0.5));
        bench::metric("p99_us", "us", bench::percentile(&mut overshoots, 0.99));
    });
}
