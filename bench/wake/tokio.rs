// wake: a plain thread sends into a channel at which a task of tokio waits.
#[path = "../common/bench.rs"]
mod bench;

use std::time::{Duration, Instant};

fn main() {
    let o = bench::parse(500);
    let idle = Duration::from_micros(o.number("idle_us", 600.0) as u64);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(o.workers).build().unwrap();
    let (post, mut posts) = tokio::sync::mpsc::unbounded_channel::<()>();
    let (arrive, arrivals) = std::sync::mpsc::channel();
    runtime.spawn(async move {
        while posts.recv().await.is_some() {
            arrive.send(Instant::now()).unwrap();
        }
    });
    let mut latencies = Vec::new();
    for i in 0..o.size + 3 {
        std::thread::sleep(idle);
        let start = Instant::now();
        post.send(()).unwrap();
        let arrival = arrivals.recv().unwrap();
        if i >= 3 {
            latencies.push((arrival - start).as_nanos() as f64 / 1000.0);
        }
    }
    bench::metric("p50_us", "us", bench::percentile(&mut latencies, 0.5));
    bench::metric("p99_us", "us", bench::percentile(&mut latencies, 0.99));
}
