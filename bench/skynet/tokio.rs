// skynet by tokio's spawn: a task for each node.
#[path = "../common/bench.rs"]
mod bench;
#[path = "../common/on_tokio.rs"]
mod on_tokio;

use std::{future::Future, pin::Pin};

fn sum_below(first: u64, leaves: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async move {
        if leaves == 1 {
            return first;
        }
        let step = leaves / 10;
        let children: Vec<_> = (0..10).map(|i| tokio::spawn(sum_below(first + i * step, step))).collect();
        let mut sum = 0;
        for child in children {
            sum += child.await.unwrap();
        }
        sum
    })
}

fn main() {
    let o = bench::parse(1_000_000);
    on_tokio::run(o.workers, async move {
        for leaves in o.passes() {
            let watch = bench::Stopwatch::start();
            let sum = sum_below(0, leaves).await;
            let m = watch.read();
            if leaves == o.size {
                bench::check(sum == leaves * (leaves - 1) / 2, "skynet");
                bench::per_op(m, (leaves * 10 - 1) as f64 / 9.0);
            }
        }
    });
}
